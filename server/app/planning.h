#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/app/graphs.h"
#include "server/app/ports.h"
#include "server/app/queries.h"
#include "server/app/shared_schedule.h"
#include "server/domain/build.h"
#include "server/domain/plan.h"
#include "server/graph/analyser.h"
#include "server/plan/planner.h"
#include "server/schedule/effects.h"

namespace fft {

struct PlanAsk {
  CompiledGraphPtr graph;
  std::string ns;
  std::vector<std::string> targets;
  BuildOptions options;
  std::vector<ConfigureOutput> outputs;  // of executables that were asked for this plan
};

/// Either a plan, or what must be asked before there can be one.
struct PlanMade {
  PlanPtr plan;
  std::optional<MissingQuery> awaited;  // before the plan can be carried out
  std::vector<ConfigureBatch> needed;
  std::vector<ConfigureAnswer> answers;  // new ones: to be recorded with the plan
};

/// Makes plans: gathers what the pure rooms need, from catalog, disk and database, and calls them.
/// Owned by one plan thread; remembers analysed graphs.
class Planning {
 public:
  Planning(const SharedSchedule& shared, Library& library, Prober& prober)
      : shared_(shared), library_(library), prober_(prober) {}

  /// Errors are the request's fault and name what is wrong with it, or UNAVAILABLE.
  StatusOr<PlanMade> Make(const PlanAsk& ask);

 private:
  StatusOr<ConePtr> Analyse(const PlanAsk& ask, Analyser& analyser, PlanMade& made);
  Status TakeOutputs(const PlanAsk& ask, Analyser& analyser, PlanMade& made);
  StatusOr<std::vector<PlannedSource>> ReadSources(const Cone& cone);
  std::vector<RunFacts> ReadHistory(const std::vector<RunId>& runs);
  Analyser& AnalyserOf(const CompiledGraphPtr& graph);

  const SharedSchedule& shared_;
  Library& library_;
  Prober& prober_;
  std::map<Digest, std::unique_ptr<Analyser>> analysers_;  // by revision
  std::map<Digest, KeyMemo> memos_;                        // the keys of the last plan, by revision
};

}  // namespace fft
