#include <algorithm>
#include <concepts>

#include <fmt/format.h>

#include "server/graph/compiled_graph.h"

namespace fft {

namespace {

// Every value is a tag's worth of bytes, length-prefixed; lists begin with their count.  A change
// of this form changes every revision: give it another name then.
class Canonical {
 public:
  explicit Canonical(std::string_view form) { Text(form); }

  void Text(std::string_view text) {
    Number(text.size());
    bytes_ += text;
  }
  template <std::integral Number_>
  void Number(Number_ number) {
    const auto bits = static_cast<std::uint64_t>(number);
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(static_cast<std::uint8_t>(bits >> shift));
  }
  void Texts(const std::vector<std::string>& texts) {
    Number(texts.size());
    for (const std::string& text : texts) Text(text);
  }
  Digest Finish() const { return Sha256(bytes_); }

 private:
  std::string bytes_;
};

bool ComesFirst(const JobSpec& a, const JobSpec& b) { return a.label < b.label; }
bool ComesFirst(const FrozenFile& a, const FrozenFile& b) { return a < b; }
bool ComesFirst(const SourceSpec& a, const SourceSpec& b) { return a < b; }

template <class T>
std::vector<const T*> Sorted(const std::vector<T>& items) {
  std::vector<const T*> sorted;
  sorted.reserve(items.size());
  for (const T& item : items) sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const T* a, const T* b) { return ComesFirst(*a, *b); });
  return sorted;
}

void WriteSql(const SqlTask& sql, Canonical& out) {
  out.Number(static_cast<int>(sql.materialization));
  out.Text(sql.query);
  out.Text(sql.delta_query);
  out.Texts(sql.unique_key);
  out.Number(static_cast<int>(sql.on_schema_change));
  out.Texts(sql.pre_hooks);
  out.Texts(sql.post_hooks);
  out.Text(sql.csv);
  out.Number(sql.columns.size());
  for (const SqlColumn& column : sql.columns) {
    out.Text(column.name);
    out.Text(column.type);
  }
  out.Text(sql.program);
}

void WriteJob(const JobSpec& job, Canonical& out) {
  out.Text(job.label);
  out.Texts(job.outputs);
  out.Number(job.inputs.size());
  for (const InputSpec& input : job.inputs) {
    out.Text(input.ref);
    out.Number(static_cast<int>(input.kind));
    out.Number(static_cast<int>(input.identity));
    out.Number(static_cast<int>(input.presence));
    out.Number(input.wait_max_s);
  }
  out.Texts(job.args);
  out.Number(job.env.size());
  for (const auto& [name, value] : job.env) {
    out.Text(name);
    out.Text(value);
  }
  out.Number(static_cast<int>(job.runner));
  out.Text(job.executable);
  out.Text(job.configure);
  out.Number(job.files.size());
  for (const FrozenFile* file : Sorted(job.files)) {
    out.Text(file->path);
    out.Text(file->digest.view());
    out.Number(file->bytes);
    out.Number(static_cast<int>(file->executable));
  }
  out.Text(job.version);
  out.Number(static_cast<int>(job.is_in_place));
  if (job.runner == Runner::kSql) WriteSql(*job.sql, out);
}

void WriteLimits(const JobSpec& job, Canonical& out) {
  const RunLimits& limits = job.limits;
  out.Number(limits.attempts_max);
  out.Number(limits.wall_max.count());
  out.Number(limits.kill_after.count());
  out.Number(limits.memory_max);
  out.Number(limits.log_max);
  out.Number(limits.slots);
  out.Texts(limits.worker_labels);
  out.Texts(limits.pools);
  out.Number(static_cast<int>(job.is_merged));
  // What came later is told by its name, so that revisions of before keep theirs.
  if (limits.scan_max != 0) out.Text(fmt::format("scan_max {}", limits.scan_max));
  for (const auto& [name, value] : job.annotations) {
    out.Text("annotation " + name);
    out.Text(value);
  }
  if (job.context) out.Text("context " + ToHex(job.context));
  if (!job.environment_secret.empty()) out.Text("environment " + job.environment_secret);
}

}  // namespace

Digest JobDigest(const JobSpec& job) {
  Canonical canonical("fft-job-1");
  WriteJob(job, canonical);
  return canonical.Finish();
}

Digest RevisionOf(const GraphSpec& spec) {
  Canonical canonical("fft-graph-1");
  canonical.Text(spec.name);
  canonical.Text(spec.default_namespace);
  canonical.Text(spec.root_uri);
  canonical.Number(spec.jobs.size());
  for (const JobSpec* job : Sorted(spec.jobs)) {
    WriteJob(*job, canonical);
    WriteLimits(*job, canonical);
  }
  canonical.Number(spec.sources.size());
  for (const SourceSpec* source : Sorted(spec.sources)) {
    canonical.Text(source->ref);
    canonical.Text(source->uri);
  }
  return canonical.Finish();
}

}  // namespace fft
