#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "server/rpc/convert.h"

namespace fft {

namespace {

constexpr std::size_t kJobsMax = 10'000;
constexpr std::size_t kSourcesMax = 100'000;
constexpr std::size_t kPartsMax = 10'000;  // outputs, inputs, args, files of one job
constexpr std::size_t kUriMax = 4096;
constexpr std::size_t kColumnsMax = 1600;  // that a table of PostgreSQL may have

/// Names the fields of one message.
struct Under {
  std::string_view at;
  std::string operator()(std::string_view field) const { return fmt::format("{}.{}", at, field); }
  std::string operator()(std::string_view field, int i) const {
    return fmt::format("{}.{}[{}]", at, field, i);
  }
};

FrozenFile FromProto(const v1::FrozenFile& from, std::string_view at, Fields* fields) {
  const Under name{at};
  FrozenFile file;
  fields->Ref(name("path"), from.path());
  file.path = from.path();
  file.digest = fields->Raw(name("digest"), from.digest());
  fields->Range(name("size_bytes"), from.size_bytes(), 0, kBlobMax);
  file.bytes = from.size_bytes();
  file.executable = from.executable();
  return file;
}

InputSpec FromProto(const v1::Input& from, std::string_view at, Fields* fields) {
  const Under name{at};
  fields->Ref(name("ref"), from.ref());
  fields->Range(name("kind"), from.kind(), 0, v1::InputKind_MAX);
  fields->Range(name("identity"), from.identity(), 0, v1::Identity_MAX);
  fields->Range(name("presence"), from.presence(), 0, v1::Presence_MAX);
  fields->Range(name("wait_max"), from.wait_max().seconds(), 0, kWaitMaxSecondsMost);
  InputSpec input{.ref = from.ref()};
  if (!fields->ok()) return input;
  input.kind = static_cast<InputKind>(from.kind());
  input.identity = static_cast<Identity>(from.identity());
  input.presence = static_cast<Presence>(from.presence());
  if (input.presence == Presence::kAwaited)
    input.wait_max_s = from.has_wait_max() ? static_cast<std::uint32_t>(from.wait_max().seconds())
                                           : kWaitMaxSecondsDefault;
  return input;
}

/// An Input or an InputSpec.
template <class T>
void ToProto(const T& input, v1::Input* to) {
  to->set_kind(static_cast<v1::InputKind>(input.kind));
  to->set_identity(static_cast<v1::Identity>(input.identity));
  to->set_ref(input.ref);
  to->set_presence(static_cast<v1::Presence>(input.presence));
  if (input.wait_max_s > 0) to->mutable_wait_max()->set_seconds(input.wait_max_s);
}

SqlTask FromProto(const v1::SqlTask& from, std::string_view at, Fields* fields) {
  const Under name{at};
  const auto count = [](int n) { return static_cast<std::size_t>(n); };
  fields->Range(name("materialization"), from.materialization(), 0, v1::Materialization_MAX);
  fields->Range(name("on_schema_change"), from.on_schema_change(), 0, v1::OnSchemaChange_MAX);
  fields->Text(name("query"), from.query(), kRefMax);
  fields->Text(name("delta_query"), from.delta_query(), kRefMax);
  fields->Text(name("csv"), from.csv(), kRefMax);
  fields->Count(name("unique_key"), count(from.unique_key_size()), kColumnsMax);
  fields->Count(name("pre_hooks"), count(from.pre_hooks_size()), kColumnsMax);
  fields->Count(name("post_hooks"), count(from.post_hooks_size()), kColumnsMax);
  fields->Count(name("columns"), count(from.columns_size()), kColumnsMax);
  SqlTask sql;
  if (!fields->ok()) return sql;
  sql.materialization = static_cast<Materialization>(from.materialization());
  sql.query = from.query();
  sql.delta_query = from.delta_query();
  sql.unique_key.assign(from.unique_key().begin(), from.unique_key().end());
  sql.on_schema_change = static_cast<OnSchemaChange>(from.on_schema_change());
  sql.pre_hooks.assign(from.pre_hooks().begin(), from.pre_hooks().end());
  sql.post_hooks.assign(from.post_hooks().begin(), from.post_hooks().end());
  sql.csv = from.csv();
  for (const v1::SqlColumn& column : from.columns())
    sql.columns.push_back({column.name(), column.type()});
  fields->Text(name("program"), from.program(), kRefMax);
  sql.program = from.program();
  return sql;
}

void ToProto(const SqlTask& sql, v1::SqlTask* to) {
  to->set_materialization(static_cast<v1::Materialization>(sql.materialization));
  to->set_query(sql.query);
  to->set_delta_query(sql.delta_query);
  for (const std::string& column : sql.unique_key) to->add_unique_key(column);
  to->set_on_schema_change(static_cast<v1::OnSchemaChange>(sql.on_schema_change));
  for (const std::string& hook : sql.pre_hooks) to->add_pre_hooks(hook);
  for (const std::string& hook : sql.post_hooks) to->add_post_hooks(hook);
  to->set_csv(sql.csv);
  for (const SqlColumn& column : sql.columns) {
    v1::SqlColumn& out = *to->add_columns();
    out.set_name(column.name);
    out.set_type(column.type);
  }
  to->set_program(sql.program);
}

void CheckJob(const v1::JobSpec& from, const Under& name, Fields* fields) {
  fields->Ref(name("label"), from.label());
  fields->Refs(name("outputs"), from.outputs(), kPartsMax, kTargetBytesMax);
  const auto count = [](int n) { return static_cast<std::size_t>(n); };
  fields->Count(name("inputs"), count(from.inputs_size()), kPartsMax);
  fields->Count(name("args"), count(from.args_size()), kPartsMax);
  fields->Count(name("env"), from.env().size(), kPartsMax);
  fields->Count(name("files"), count(from.files_size()), kPartsMax);
  fields->Range(name("runner"), from.runner(), 0, v1::Runner_MAX);
  fields->Text(name("executable"), from.executable(), kRefMax);
  fields->Text(name("configure"), from.configure(), kRefMax);
  fields->Text(name("version"), from.version(), 64);
  fields->Count(name("annotations"), from.annotations().size(), kLabelsMax);
}

JobSpec FromProto(const v1::JobSpec& from, std::string_view at, Fields* fields) {
  const Under name{at};
  JobSpec job;
  CheckJob(from, name, fields);
  if (!fields->ok()) return job;
  job.label = from.label();
  job.outputs.assign(from.outputs().begin(), from.outputs().end());
  for (int i = 0; i < from.inputs_size() && fields->ok(); ++i)
    job.inputs.push_back(FromProto(from.inputs(i), name("inputs", i), fields));
  job.args.assign(from.args().begin(), from.args().end());
  job.env.insert(from.env().begin(), from.env().end());
  job.runner = static_cast<Runner>(from.runner());
  job.executable = from.executable();
  job.configure = from.configure();
  for (int i = 0; i < from.files_size() && fields->ok(); ++i)
    job.files.push_back(FromProto(from.files(i), name("files", i), fields));
  std::ranges::sort(job.files, {}, &FrozenFile::path);
  if (!from.version().empty()) job.version = from.version();
  job.limits = FromProto(from.limits(), name("limits"), fields);
  job.is_in_place = from.in_place();
  job.is_merged = !from.no_merge();
  if (from.has_sql()) job.sql = FromProto(from.sql(), name("sql"), fields);
  job.annotations.insert(from.annotations().begin(), from.annotations().end());
  if (!from.context().empty()) job.context = fields->Raw(name("context"), from.context());
  fields->Text(name("environment_secret"), from.environment_secret(), kRefMax);
  job.environment_secret = from.environment_secret();
  return job;
}

void ToProto(const JobSpec& job, v1::JobSpec* to) {
  to->set_label(job.label);
  for (const std::string& output : job.outputs) to->add_outputs(output);
  for (const InputSpec& input : job.inputs) {
    ToProto(input, to->add_inputs());
  }
  for (const std::string& arg : job.args) to->add_args(arg);
  to->mutable_env()->insert(job.env.begin(), job.env.end());
  to->set_runner(static_cast<v1::Runner>(job.runner));
  to->set_executable(job.executable);
  to->set_configure(job.configure);
  for (const FrozenFile& file : job.files) ToProto(file, to->add_files());
  to->set_version(job.version);
  ToProto(job.limits, to->mutable_limits());
  to->set_in_place(job.is_in_place);
  to->set_no_merge(!job.is_merged);
  if (job.runner == Runner::kSql) ToProto(*job.sql, to->mutable_sql());
  to->mutable_annotations()->insert(job.annotations.begin(), job.annotations.end());
  to->set_context(RawOrNone(job.context));
  to->set_environment_secret(job.environment_secret);
}

}  // namespace

void ToProto(const FrozenFile& file, v1::FrozenFile* to) {
  to->set_path(file.path);
  to->set_digest(std::string(file.digest.view()));
  to->set_size_bytes(file.bytes);
  to->set_executable(file.executable);
}

void ToProto(const RunLimits& limits, v1::RunLimits* to) {
  to->set_attempts_max(limits.attempts_max);
  ToProto(limits.wall_max, to->mutable_wall_max());
  ToProto(limits.kill_after, to->mutable_kill_after());
  to->set_memory_max_bytes(limits.memory_max);
  to->set_log_max_bytes(limits.log_max);
  to->set_slots(limits.slots);
  for (const std::string& label : limits.worker_labels) to->add_worker_labels(label);
  for (const std::string& pool : limits.pools) to->add_pools(pool);
  to->set_scan_max_bytes(limits.scan_max);
}

RunLimits FromProto(const v1::RunLimits& from, std::string_view at, Fields* fields) {
  const Under name{at};
  fields->Range(name("attempts_max"), from.attempts_max(), 0, 100);
  fields->Range(name("memory_max_bytes"), from.memory_max_bytes(), 0, INT64_MAX);
  fields->Range(name("log_max_bytes"), from.log_max_bytes(), 0, kBlobMax);
  fields->Range(name("scan_max_bytes"), from.scan_max_bytes(), 0, INT64_MAX);
  fields->Range(name("slots"), from.slots(), 0, 10'000);
  fields->Refs(name("worker_labels"), from.worker_labels(), kLabelsMax, kLabelsMax * kRefMax);
  fields->Refs(name("pools"), from.pools(), kLabelsMax, kLabelsMax * kRefMax);
  RunLimits limits;
  if (!fields->ok()) return limits;
  if (from.attempts_max() > 0) limits.attempts_max = from.attempts_max();
  if (from.has_wall_max()) limits.wall_max = FromProto(from.wall_max(), name("wall_max"), fields);
  if (from.has_kill_after())
    limits.kill_after = FromProto(from.kill_after(), name("kill_after"), fields);
  limits.memory_max = from.memory_max_bytes();
  limits.scan_max = from.scan_max_bytes();
  if (from.log_max_bytes() > 0) limits.log_max = from.log_max_bytes();
  if (from.slots() > 0) limits.slots = from.slots();
  limits.worker_labels.assign(from.worker_labels().begin(), from.worker_labels().end());
  const std::set<std::string> pools(from.pools().begin(), from.pools().end());
  limits.pools.assign(pools.begin(), pools.end());
  return limits;
}

GraphSpec FromProto(const v1::GraphSpec& from, std::string_view at, Fields* fields) {
  const Under name{at};
  GraphSpec spec;
  fields->Name(name("name"), from.name());
  fields->NameOrNone(name("default_namespace"), from.default_namespace());
  fields->Text(name("root_uri"), from.root_uri(), kUriMax);
  fields->Count(name("jobs"), static_cast<std::size_t>(from.jobs_size()), kJobsMax);
  fields->Count(name("sources"), static_cast<std::size_t>(from.sources_size()), kSourcesMax);
  if (!fields->ok()) return spec;
  spec.name = from.name();
  spec.default_namespace =
      from.default_namespace().empty() ? from.name() : from.default_namespace();
  spec.root_uri = from.root_uri();
  for (int i = 0; i < from.jobs_size() && fields->ok(); ++i)
    spec.jobs.push_back(FromProto(from.jobs(i), name("jobs", i), fields));
  std::ranges::sort(spec.jobs, {}, &JobSpec::label);
  for (int i = 0; i < from.sources_size() && fields->ok(); ++i) {
    const v1::SourceSpec& source = from.sources(i);
    fields->Ref(name("sources", i) + ".ref", source.ref());
    fields->Text(name("sources", i) + ".uri", source.uri(), kUriMax);
    spec.sources.push_back({.ref = source.ref(), .uri = source.uri()});
  }
  std::ranges::sort(spec.sources, {}, &SourceSpec::ref);
  return spec;
}

void ToProto(const GraphSpec& spec, v1::GraphSpec* to) {
  to->set_name(spec.name);
  to->set_default_namespace(spec.default_namespace);
  to->set_root_uri(spec.root_uri);
  for (const JobSpec& job : spec.jobs) ToProto(job, to->add_jobs());
  for (const SourceSpec& source : spec.sources) {
    v1::SourceSpec& out = *to->add_sources();
    out.set_ref(source.ref);
    out.set_uri(source.uri);
  }
}

void ToProto(const GraphRevision& revision, Detail detail, v1::Graph* to) {
  to->set_name(revision.spec.name);
  to->set_revision(HexOrNone(revision.revision));
  if (detail == Detail::kWhole) ToProto(revision.spec, to->mutable_spec());
  to->set_deployed_by(revision.deployed_by);
  if (revision.deployed_at != TimePoint{}) ToProto(revision.deployed_at, to->mutable_deploy_time());
}

void ToProto(const JobConfig& config, v1::JobConfig* to) {
  const JobFrame& frame = *config.frame;
  to->set_job(frame.job);
  to->set_version(frame.version);
  to->set_runner(static_cast<v1::Runner>(frame.runner));
  to->set_executable(frame.executable);
  for (const FrozenFile& file : frame.files) ToProto(file, to->add_files());
  for (const std::string& output : config.outputs) to->add_outputs(output);
  for (const Input& input : config.inputs) {
    ToProto(input, to->add_inputs());
  }
  for (const std::string_view arg : config.args) to->add_args(arg.data(), arg.size());
  to->mutable_env()->insert(config.env->begin(), config.env->end());
  to->set_in_place(frame.is_in_place);
  if (frame.runner == Runner::kSql) ToProto(*frame.sql, to->mutable_sql());
}

}  // namespace fft
