#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/progress_printer.h"
#include "client/ctl/texts.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr int kTargetsMax = 10;

bool IsSaying(const std::string& reason) { return !reason.empty() && reason != "NONE"; }

std::string Row(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("  {:<10} {}\n", name, value);
}

std::string CacheName(v1::CacheMode mode) {
  switch (mode) {
    case v1::CACHE_READ_ONLY: return "ro";
    case v1::CACHE_WRITE_ONLY: return "wo";
    case v1::CACHE_OFF: return "off";
    default: return "rw";
  }
}

std::string OptionsText(const v1::BuildOptions& options) {
  std::string text = fmt::format("cache {}, {}", CacheName(options.cache_mode()),
                                 options.discipline() == v1::EAGER ? "eager" : "levels");
  if (options.keep_going()) text += ", keep going";
  if (options.jobs_max() > 0) text += fmt::format(", {} at once", options.jobs_max());
  if (options.priority() != 0) text += fmt::format(", priority {}", options.priority());
  for (const std::string& glob : options.rebuild()) text += ", rebuild " + glob;
  if (options.has_deadline()) text += ", until " + FormatTime(options.deadline());
  return text;
}

/// What `evidence` says beyond the reason; empty when nothing.
std::string EvidenceOf(const v1::Node& node) {
  return node.evidence() == "{}" ? "" : node.evidence();
}

}  // namespace

std::string BuildText(const v1::Build& build) {
  std::string text = EndLine(build) + '\n';
  text += Row("graph", fmt::format("{}@{}", build.graph(), build.revision().substr(0, 12)));
  text += Row("namespace", build.namespace_());
  text += Row("by", build.principal());
  text += Row("options", OptionsText(build.options()));
  text += Row("received", FormatTime(build.receive_time()));
  if (build.has_start_time()) text += Row("started", FormatTime(build.start_time()));
  if (build.has_end_time()) text += Row("ended", FormatTime(build.end_time()));
  if (const std::string spent = FormatAccounts(build.accounts()); !spent.empty())
    text += Row("compute", spent);
  if (IsSaying(build.reason())) text += Row("reason", build.reason());
  text += FirstLines(build.message(), 20, "  ");
  for (const auto& [name, value] : build.labels()) text += Row("label", name + "=" + value);
  for (int i = 0; i < build.targets_size() && i < kTargetsMax; ++i)
    text += Row("target", build.targets(i));
  if (build.targets_size() > kTargetsMax)
    text += Row("", Count(build.targets_size() - kTargetsMax, "more target"));
  return text;
}

std::string BuildsText(const std::vector<v1::Build>& builds) {
  if (builds.empty()) return "no builds\n";
  std::vector<std::vector<std::string>> rows = {
      {"BUILD", "STATE", "GRAPH", "NODES", "RAN", "CACHED", "FAILED", "BY", "RECEIVED", "TOOK"}};
  for (const v1::Build& build : builds) {
    const auto& counts = build.counts();
    const bool has_ended = build.has_end_time();
    rows.push_back({std::to_string(build.id()), StateName(build.state()), build.graph(),
                    std::to_string(counts.total()), std::to_string(counts.succeeded()),
                    std::to_string(counts.cached()), std::to_string(counts.failed()),
                    build.principal(), FormatTime(build.receive_time()),
                    has_ended ? FormatDuration(ToTimePoint(build.end_time()) -
                                               ToTimePoint(build.receive_time()))
                              : "-"});
  }
  return FormatTable(rows);
}

std::string NodesText(const std::vector<v1::Node>& nodes) {
  if (nodes.empty()) return "no nodes\n";
  std::vector<std::vector<std::string>> rows = {
      {"NODE", "LEVEL", "STATE", "JOB", "WHY", "RUN", "OUTPUTS"}};
  for (const v1::Node& node : nodes)
    rows.push_back({node.id() == 0 ? "-" : std::to_string(node.id()),
                    node.id() == 0 ? "-" : fmt::format("L{:02}", node.level()),
                    StateName(node.state()), node.job(), node.reason(),
                    node.run() == 0 ? "-" : std::to_string(node.run()),
                    FormatOutputs(node.outputs())});
  return FormatTable(rows);
}

std::string StaleText(const std::vector<v1::Node>& nodes) {
  if (nodes.empty()) return "nothing differs from what would be built now\n";
  std::vector<std::vector<std::string>> rows = {{"OUTPUTS", "JOB", "WHY", "EVIDENCE"}};
  for (const v1::Node& node : nodes)
    rows.push_back({FormatOutputs(node.outputs()), node.job(), node.reason(),
                    node.evidence() == "{}" ? "" : node.evidence()});
  return FormatTable(rows);
}

std::string ExplainText(const v1::ExplainNodeResponse& explained) {
  const v1::Node& node = explained.node();
  std::string text;
  for (const std::string& line : explained.lines())
    text += (text.empty() ? "" : "  ") + line + '\n';
  if (text.empty())
    text = fmt::format("{} ({}): {} {}\n", FormatOutputs(node.outputs()), node.job(),
                       StateName(node.state()), node.reason());
  if (explained.lines().empty()) text += Row("evidence", EvidenceOf(node));
  if (node.build() != 0) text += Row("build", std::to_string(node.build()));
  if (node.id() != 0)
    text += Row("node", fmt::format("{}, {}", node.id(), StateName(node.state())));
  text += Row("reason", IsSaying(node.reason()) ? node.reason() : "");
  text += Row("key", node.result_key().substr(0, 12));
  if (!explained.has_proof()) return text;
  const v1::Run& run = explained.proof();
  return text + Row("proof", fmt::format("run {} on {}, {}", run.id(), run.worker(),
                                         FormatTime(run.end_time())));
}

}  // namespace fft
