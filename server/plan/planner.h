#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/base/digest.h"
#include "server/domain/build.h"
#include "server/domain/partition.h"
#include "server/domain/plan.h"
#include "server/graph/cone.h"

namespace fft {

/// What the catalog and the schedule said of a ref when the planner looked.
struct RefNow {
  const Partition* partition = nullptr;  // null: the catalog does not know it
  // The last pending node that writes it; zeros and none: nobody does.
  Digest pending_plan_key;
  // Until it is granted: the digest of its config, when each of its inputs will hold what is
  // written there last; else zeros.
  Digest pending_config;
  BuildId pending_build;  // one that waits for that node
};

/// The keys of the cone that was planned last.  Where the identities of a config's inputs are what
/// they were, its key is: planning again hashes only what changed.  Empty to begin with; one
/// planner at a time may use it.
struct KeyMemo {
  ConePtr cone;
  std::vector<Digest> identities;  // parallel to cone->inputs
  std::vector<Digest> keys;        // parallel to cone->configs; zeros: not known
};

/// All that a plan depends on.  What it points to must outlive the planner.
struct PlanRequest {
  ConePtr cone;
  std::span<const RefNow> refs;            // parallel to cone->refs
  std::span<const PlannedSource> sources;  // parallel to cone->sources
  BuildOptions options;
  KeyMemo* memo = nullptr;  // null: every key is computed
};

/// What was read for an old run: its manifest's config and identities.
struct RunFacts {
  RunId run;
  JobConfigPtr config;             // null: not kept any more
  std::vector<Digest> identities;  // parallel to its inputs
};

/// Decides what a build must do, from the targets backwards.  Pure: asks its caller step by step.
///
///   Planner planner(request);
///   while (!planner.ToProbe().empty()) planner.Probed(probe(planner.ToProbe()));
///   planner.AddHistory(read(planner.WantedHistory(1000)));  // optional: says what changed
///   Plan plan = planner.Take();
///
/// Owned by one thread.
class Planner {
 public:
  explicit Planner(PlanRequest request);
  ~Planner();

  /// The refs whose data must be probed before it can go on.  Empty: it is done.
  const std::vector<RefIndex>& ToProbe() const;
  /// Parallel to ToProbe(): 1 where the data exists.
  void Probed(const std::vector<char>& exists);

  /// The runs that tell what the facts of FACTS_CHANGED nodes were, for the first `nodes_max` of
  /// them.  Only when ToProbe() is empty.
  std::vector<RunId> WantedHistory(std::size_t nodes_max) const;
  /// Any of them, in any order.
  void AddHistory(std::vector<RunFacts> history);

  /// The plan, once.  Only when ToProbe() is empty.
  Plan Take();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace fft
