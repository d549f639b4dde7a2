#include "server/store/json.h"

#include <nlohmann/json.hpp>

#include "server/store/json_writer.h"

namespace fft {

namespace {

using Json = nlohmann::json;

template <class T>
void Get(const Json& json, const char* name, T& value) {
  if (const auto at = json.find(name); at != json.end()) at->get_to(value);
}

template <class E>
void GetEnum(const Json& json, const char* name, E& value) {
  if (const auto at = json.find(name); at != json.end()) value = static_cast<E>(at->get<int>());
}

void Get(const Json& json, const char* name, Digest& value) {
  std::string hex;
  Get(json, name, hex);
  value = DigestFromHex(hex).value_or(Digest{});
}

void Get(const Json& json, const char* name, TimePoint& value) {
  std::int64_t ms = 0;
  Get(json, name, ms);
  value = FromMillis(ms);
}

void Get(const Json& json, const char* name, Duration& value) {
  auto ms = value.count();
  Get(json, name, ms);
  value = Duration(ms);
}

template <class Kind>
void Get(const Json& json, const char* name, Id<Kind>& value) {
  Get(json, name, value.value);
}

template <class T, class Read>
void GetList(const Json& json, const char* name, std::vector<T>& values, Read read) {
  const auto list = json.find(name);
  if (list == json.end()) return;
  values.reserve(list->size());
  for (const Json& item : *list) values.push_back(read(item));
}

FrozenFile ReadFile(const Json& json) {
  FrozenFile file;
  Get(json, "path", file.path);
  Get(json, "digest", file.digest);
  Get(json, "bytes", file.bytes);
  Get(json, "executable", file.executable);
  return file;
}

/// An Input or an InputSpec.
template <class T>
T ReadInput(const Json& json) {
  T input;
  Get(json, "ref", input.ref);
  GetEnum(json, "kind", input.kind);
  GetEnum(json, "identity", input.identity);
  GetEnum(json, "presence", input.presence);
  Get(json, "wait_max_s", input.wait_max_s);
  return input;
}

RunLimits ReadLimits(const Json& json) {
  RunLimits limits;
  Get(json, "attempts_max", limits.attempts_max);
  Get(json, "wall_max_ms", limits.wall_max);
  Get(json, "kill_after_ms", limits.kill_after);
  Get(json, "memory_max", limits.memory_max);
  Get(json, "log_max", limits.log_max);
  Get(json, "slots", limits.slots);
  Get(json, "worker_labels", limits.worker_labels);
  Get(json, "pools", limits.pools);
  Get(json, "scan_max", limits.scan_max);
  return limits;
}

SqlColumn ReadColumn(const Json& json) {
  SqlColumn column;
  Get(json, "name", column.name);
  Get(json, "type", column.type);
  return column;
}

/// Of a job or a config; most have none.
SqlTask ReadSql(const Json& owner) {
  SqlTask sql;
  const auto json = owner.find("sql");
  if (json == owner.end()) return sql;
  GetEnum(*json, "materialization", sql.materialization);
  Get(*json, "query", sql.query);
  Get(*json, "delta_query", sql.delta_query);
  Get(*json, "unique_key", sql.unique_key);
  GetEnum(*json, "on_schema_change", sql.on_schema_change);
  Get(*json, "pre_hooks", sql.pre_hooks);
  Get(*json, "post_hooks", sql.post_hooks);
  Get(*json, "csv", sql.csv);
  GetList(*json, "columns", sql.columns, ReadColumn);
  Get(*json, "program", sql.program);
  return sql;
}

JobSpec ReadJob(const Json& json) {
  JobSpec job;
  Get(json, "label", job.label);
  Get(json, "outputs", job.outputs);
  GetList(json, "inputs", job.inputs, ReadInput<InputSpec>);
  Get(json, "args", job.args);
  Get(json, "env", job.env);
  GetEnum(json, "runner", job.runner);
  Get(json, "executable", job.executable);
  Get(json, "configure", job.configure);
  GetList(json, "files", job.files, ReadFile);
  Get(json, "version", job.version);
  if (const auto limits = json.find("limits"); limits != json.end())
    job.limits = ReadLimits(*limits);
  Get(json, "in_place", job.is_in_place);
  Get(json, "merged", job.is_merged);
  job.sql = ReadSql(json);
  Get(json, "annotations", job.annotations);
  Get(json, "context", job.context);
  Get(json, "environment_secret", job.environment_secret);
  return job;
}

SourceSpec ReadSource(const Json& json) {
  SourceSpec source;
  Get(json, "ref", source.ref);
  Get(json, "uri", source.uri);
  return source;
}

GraphSpec ReadGraph(const Json& json) {
  GraphSpec spec;
  Get(json, "name", spec.name);
  Get(json, "default_namespace", spec.default_namespace);
  Get(json, "root_uri", spec.root_uri);
  GetList(json, "jobs", spec.jobs, ReadJob);
  GetList(json, "sources", spec.sources, ReadSource);
  return spec;
}

JobConfig ReadConfig(const Json& json) {
  JobFrame frame;
  Get(json, "job", frame.job);
  Get(json, "version", frame.version);
  GetEnum(json, "runner", frame.runner);
  Get(json, "executable", frame.executable);
  GetList(json, "files", frame.files, ReadFile);
  Get(json, "in_place", frame.is_in_place);
  frame.sql = ReadSql(json);
  JobConfig config;
  config.frame = std::move(frame);
  Get(json, "outputs", config.outputs);
  GetList(json, "inputs", config.inputs, ReadInput<Input>);
  std::vector<std::string> args;
  Get(json, "args", args);
  config.args = args;
  std::map<std::string, std::string> env;
  Get(json, "env", env);
  config.env = std::move(env);
  return config;
}

void ReadOptions(const Json& json, BuildOptions& options) {
  GetEnum(json, "cache_mode", options.cache);
  Get(json, "rebuild", options.rebuild);
  GetEnum(json, "discipline", options.discipline);
  Get(json, "jobs_max", options.jobs_max);
  Get(json, "keeps_going", options.keeps_going);
  Get(json, "priority", options.priority);
  Get(json, "deadline_ms", options.deadline);
}

void ReadCounts(const Json& json, NodeCounts& counts) {
  Get(json, "total", counts.total);
  Get(json, "cached", counts.cached);
  Get(json, "cut_off", counts.cut_off);
  Get(json, "joined", counts.joined);
  Get(json, "running", counts.running);
  Get(json, "succeeded", counts.succeeded);
  Get(json, "failed", counts.failed);
  Get(json, "cancelled", counts.cancelled);
}

void ReadAccounts(const Json& json, Accounts& accounts) {
  Get(json, "spent_ms", accounts.spent_ms);
  Get(json, "saved_by_cache_ms", accounts.saved_by_cache_ms);
  Get(json, "saved_by_joining_ms", accounts.saved_by_joining_ms);
  Get(json, "saved_by_cut_off_ms", accounts.saved_by_cut_off_ms);
}

Build ReadBuild(const Json& json) {
  Build build;
  Get(json, "id", build.id);
  Get(json, "request_id", build.request_id);
  Get(json, "request_digest", build.request_digest);
  Get(json, "principal", build.principal);
  Get(json, "namespace", build.ns);
  Get(json, "graph", build.graph);
  Get(json, "revision", build.revision);
  Get(json, "targets", build.targets);
  if (const auto at = json.find("options"); at != json.end()) ReadOptions(*at, build.options);
  Get(json, "labels", build.labels);
  Get(json, "plan_etag", build.plan_etag);
  GetEnum(json, "state", build.state);
  GetEnum(json, "reason", build.reason);
  Get(json, "message", build.message);
  if (const auto at = json.find("counts"); at != json.end()) ReadCounts(*at, build.counts);
  if (const auto at = json.find("accounts"); at != json.end()) ReadAccounts(*at, build.accounts);
  Get(json, "received_at_ms", build.received_at);
  Get(json, "started_at_ms", build.started_at);
  Get(json, "ended_at_ms", build.ended_at);
  Get(json, "received_event", build.received_event);
  Get(json, "ended_event", build.ended_event);
  return build;
}

/// The one translator from nlohmann's exceptions.
template <class T, class ReadJson>
StatusOr<T> Parse(std::string_view text, const char* what, ReadJson read) try {
  return read(Json::parse(text));
} catch (const Json::exception& error) {
  return Error(Code::kInternal, "stored {} is not readable: {}", what, error.what());
}

}  // namespace

StatusOr<JobConfig> JobConfigFromJson(std::string_view text) {
  return Parse<JobConfig>(text, "job config", ReadConfig);
}

StatusOr<GraphSpec> GraphSpecFromJson(std::string_view text) {
  return Parse<GraphSpec>(text, "graph", ReadGraph);
}

StatusOr<Build> BuildFromJson(std::string_view text) {
  return Parse<Build>(text, "build", ReadBuild);
}

StatusOr<std::map<std::string, std::string>> TextsFromJson(std::string_view text) {
  using Texts = std::map<std::string, std::string>;
  return Parse<Texts>(text, "map", [](const Json& json) { return json.get<Texts>(); });
}

}  // namespace fft
