#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/texts.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr int kChangesMax = 3;

std::string Rows(std::int64_t rows) { return rows < 0 ? "-" : std::to_string(rows); }

std::string RunOf(std::int64_t run) { return run == 0 ? "-" : std::to_string(run); }

std::string Flags(const v1::Partition& partition) {
  std::string text;
  if (partition.uncertain()) text += " uncertain";
  if (partition.suspect())
    text += " suspect";
  else if (partition.tainted() && partition.state() != v1::PARTITION_TAINTED)
    text += " tainted";
  return text.empty() ? "" : text.substr(1);
}

std::string ChangesText(const google::protobuf::RepeatedPtrField<v1::NodeChange>& changes) {
  std::string text;
  for (int i = 0; i < changes.size() && i < kChangesMax; ++i)
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", FormatOutputs(changes[i].outputs()),
                        changes[i].job());
  if (changes.size() > kChangesMax)
    text += fmt::format(" and {}", Count(changes.size() - kChangesMax, "more node"));
  return text;
}

/// Of NodesAttached and NodesWithdrawn.
template <class Ties>
std::string TiesText(const Ties& ties, const char* does, const char* they_do) {
  const bool is_one = ties.also_size() == 0;
  return fmt::format("build {}{} {} {}", ties.build(),
                     is_one ? "" : fmt::format(" (and {} more)", ties.also_size()),
                     is_one ? does : they_do, ChangesText(ties.changes()));
}

std::string WhatText(const v1::Event& event) {
  switch (event.what_case()) {
    case v1::Event::kBuildChanged: {
      const v1::Build& build = event.build_changed().build();
      const bool says = !build.reason().empty() && build.reason() != "NONE";
      return fmt::format("build {} {}{}", build.id(), StateName(build.state()),
                         says ? " " + build.reason() : "");
    }
    case v1::Event::kNodesAttached: return TiesText(event.nodes_attached(), "wants", "want");
    case v1::Event::kNodesWithdrawn:
      return TiesText(event.nodes_withdrawn(), "leaves to others", "leave to others");
    case v1::Event::kNodesSkipped:
      return fmt::format("build {} found {} cached", event.nodes_skipped().build(),
                         Count(event.nodes_skipped().count(), "node"));
    case v1::Event::kNodesChanged:
      return fmt::format("{} {}", StateName(event.nodes_changed().state()),
                         ChangesText(event.nodes_changed().changes()));
    case v1::Event::kPartitionsTainted: {
      const auto& tainted = event.partitions_tainted();
      return fmt::format("tainted {}{}", FormatOutputs(tainted.refs()),
                         tainted.text().empty() ? "" : ": " + tainted.text());
    }
    case v1::Event::kGraphDeployed: return "deployed " + event.graph_deployed().text();
    case v1::Event::kWorkerChanged: return "worker " + event.worker_changed().text();
    case v1::Event::WHAT_NOT_SET: break;
  }
  return "something this fftctl does not know";
}

}  // namespace

std::string PartitionsText(const std::vector<v1::Partition>& partitions) {
  if (partitions.empty()) return "no partitions\n";
  std::vector<std::vector<std::string>> rows = {
      {"REF", "STATE", "ROWS", "SIZE", "RUN", "SINCE", ""}};
  for (const v1::Partition& partition : partitions) {
    const v1::Materialisation& live = partition.live();
    rows.push_back({partition.ref(), StateName(partition.state()),
                    partition.has_live() ? Rows(live.rows()) : "-",
                    partition.has_live() ? FormatBytes(live.size_bytes()) : "-", RunOf(live.run()),
                    FormatTime(live.time()), Flags(partition)});
  }
  return FormatTable(rows);
}

std::string PartitionText(const v1::Partition& partition,
                          const std::vector<v1::Materialisation>& past) {
  const std::string flags = Flags(partition);
  std::string text =
      fmt::format("{}: {}{}\n  namespace  {}\n", partition.ref(), StateName(partition.state()),
                  flags.empty() ? "" : ", " + flags, partition.namespace_());
  if (partition.has_live()) {
    const v1::Materialisation& live = partition.live();
    if (!live.uri().empty()) text += fmt::format("  at         {}\n", live.uri());
    text += fmt::format("  key        {}\n  content    {}\n", live.key(),
                        live.content().empty() ? "not known" : live.content());
  } else {
    text += "  nothing was ever left here\n";
  }
  if (past.empty()) return text;
  std::vector<std::vector<std::string>> rows = {
      {"  RUN", "TIME", "ROWS", "SIZE", "KEY", "CONTENT", ""}};
  for (const v1::Materialisation& one : past)
    rows.push_back({"  " + RunOf(one.run()), FormatTime(one.time()), Rows(one.rows()),
                    FormatBytes(one.size_bytes()), one.key().substr(0, 12),
                    one.content().substr(0, 12), one.reusable() ? "" : "not reusable"});
  return text + FormatTable(rows);
}

std::string LineageText(const std::vector<v1::LineageStep>& steps) {
  std::vector<std::vector<std::string>> rows = {{"STEP", "REF", "JOB", "RUN", "WORKER", "ENDED"}};
  for (const v1::LineageStep& step : steps) {
    const v1::Run& run = step.run();
    rows.push_back({std::to_string(step.depth()), step.ref(),
                    step.has_run() ? run.job() : "(source)", RunOf(run.id()),
                    run.worker().empty() ? "-" : run.worker(), FormatTime(run.end_time())});
  }
  return FormatTable(rows);
}

std::string EventText(const v1::Event& event) {
  return fmt::format("{:>8} {} {}\n", event.seq(), FormatTime(event.time()), WhatText(event));
}

}  // namespace fft
