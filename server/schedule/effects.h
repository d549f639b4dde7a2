#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/domain/change_set.h"
#include "server/domain/orders.h"
#include "server/schedule/command.h"

namespace fft {

struct PlanWanted {
  BuildId build;
  std::vector<ConfigureOutput> outputs;
};
/// A node that looks like a hit: is its data there?
struct ProbeWanted {
  NodeId node;
  std::vector<std::string> uris;
};
/// A run that has ended well has read these from outside the graph: what do they hold now?
struct SourcesWanted {
  RunId run;
  std::vector<PlannedSource> sources;
};
/// What was made from all that was ever left at these?
struct LineageWanted {
  ReplyId reply;  // of the request to taint them
  std::vector<PartitionId> partitions;
};
/// The outcome of a command, for the caller that waits.
struct Answer {
  ReplyId reply;
  Status status;
  std::optional<Build> build;
  std::vector<std::pair<NodeLabelPtr, std::vector<BuildId>>> kept;  // of a cancel
  std::optional<Worker> worker;
  std::vector<Partition> partitions;  // that were tainted
  std::int64_t suspects = 0;          // how many more are tainted for what they were made from
};
/// For the metrics: what happened, in numbers.
struct Tally {
  std::vector<std::int64_t> submit_to_start_ms, ready_to_start_ms;
  struct RunEnd {
    Outcome outcome = Outcome::kNone;
    std::int64_t ms = 0;
  };
  std::vector<RunEnd> runs_ended;
  std::vector<std::pair<Reason, std::int64_t>> hits;
  std::int64_t joined = 0;
  Accounts accounts;  // of all builds together
  std::int64_t late_reports = 0;
};

/// What the world has to do after a step: first commit every change, then all the rest.
struct Effects {
  ChangeSet changes;
  std::vector<Answer> answers;
  std::vector<WorkerOrders> orders;
  std::vector<PlanWanted> plans;
  std::vector<ProbeWanted> probes;
  std::vector<SourcesWanted> sources;
  std::vector<LineageWanted> lineages;
  Tally tally;

  bool empty() const {
    return changes.empty() && answers.empty() && orders.empty() && plans.empty() &&
           probes.empty() && sources.empty() && lineages.empty();
  }
};

}  // namespace fft
