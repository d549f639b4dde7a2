#pragma once

#include <cstdint>
#include <vector>

#include "server/base/status.h"
#include "server/base/time.h"
#include "server/domain/ids.h"

namespace fft {

/// A finished run, as retention looks at it.
struct OldRun {
  RunId run;
  NodeId node;
  TimePoint ended_at{};
  std::vector<RunId> input_runs;
};

/// Runs that are live at some partitions, a page of them.
struct LivePage {
  std::vector<RunId> runs;
  PartitionId last;  // none: there are no more
};

/// What was kept long enough, a bounded part at a time: each call looks at no more rows than it is
/// told to, and says how many it dropped.  Blocks; used by one thread.  What it touches nobody
/// changes any more, so that it needs no order with the schedule's commits.
class Archive {
 public:
  virtual ~Archive() = default;

  /// The oldest events, up to the first that is not older than `before`.
  virtual StatusOr<std::int64_t> DropEvents(TimePoint before, int rows_max) = 0;
  /// Logs of runs that ended before.
  virtual StatusOr<std::int64_t> DropLogs(TimePoint before, int runs_max) = 0;
  /// Builds that ended before, with what ties them to nodes.
  virtual StatusOr<std::int64_t> DropBuilds(TimePoint before, int builds_max) = 0;

  virtual StatusOr<LivePage> ListLive(PartitionId after, int partitions_max) = 0;
  /// Nodes that builds still show which were received before: others ended later.
  virtual StatusOr<std::vector<NodeId>> ListShown(TimePoint before) = 0;
  virtual StatusOr<RunId> LastRun() = 0;
  /// Newest first.
  virtual StatusOr<std::vector<OldRun>> ListRunsBelow(RunId below, int runs_max) = 0;
  /// With their logs and with what they left, which is live nowhere.
  virtual Status DropRuns(const std::vector<RunId>& runs) = 0;
  /// Of the nodes after `cursor`, by id, those that ended before, have no run, and are not among
  /// `shown`, which is sorted.  Moves the cursor; none when there are no more.
  virtual StatusOr<std::int64_t> DropNodes(TimePoint before, const std::vector<NodeId>& shown,
                                           int nodes_max, NodeId* cursor) = 0;
};

}  // namespace fft
