#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/base/status.h"
#include "server/base/time.h"
#include "server/domain/build.h"
#include "server/domain/change_set.h"
#include "server/domain/orders.h"
#include "server/domain/plan.h"
#include "server/domain/run.h"
#include "server/domain/worker.h"
#include "server/schedule/lineage.h"

namespace fft {

/// What a configure executable said: to be parsed before the plan is made.
struct ConfigureOutput {
  std::string job;
  std::vector<std::string> refs;
  std::string stdout_text;
  bool operator==(const ConfigureOutput&) const = default;
};

// Everything that can happen to the schedule, in the past tense.  Ids are chosen by whoever sends
// the command, so that a log of commands replays to the same state.

struct BuildRequested {
  ReplyId reply;
  Build build;  // its id is zero: the schedule numbers builds
};
/// Builds that go alike and were received before it was looked what is there: one plan is theirs.
struct BuildPlanned {
  std::vector<BuildId> builds;
  PlanPtr plan;
  std::vector<ConfigureAnswer> answers;  // that this plan rests on and that are new
};
/// The plan needs answers of configure executables first.
struct ConfigureNeeded {
  BuildId build;
  std::shared_ptr<const GraphSpec> spec;
  std::vector<ConfigureBatch> batches;
  std::vector<ConfigureAnswer> answers;  // that came in meanwhile
};
/// The plan reads data from outside the graph that is not there.
struct QueryAwaited {
  BuildId build;
  std::string message;                   // what is missing, for people
  Duration wait_max{};                   // from the receipt of the build
  std::vector<ConfigureOutput> outputs;  // that this plan rests on: for the next one
};
struct BuildPlanFailed {
  BuildId build;
  Status why;
};
struct BuildCancelled {
  ReplyId reply;
  BuildId build;
};
struct BuildUpdated {
  ReplyId reply;
  BuildId build;
  std::optional<int> priority;
  std::optional<TimePoint> deadline;
};
/// Whether the data of a node that looks like a hit is there.
struct NodeProbed {
  NodeId node;
  bool exists = false;
};
/// What the sources of a run that has ended hold, in the order of SourcesWanted.
struct SourcesRead {
  struct Found {
    PlannedSource source;    // content zero: it can't be read
    TimePoint changed_at{};  // last
  };
  RunId run;
  std::vector<Found> sources;
};
struct WorkerJoined {
  ReplyId reply;
  Worker worker;            // its id is zero unless it was here before
  std::vector<RunId> held;  // what it runs, or has run and was not acknowledged
};
struct WorkerLeft {
  WorkerId worker;
  ReplyId joined;  // of the WorkerJoined that opened what broke; none: whichever it was
};
struct WorkerHeard {
  WorkerId worker;
  std::vector<std::pair<RunId, TimePoint>> started;
  std::vector<RunReport> reports;
};
struct WorkerDrained {
  ReplyId reply;
  std::string name;
  bool is_draining = true;
};
/// Who knows says that nothing runs there any more.
struct WorkerDied {
  ReplyId reply;
  std::string name;
};
struct PoolSet {
  ReplyId reply;
  Pool pool;
};
struct GraphPaused {
  ReplyId reply;
  GraphPause pause;
};
/// Data at these refs is wrong.  What was made from it has to be found out first.
struct TaintRequested {
  ReplyId reply;
  std::string ns;
  std::vector<std::string> refs;
  std::string text;  // why, for people
};
/// What was made from what a TaintRequested names, as far as it is recorded.
struct LineageRead {
  ReplyId reply;  // of the TaintRequested
  Status status;
  std::shared_ptr<const TaintedLineage> lineage;  // when OK
};
struct GraphNoted {
  std::string text;
};  // a revision was stored: watchers are told
struct Ticked {};

using Command = std::variant<BuildRequested, BuildPlanned, ConfigureNeeded, QueryAwaited,
                             BuildPlanFailed, BuildCancelled, BuildUpdated, NodeProbed, SourcesRead,
                             WorkerJoined, WorkerLeft, WorkerHeard, WorkerDrained, WorkerDied,
                             PoolSet, GraphPaused, TaintRequested, LineageRead, GraphNoted, Ticked>;

}  // namespace fft
