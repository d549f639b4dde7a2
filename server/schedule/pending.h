#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/base/few.h"
#include "server/base/rare.h"
#include "server/domain/build.h"
#include "server/domain/node.h"
#include "server/domain/run.h"
#include "server/domain/worker.h"
#include "server/schedule/cohort.h"
#include "server/schedule/durations.h"
#include "server/schedule/effects.h"

namespace fft {

/// A run that has ended well, until it is known that what it read from outside is still the same.
struct Unverified {
  RunReport report;
  std::vector<std::size_t> inputs;  // the places of its sources among the node's inputs
};

/// A node that has not ended.
struct PendingNode {
  Node row;
  NodeLabelPtr label;            // from the grant on: LabelOf()
  const JobSpec* job = nullptr;  // of `spec`
  std::shared_ptr<const GraphSpec> spec;
  Few<NodeId> downstreams;  // some may have ended and be forgotten
  /// Parallel to row.inputs: the node whose result it will read; none: what is live now.
  Few<NodeId> writers;
  Few<Waiter> waiters;
  int upstreams_left = 0;
  bool is_settled = false;  // READY was decided: it is in the queues of who released it
  bool is_probing = false;  // looks like a hit; its data is being looked at
  bool is_woken = false;    // stands in the schedule's list of nodes to look at
  TimePoint ready_at{};
  TimePoint unrunnable_since{};        // no worker has what it asks for; zero: some has
  Rare<Lease> lease;                   // nothing when it is not granted
  bool is_ahead = false;               // granted beyond a limit: takes the slots of who ends next
  bool is_in_turn = false;             // its worker is to mind that limit
  double expected_ms = 0;              // learned, as of the grant
  LearnedDuration* learned = nullptr;  // of its job
  double path_ms = 0;                  // the longest way from its start to an end of all that waits
  int line = 0;                        // of the ready queue
  Few<Cohort*> filed_in;               // the ready queue's: in whose lines it stands
  /// Builds of a higher priority that do not want it, but wait for its end; some may have ended.
  Few<BuildId> helpers;
  std::optional<int> helped_readers;  // with this priority, those who read what it is to overwrite
  std::unique_ptr<Unverified> unverified;
  Few<RunId> uncertain_before;  // parallel to outputs: to be restored when nothing changed
};

/// The pools in which it takes a place while it runs.
inline const std::vector<std::string>& PoolsOf(const PendingNode& node) {
  static const std::vector<std::string> kNone;
  return node.row.kind == NodeKind::kJob ? node.job->limits.pools : kNone;
}

/// A node that a plan ties a build to.
struct Tie {
  PendingNode* node = nullptr;
  int level = 0;
  bool is_joined = false;
  Reason reason = Reason::kNone;
};

/// What a plan wanted built and somebody else has built since it was made.
struct Found {
  std::vector<PartitionId> partitions;
  std::int64_t configs = 0;
  std::int64_t saved_ms = 0;
};

/// The numbers that were given last.
struct LastIds {
  BuildId build;
  NodeId node;
  RunId run;
};

/// How much of the pending graph is in which state.
struct Totals {
  std::int64_t waiting = 0, ready = 0, running = 0, builds = 0;
};

/// A build that has not ended.
struct PendingBuild {
  Build row;
  std::shared_ptr<Cohort> cohort;           // never null
  bool is_ended = false;                    // to be forgotten at the end of the batch
  std::vector<ConfigureOutput> configured;  // answers, until the next plan
  bool is_dirty = false;                    // its counts differ from the row that was last written
  bool is_awaiting = false;                 // data from outside: its message says which
  TimePoint awaits_since;                   // when it was received, or planned again
  bool is_to_save = false;                  // its row is written when the batch is settled
  bool is_stored = false;                   // it was written before: what was asked for is known
  int plans_again = 0;                      // because a source was edited

  void StopAwaiting() {
    if (std::exchange(is_awaiting, false)) row.message.clear();
  }
};

/// What Settle() has to come back to, and what time will.
struct Agenda {
  std::vector<NodeId> woken;                       // to be looked at
  std::vector<std::pair<NodeId, NodeId>> failing;  // a node, and the upstream that ended badly
  std::vector<NodeId> ended;                       // to be forgotten
  std::vector<std::shared_ptr<Cohort>> left;       // by builds; nodes that ended still name them
  std::vector<BuildId> to_check;                   // of whose cohort a level or the end may come
  std::vector<BuildId> to_save;                    // whose rows are to be written
  std::set<std::pair<TimePoint, NodeId>> backoffs;
  TimePoint counts_saved_at{};
  std::vector<std::pair<TimePoint, PlanWanted>> awaiting;  // builds whose data is not there yet
};

/// A worker with what it holds.
struct KnownWorker {
  Worker row;
  bool is_connected = false;
  ReplyId joined;       // of the command that connected it last
  TimePoint left_at{};  // when not connected
  std::set<RunId> leases;
  int slots_held = 0;  // by leases of jobs
  int configures_held = 0;
  double backlog_ms = 0;  // learned length of what it holds
};

}  // namespace fft
