#include "server/plan/planner.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "server/base/check.h"
#include "server/plan/assembly.h"
#include "server/plan/evidence.h"
#include "server/plan/key_pass.h"
#include "server/plan/verdict.h"

namespace fft {

/// The pass from the targets back: only what is demanded is decided, only what looks valid is
/// probed.
class Planner::State {
 public:
  explicit State(PlanRequest given)
      : request(std::move(given)),
        cone(*request.cone),
        keys(request),
        evidence(cone, keys, request.options),
        verdicts(cone.configs.size()) {
    for (const RefIndex target : cone.targets) Demand(target);
    for (ConfigIndex i = 0; i < cone.configs.size() && !request.options.rebuild.empty(); ++i)
      if (keys.rebuild_glob(i) != nullptr) Demand(i, Verdict::Kind::kDemanded);
    Advance();
  }

  void Probed(const std::vector<char>& exists) {
    FFT_CHECK(exists.size() == to_probe.size());
    std::size_t at = 0;
    std::vector<RefIndex> missing;
    for (const ConfigIndex config : std::exchange(probing, {})) {
      missing.clear();
      const ConeConfig& of = cone.configs[config];
      for (std::uint32_t i = of.outputs_begin; i < of.outputs_end; ++i)
        if (exists[at++] == 0) missing.push_back(cone.outputs[i]);
      if (missing.empty())
        Hit(config);
      else
        Execute(config, Reason::kDataMissing, true, missing);
    }
    to_probe.clear();
    Advance();
  }

  void Demand(RefIndex ref) {
    if (cone.source_of[ref] == kNoIndex && cone.producers[ref] != kNoIndex)
      Demand(cone.producers[ref], Verdict::Kind::kDemanded);
  }
  void Demand(ConfigIndex config, Verdict::Kind kind) {
    if (verdicts[config].kind != Verdict::Kind::kUnneeded) return;
    verdicts[config].kind = kind;
    queue.push_back(config);
  }

  void Advance() {
    do {
      while (!queue.empty()) {
        const ConfigIndex config = queue.back();
        queue.pop_back();
        Decide(config);
      }
    } while (to_probe.empty() && LookAgainAtDropped());
    if (to_probe.empty()) plan = AssemblePlan(request, keys, verdicts);
  }

  bool MayRun(RefIndex ref) const {
    if (cone.source_of[ref] != kNoIndex || cone.producers[ref] == kNoIndex) return false;
    const Verdict::Kind kind = verdicts[cone.producers[ref]].kind;
    return kind == Verdict::Kind::kExecute || kind == Verdict::Kind::kUndecided;
  }

  void Hit(ConfigIndex config) {
    verdicts[config].kind = Verdict::Kind::kHit;
    if (cone.configs[config].config->frame->sql->is_dropped_with_inputs())
      droppable.push_back(config);
  }

  // A view goes with a table that is made anew: whether it is still there is seen when it is ready.
  // True: there is more to decide, or to look at.
  bool LookAgainAtDropped() {
    const std::size_t before = droppable.size();
    std::erase_if(droppable, [this](ConfigIndex config) {
      const ConeConfig& of = cone.configs[config];
      if (std::none_of(cone.inputs.begin() + of.inputs_begin, cone.inputs.begin() + of.inputs_end,
                       [this](RefIndex input) { return MayRun(input); }))
        return false;
      verdicts[config].kind = Verdict::Kind::kUndecided;
      Conclude(config, Reason::kInputUndecided, false, {});
      return true;
    });
    return droppable.size() < before;
  }

  // One that does the same is one to join.
  enum class Writer { kNone, kSame, kOther };
  Writer WriterOf(ConfigIndex config) {
    if (!keys.has_pending_writer(config)) return Writer::kNone;
    verdicts[config].joined_key = keys.twin(config);
    return keys.twin(config) ? Writer::kSame : Writer::kOther;
  }

  // Why it runs whatever it finds once it is ready; kNone: it need not.
  Reason ForcedBy(ConfigIndex config) const {
    if (keys.rebuild_glob(config) != nullptr) return Reason::kRebuildRequested;
    if (!Reads(request.options.cache) || !keys.is_reusable(config)) return Reason::kCacheOff;
    return Reason::kNone;
  }

  // What speaks against the data itself is a better reason than what was asked for.
  void Decide(ConfigIndex config) {
    const Reason cause = keys.cause(config);
    const Reason forced = ForcedBy(config);
    const bool must_run = keys.rebuild_glob(config) != nullptr || !Reads(request.options.cache) ||
                          cause == Reason::kUncertain || cause == Reason::kTainted;
    const Writer writer = WriterOf(config);
    if (writer == Writer::kOther) return Execute(config, Reason::kOscillating, must_run, {});
    const bool is_open = cause == Reason::kInputUndecided || cause == Reason::kSuspect;
    if (cause != Reason::kNone && !is_open) return Execute(config, cause, must_run, {});
    if (forced != Reason::kNone) return Execute(config, forced, true, {});
    if (is_open) {
      verdicts[config].kind = Verdict::Kind::kUndecided;
      return Conclude(config, cause, false, {});
    }
    if (writer == Writer::kSame) return Execute(config, Reason::kJoined, false, {});
    Probe(config);
  }

  void Probe(ConfigIndex config) {
    const ConeConfig& of = cone.configs[config];
    if (of.config->frame->runner == Runner::kNoop)
      return Hit(config);  // leaves no data to look for
    probing.push_back(config);
    to_probe.insert(to_probe.end(), cone.outputs.begin() + of.outputs_begin,
                    cone.outputs.begin() + of.outputs_end);
  }

  void Execute(ConfigIndex config, Reason reason, bool must_run,
               const std::vector<RefIndex>& missing) {
    verdicts[config].kind = Verdict::Kind::kExecute;
    Conclude(config, reason, must_run, missing);
  }

  void Conclude(ConfigIndex config, Reason reason, bool must_run,
                const std::vector<RefIndex>& missing) {
    Verdict& verdict = verdicts[config];
    verdict.reason = reason;
    verdict.must_run = must_run;
    verdict.evidence = evidence.Write(config, reason, missing);
    const ConeConfig& of = cone.configs[config];
    for (std::uint32_t i = of.inputs_begin; i < of.inputs_end; ++i)
      if (of.config->inputs[i - of.inputs_begin].kind != InputKind::kQuery) Demand(cone.inputs[i]);
  }

  PlanRequest request;
  const Cone& cone;
  KeyPass keys;
  EvidenceWriter evidence;
  std::vector<Verdict> verdicts;       // by config
  std::vector<ConfigIndex> queue;      // demanded, not decided
  std::vector<ConfigIndex> droppable;  // hits that go with what they read
  std::vector<ConfigIndex> probing;    // whose outputs are in to_probe, in its order
  std::vector<RefIndex> to_probe;
  AssembledPlan plan;  // when there is nothing to probe
};

Planner::Planner(PlanRequest request) : state_(std::make_unique<State>(std::move(request))) {}
Planner::~Planner() = default;

const std::vector<RefIndex>& Planner::ToProbe() const { return state_->to_probe; }

void Planner::Probed(const std::vector<char>& exists) { state_->Probed(exists); }

std::vector<RunId> Planner::WantedHistory(std::size_t nodes_max) const {
  FFT_CHECK(state_->to_probe.empty());
  std::vector<RunId> wanted;
  for (std::size_t i = 0; i < state_->plan.plan.nodes.size() && nodes_max > 0; ++i) {
    if (state_->plan.plan.nodes[i].reason != Reason::kFactsChanged) continue;
    wanted.push_back(state_->evidence.RunBefore(state_->plan.configs[i]));
    --nodes_max;
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  return wanted;
}

void Planner::AddHistory(std::vector<RunFacts> history) {
  FFT_CHECK(state_->to_probe.empty());
  std::unordered_map<RunId, const RunFacts*> facts;
  for (const RunFacts& run : history)
    if (run.config != nullptr) facts.emplace(run.run, &run);
  auto& nodes = state_->plan.plan.nodes;
  for (std::size_t i = 0; i < nodes.size() && !facts.empty(); ++i) {
    if (nodes[i].reason != Reason::kFactsChanged) continue;
    const ConfigIndex config = state_->plan.configs[i];
    const auto before = facts.find(state_->evidence.RunBefore(config));
    if (before != facts.end())
      nodes[i].evidence = state_->evidence.WriteChanges(config, *before->second);
  }
}

Plan Planner::Take() {
  FFT_CHECK(state_->to_probe.empty());
  return std::move(state_->plan.plan);
}

}  // namespace fft
