#include "server/graph/spec_check.h"

#include <algorithm>
#include <string_view>

#include "server/base/error_details.h"
#include "server/graph/compiled_graph.h"
#include "server/graph/ref_pattern.h"
#include "server/graph/text.h"

namespace fft {

namespace {

constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kJobsMax = 100'000;
constexpr std::size_t kSourcesMax = 1'000'000;
constexpr std::size_t kListMax = 10'000;
constexpr std::size_t kTemplateBytesMax = 65'536;
constexpr int kAttemptsMax = 1'000;
constexpr int kSlotsMax = 10'000;

Status Invalid(std::string what, std::map<std::string, std::string> metadata,
               const std::string& field = "spec") {
  return WithDetails(
      Status(Code::kInvalidArgument, what),
      {.reason = "INVALID_GRAPH", .metadata = std::move(metadata), .fields = {{field, what}}});
}

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && IsText(text) &&
         text.find(' ') == std::string_view::npos;
}

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Status CheckFiles(const JobSpec& job) {
  const FrozenFile* before = nullptr;
  for (const FrozenFile& file : job.files) {
    if (!IsFilePath(file.path))
      return InvalidJob(
          job.label,
          fmt::format("file {}: no relative path within the graph's folder", Quote(file.path)));
    if (!file.digest) return InvalidJob(job.label, fmt::format("file {}: no digest", file.path));
    if (file.bytes < 0)
      return InvalidJob(job.label, fmt::format("file {}: {} bytes", file.path, file.bytes));
    if (before != nullptr && before->path == file.path)
      return InvalidJob(job.label, fmt::format("file {} is listed twice", file.path));
    before = &file;
  }
  return Ok();
}

// `path` must be an executable file of the job's.
Status CheckProgram(const JobSpec& job, const char* field, const std::string& path) {
  const auto file = std::find_if(job.files.begin(), job.files.end(),
                                 [&](const FrozenFile& other) { return other.path == path; });
  if (file == job.files.end())
    return InvalidJob(job.label, fmt::format("{} {} is not among its files", field, Quote(path)));
  if (!file->executable)
    return InvalidJob(job.label, fmt::format("{} {} is not executable", field, path));
  return Ok();
}

Status CheckSqlFile(const JobSpec& job, const char* field, const std::string& path) {
  const bool is_there = std::any_of(job.files.begin(), job.files.end(),
                                    [&](const FrozenFile& file) { return file.path == path; });
  if (is_there) return Ok();
  return InvalidJob(job.label, fmt::format("sql.{} {} is not among its files", field, Quote(path)));
}

// A job makes one relation, named by its only output.
Status CheckSql(const JobSpec& job) {
  const SqlTask& sql = *job.sql;
  if (job.runner != Runner::kSql)
    return sql == SqlTask{} ? Ok()
                            : InvalidJob(job.label, fmt::format("sql: runner {} runs none",
                                                                ToString(job.runner)));
  if (job.outputs.size() != 1)
    return InvalidJob(job.label, "outputs: runner sql makes exactly one");
  if (job.is_in_place) return InvalidJob(job.label, "in_place: runner sql has no files to move");
  if (int{!sql.query.empty()} + int{!sql.csv.empty()} + int{!sql.program.empty()} != 1)
    return InvalidJob(job.label, "sql: one of query, csv and program must be there");
  if (!sql.program.empty())
    if (Status found = CheckProgram(job, "sql.program", sql.program); !found.ok()) return found;
  if (!sql.csv.empty() && (sql.columns.empty() || sql.materialization != Materialization::kTable))
    return InvalidJob(job.label, "sql.csv: is loaded into a table whose columns are told");
  for (const SqlColumn& column : sql.columns)
    if (column.name.empty() || column.type.empty() || HasNul(column.name) || HasNul(column.type))
      return InvalidJob(job.label, "sql.columns: a column without name or type");
  if (sql.materialization != Materialization::kIncremental &&
      (!sql.delta_query.empty() || !sql.unique_key.empty()))
    return InvalidJob(job.label,
                      fmt::format("sql: delta_query and unique_key are of an incremental "
                                  "table, not of a {}",
                                  ToString(sql.materialization)));
  const std::pair<const char*, const std::string*> files[] = {
      {"query", &sql.query}, {"delta_query", &sql.delta_query}, {"csv", &sql.csv}};
  for (const auto& [field, path] : files)
    if (!path->empty())
      if (Status found = CheckSqlFile(job, field, *path); !found.ok()) return found;
  return Ok();
}

Status CheckPrograms(const JobSpec& job) {
  if (job.runner == Runner::kExec) {
    if (job.executable.empty()) return InvalidJob(job.label, "executable: missing");
    if (Status found = CheckProgram(job, "executable", job.executable); !found.ok()) return found;
  } else if (!job.executable.empty()) {
    return InvalidJob(job.label, fmt::format("executable {}: runner {} runs none",
                                             Quote(job.executable), ToString(job.runner)));
  }
  if (Status sql = CheckSql(job); !sql.ok()) return sql;
  if (job.configure.empty()) return Ok();
  if (!job.inputs.empty() || !job.args.empty())
    return InvalidJob(job.label,
                      "inputs and args come from its configure executable: declare none");
  return CheckProgram(job, "configure", job.configure);
}

Status CheckLimits(const JobSpec& job) {
  const RunLimits& limits = job.limits;
  const auto invalid = [&](const char* field, std::int64_t value) {
    return InvalidJob(job.label, fmt::format("limits: {} {} is out of range", field, value));
  };
  if (limits.attempts_max < 1 || limits.attempts_max > kAttemptsMax)
    return invalid("attempts_max", limits.attempts_max);
  if (limits.slots < 1 || limits.slots > kSlotsMax) return invalid("slots", limits.slots);
  if (limits.wall_max <= Duration(0)) return invalid("wall_max", limits.wall_max.count());
  if (limits.kill_after < Duration(0)) return invalid("kill_after", limits.kill_after.count());
  if (limits.memory_max < 0) return invalid("memory_max", limits.memory_max);
  if (limits.log_max < 0) return invalid("log_max", limits.log_max);
  if (limits.scan_max < 0) return invalid("scan_max", limits.scan_max);
  for (const std::string& label : limits.worker_labels)
    if (!IsLabel(label))
      return InvalidJob(job.label, fmt::format("worker label {}: bad name", Quote(label)));
  for (const std::string& pool : limits.pools)
    if (!IsLabel(pool)) return InvalidJob(job.label, fmt::format("pool {}: bad name", Quote(pool)));
  return Ok();
}

Status CheckTexts(const JobSpec& job) {
  if (job.outputs.empty()) return InvalidJob(job.label, "outputs: at least one");
  if (std::max({job.outputs.size(), job.inputs.size(), job.args.size(), job.env.size(),
                job.files.size()}) > kListMax)
    return InvalidJob(job.label, fmt::format("a list of more than {} entries", kListMax));
  for (const std::string& output : job.outputs)
    if (!IsText(output) || output.empty() || output.size() > kTemplateBytesMax)
      return InvalidJob(job.label, fmt::format("output {}: not 1 to {} bytes of text",
                                               Quote(output), kTemplateBytesMax));
  for (const InputSpec& input : job.inputs)
    if (!IsText(input.ref) || input.ref.empty() || input.ref.size() > kTemplateBytesMax)
      return InvalidJob(job.label, fmt::format("input {}: not 1 to {} bytes of text",
                                               Quote(input.ref), kTemplateBytesMax));
  for (const std::string& arg : job.args)
    if (HasNul(arg) || arg.size() > kTemplateBytesMax)
      return InvalidJob(job.label, fmt::format("arg {}: NUL in it, or longer than {} bytes",
                                               Quote(arg), kTemplateBytesMax));
  for (const auto& [name, value] : job.env) {
    if (!IsName(name)) return InvalidJob(job.label, fmt::format("env {}: bad name", Quote(name)));
    if (HasNul(value) || value.size() > kTemplateBytesMax)
      return InvalidJob(job.label, fmt::format("env {}: NUL in it, or longer than {} bytes", name,
                                               kTemplateBytesMax));
  }
  return Ok();
}

Status CheckJob(const JobSpec& job) {
  if (!IsLabel(job.label))
    return InvalidJob(
        job.label, fmt::format("a label is 1 to {} bytes of text without spaces", kNameBytesMax));
  if (MajorVersion(job.version) < 0)
    return InvalidJob(job.label,
                      fmt::format("version {} is not vMAJOR.MINOR.PATCH", Quote(job.version)));
  for (const auto& check : {CheckTexts, CheckFiles, CheckPrograms, CheckLimits})
    if (Status checked = check(job); !checked.ok()) return checked;
  return Ok();
}

// Whose relations are where no warehouse is would be looked for in vain.
Status CheckRoot(const GraphSpec& spec) {
  if (!IsText(spec.root_uri) ||
      (!spec.root_uri.empty() && spec.root_uri.find("://") == std::string::npos))
    return Invalid(fmt::format("root {} is no URI", Quote(spec.root_uri)), {}, "spec.root_uri");
  for (const JobSpec& job : spec.jobs)
    if (job.runner == Runner::kSql && WarehouseOf(spec.root_uri).empty())
      return InvalidJob(job.label, fmt::format("runner sql: the graph's root {} is no "
                                               "postgresql://HOST:PORT/DATABASE/SCHEMA",
                                               Quote(spec.root_uri)));
  return Ok();
}

Status CheckSource(const SourceSpec& source) {
  const std::string quoted = Quote(source.ref);
  const std::map<std::string, std::string> metadata = {{"source", quoted}};
  if (const Status ref = CheckRef(source.ref); !ref.ok())
    return Invalid("source: " + Message(ref), metadata, "spec.sources");
  if (!IsText(source.uri) || source.uri.find("://") == std::string::npos)
    return Invalid(fmt::format("source {}: {} is no URI", quoted, Quote(source.uri)), metadata,
                   "spec.sources");
  return Ok();
}

}  // namespace

bool IsFilePath(std::string_view path) {
  if (!CheckRef(path).ok() || path.front() == '/' || path.back() == '/') return false;
  return path.find("//") == std::string_view::npos;
}

Status InvalidJob(const std::string& label, const std::string& what) {
  const std::string name = IsLabel(label) ? label : Quote(label);
  return Invalid(fmt::format("job {}: {}", name, what), {{"job", name}},
                 fmt::format("spec.jobs[{}]", name));
}

Status CheckSpec(const GraphSpec& spec) {
  if (!IsLabel(spec.name)) return Invalid(fmt::format("graph {}: bad name", Quote(spec.name)), {});
  if (!IsLabel(spec.default_namespace))
    return Invalid(fmt::format("namespace {}: bad name", Quote(spec.default_namespace)), {});
  if (Status root = CheckRoot(spec); !root.ok()) return root;
  if (spec.jobs.size() > kJobsMax) return Invalid(fmt::format("more than {} jobs", kJobsMax), {});
  if (spec.sources.size() > kSourcesMax)
    return Invalid(fmt::format("more than {} sources", kSourcesMax), {});
  for (std::size_t i = 0; i < spec.jobs.size(); ++i) {
    if (Status checked = CheckJob(spec.jobs[i]); !checked.ok()) return checked;
    if (i > 0 && spec.jobs[i].label == spec.jobs[i - 1].label)
      return InvalidJob(spec.jobs[i].label, "two jobs have this label");
  }
  for (std::size_t i = 0; i < spec.sources.size(); ++i) {
    if (Status checked = CheckSource(spec.sources[i]); !checked.ok()) return checked;
    if (i > 0 && spec.sources[i].ref == spec.sources[i - 1].ref)
      return Invalid(fmt::format("source {} is declared twice", spec.sources[i].ref),
                     {{"source", spec.sources[i].ref}});
  }
  return Ok();
}

}  // namespace fft
