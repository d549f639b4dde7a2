#include "server/store/json.h"
#include "server/store/json_writer.h"

namespace fft {

namespace {

void Write(JsonWriter& json, const FrozenFile& file) {
  json.Begin().Field("path", file.path).Field("digest", file.digest).Field("bytes", file.bytes);
  json.Field("executable", file.executable).End();
}

/// An Input or an InputSpec.
template <class T>
void WriteInput(JsonWriter& json, const T& input) {
  json.Begin().Field("ref", input.ref).Field("kind", static_cast<int>(input.kind));
  json.Field("identity", static_cast<int>(input.identity));
  if (input.presence != Presence::kRequired)
    json.Field("presence", static_cast<int>(input.presence));
  if (input.wait_max_s > 0) json.Field("wait_max_s", input.wait_max_s);
  json.End();
}
void Write(JsonWriter& json, const Input& input) { WriteInput(json, input); }
void Write(JsonWriter& json, const InputSpec& input) { WriteInput(json, input); }

void Write(JsonWriter& json, const JobSpec& job);
void Write(JsonWriter& json, const SourceSpec& source);
void Write(JsonWriter& json, const SqlColumn& column);

void Write(JsonWriter& json, const RunLimits& limits) {
  json.Begin().Field("attempts_max", limits.attempts_max);
  json.Field("wall_max_ms", limits.wall_max.count());
  json.Field("kill_after_ms", limits.kill_after.count());
  json.Field("memory_max", limits.memory_max).Field("log_max", limits.log_max);
  json.Field("slots", limits.slots).Field("worker_labels", limits.worker_labels);
  json.Field("pools", limits.pools);
  if (limits.scan_max != 0) json.Field("scan_max", limits.scan_max);
  json.End();
}

template <class T>
void WriteList(JsonWriter& json, const char* name, const std::vector<T>& values) {
  json.Key(name).BeginList();
  for (const T& value : values) Write(json, value);
  json.EndList();
}

void Write(JsonWriter& json, const SqlColumn& column) {
  json.Begin().Field("name", column.name).Field("type", column.type).End();
}

void WriteSql(JsonWriter& json, Runner runner, const SqlTask& sql) {
  if (runner != Runner::kSql) return;
  json.Key("sql").Begin();
  json.Field("materialization", static_cast<int>(sql.materialization));
  json.Field("query", sql.query).Field("delta_query", sql.delta_query);
  json.Field("unique_key", sql.unique_key);
  json.Field("on_schema_change", static_cast<int>(sql.on_schema_change));
  json.Field("pre_hooks", sql.pre_hooks).Field("post_hooks", sql.post_hooks);
  json.Field("csv", sql.csv);
  WriteList(json, "columns", sql.columns);
  json.Field("program", sql.program).End();
}

void Write(JsonWriter& json, const JobSpec& job) {
  json.Begin().Field("label", job.label).Field("outputs", job.outputs);
  WriteList(json, "inputs", job.inputs);
  json.Field("args", job.args).Field("env", job.env);
  json.Field("runner", static_cast<int>(job.runner)).Field("executable", job.executable);
  json.Field("configure", job.configure);
  WriteList(json, "files", job.files);
  json.Field("version", job.version).Key("limits");
  Write(json, job.limits);
  json.Field("in_place", job.is_in_place).Field("merged", job.is_merged);
  WriteSql(json, job.runner, *job.sql);
  if (!job.annotations.empty()) json.Field("annotations", job.annotations);
  if (job.context) json.Field("context", job.context);
  if (!job.environment_secret.empty()) json.Field("environment_secret", job.environment_secret);
  json.End();
}

void Write(JsonWriter& json, const SourceSpec& source) {
  json.Begin().Field("ref", source.ref).Field("uri", source.uri).End();
}

void Write(JsonWriter& json, const BuildOptions& options) {
  json.Begin().Field("cache_mode", static_cast<int>(options.cache));
  json.Field("rebuild", options.rebuild);
  json.Field("discipline", static_cast<int>(options.discipline));
  json.Field("jobs_max", options.jobs_max).Field("keeps_going", options.keeps_going);
  json.Field("priority", options.priority).Field("deadline_ms", ToMillis(options.deadline)).End();
}

void Write(JsonWriter& json, const NodeCounts& counts) {
  json.Begin().Field("total", counts.total).Field("cached", counts.cached);
  json.Field("cut_off", counts.cut_off).Field("joined", counts.joined);
  json.Field("running", counts.running).Field("succeeded", counts.succeeded);
  json.Field("failed", counts.failed).Field("cancelled", counts.cancelled).End();
}

void Write(JsonWriter& json, const Accounts& accounts) {
  json.Begin().Field("spent_ms", accounts.spent_ms);
  json.Field("saved_by_cache_ms", accounts.saved_by_cache_ms);
  json.Field("saved_by_joining_ms", accounts.saved_by_joining_ms);
  json.Field("saved_by_cut_off_ms", accounts.saved_by_cut_off_ms).End();
}

}  // namespace

std::string ToJson(const JobConfig& config) {
  const JobFrame& frame = *config.frame;
  JsonWriter json;
  json.Begin().Field("job", frame.job).Field("version", frame.version);
  json.Field("runner", static_cast<int>(frame.runner)).Field("executable", frame.executable);
  WriteList(json, "files", frame.files);
  json.Field("outputs", config.outputs);
  WriteList(json, "inputs", config.inputs);
  json.Field("args", config.args.vec())
      .Field("env", *config.env)
      .Field("in_place", frame.is_in_place);
  WriteSql(json, frame.runner, *frame.sql);
  return json.End().Take();
}

std::string ToJson(const GraphSpec& spec) {
  JsonWriter json;
  json.Begin().Field("name", spec.name).Field("default_namespace", spec.default_namespace);
  json.Field("root_uri", spec.root_uri);
  WriteList(json, "jobs", spec.jobs);
  WriteList(json, "sources", spec.sources);
  return json.End().Take();
}

std::string ToJson(const Build& build) {
  JsonWriter json;
  json.Begin().Field("id", build.id.value).Field("request_id", build.request_id);
  json.Field("request_digest", build.request_digest).Field("principal", build.principal);
  json.Field("namespace", build.ns).Field("graph", build.graph).Field("revision", build.revision);
  json.Field("targets", build.targets).Key("options");
  Write(json, build.options);
  json.Field("labels", build.labels).Field("plan_etag", build.plan_etag);
  json.Field("state", static_cast<int>(build.state));
  json.Field("reason", static_cast<int>(build.reason)).Field("message", build.message);
  json.Key("counts");
  Write(json, build.counts);
  json.Key("accounts");
  Write(json, build.accounts);
  json.Field("received_at_ms", ToMillis(build.received_at));
  json.Field("started_at_ms", ToMillis(build.started_at));
  json.Field("ended_at_ms", ToMillis(build.ended_at));
  json.Field("received_event", build.received_event.value);
  return json.Field("ended_event", build.ended_event.value).End().Take();
}

std::string ToJson(const std::map<std::string, std::string>& texts) {
  return JsonWriter().Value(texts).Take();
}

}  // namespace fft
