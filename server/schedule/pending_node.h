#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/few.h"
#include "server/base/rare.h"
#include "server/base/shared.h"
#include "server/domain/node.h"
#include "server/domain/orders.h"
#include "server/domain/run.h"
#include "server/schedule/cohort.h"
#include "server/schedule/durations.h"

namespace fft {

/// A run that has ended well, until it is known that what it read from outside is still the same.
struct Unverified {
  RunReport report;
  std::vector<std::size_t> inputs;  // the places of its sources among the node's inputs
};

/// What the pending nodes of a job have alike.
struct PendingJob {
  std::shared_ptr<const GraphSpec> graph;
  const JobSpec* spec = nullptr;  // of `graph`
  Shared<GrantedJob> granted;
  LearnedDuration* learned = nullptr;
  int line = 0;  // of the ready queue
};
using PendingJobPtr = std::shared_ptr<const PendingJob>;

/// What a node has only from READY on, or since somebody more urgent waits for its end.
struct Dispatch {
  TimePoint ready_at{};
  TimePoint unrunnable_since{};  // no worker has what it asks for; zero: some has
  Few<Cohort*> filed_in;         // the ready queue's: in whose lines it stands
  /// Builds of a higher priority that do not want it, but wait for its end; some may have ended.
  Few<BuildId> helpers;
  std::optional<int> helped_readers;  // with this priority, those who read what it is to overwrite
  // From the grant on:
  NodeLabelPtr label;       // LabelOf()
  bool is_ahead = false;    // beyond a limit: takes the slots of who ends next
  bool is_in_turn = false;  // its worker is to mind that limit
  double expected_ms = 0;   // as was learned by then
  std::unique_ptr<Unverified> unverified;
  Few<RunId> uncertain_before;  // parallel to outputs: to be restored when nothing changed
};

/// A node that has not ended.  There may be millions: what few have stands in a part of its own.
struct PendingNode {
  Node row;  // without evidence that is written already
  PendingJobPtr job;
  Few<NodeId> downstreams;  // some may have ended and be forgotten
  /// Parallel to row.inputs: the node whose result it will read; none: what is live now.
  Few<NodeId> writers;
  Few<Waiter> waiters;
  int upstreams_left = 0;
  bool is_settled = false;  // READY was decided: it is in the queues of who released it
  bool is_probing = false;  // looks like a hit; its data is being looked at
  bool is_woken = false;    // stands in the schedule's list of nodes to look at
  double path_ms = 0;       // the longest way from its start to an end of all that waits
  Rare<Dispatch> dispatch;
  Rare<Lease> lease;  // nothing when it is not granted
};

/// The pools in which it takes a place while it runs.
inline const std::vector<std::string>& PoolsOf(const PendingNode& node) {
  static const std::vector<std::string> kNone;
  return node.row.kind == NodeKind::kJob ? node.job->spec->limits.pools : kNone;
}

/// A node that a plan ties a build to.
struct Tie {
  PendingNode* node = nullptr;
  int level = 0;
  bool is_joined = false;
  Reason reason = Reason::kNone;
};

}  // namespace fft
