#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "server/domain/build.h"
#include "server/domain/worker.h"
#include "server/schedule/cohort.h"
#include "server/schedule/effects.h"
#include "server/schedule/pending_node.h"

namespace fft {

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

  /// Its row, with how many of its nodes run just now.  While it is planned, configure executables
  /// alone run for it, and those are none.
  const Build& Now() {
    const bool is_executing = row.state == BuildState::kExecuting;
    row.counts.running = is_executing ? cohort->running : 0;
    return row;
  }
  void StopAwaiting() {
    if (std::exchange(is_awaiting, false)) row.message.clear();
  }
};

/// Nodes that builds await no more, before anybody was told.
struct WithdrawnFrom {
  std::vector<BuildId> builds;  // of one cohort
  Reason reason = Reason::kNone;
  std::vector<NodeId> nodes;
};

/// What Settle() has to come back to, and what time will.
struct Agenda {
  std::vector<NodeId> woken;                       // to be looked at
  std::vector<std::pair<NodeId, NodeId>> failing;  // a node, and what ended badly before it
  NodeId culprit;                                  // of those that fail for it just now
  std::vector<NodeId> ended;                       // to be forgotten
  std::vector<std::shared_ptr<Cohort>> left;       // by builds; nodes that ended still name them
  std::vector<WithdrawnFrom> withdrawn;            // to be told of, as far as it goes on
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
