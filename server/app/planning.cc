#include "server/app/planning.h"

#include <algorithm>
#include <utility>

#include "server/app/nesting.h"
#include "server/base/error_details.h"
#include "server/domain/place.h"
#include "server/fingerprint/fingerprint.h"
#include "server/graph/configure_output.h"
#include "server/graph/targets.h"
#include "server/plan/planner.h"

namespace fft {

namespace {

// Says what changed for so many nodes of a plan; the others say that something did.
constexpr std::size_t kHistoryMax = 100;
// More revisions than anybody plans at once; beyond it all are forgotten and made again on demand.
constexpr std::size_t kAnalysersMax = 16;

std::size_t JobIndex(const GraphSpec& spec, const std::string& label) {
  const auto at = std::find_if(spec.jobs.begin(), spec.jobs.end(),
                               [&](const JobSpec& job) { return job.label == label; });
  return static_cast<std::size_t>(at - spec.jobs.begin());
}

std::string UriOfRef(const RefNow& now, std::string_view ref, const std::string& root) {
  if (now.partition != nullptr) return UriOf(*now.partition, root);
  return root + "/" + std::string(ref);
}

}  // namespace

Analyser& Planning::AnalyserOf(const CompiledGraphPtr& graph) {
  if (analysers_.size() >= kAnalysersMax && !analysers_.contains(graph->revision())) {
    analysers_.clear();
    memos_.clear();
  }
  auto& analyser = analysers_[graph->revision()];
  if (analyser == nullptr) analyser = std::make_unique<Analyser>(graph, ConfigDigest);
  return *analyser;
}

// What executables answered for this plan is new: it is checked, remembered and to be recorded.
Status Planning::TakeOutputs(const PlanAsk& ask, Analyser& analyser, PlanMade& made) {
  for (const ConfigureOutput& output : ask.outputs) {
    const std::size_t job = JobIndex(ask.graph->spec(), output.job);
    auto configs =
        ParseConfigureOutput(ask.graph->spec().jobs[job], output.refs, output.stdout_text);
    if (!configs.ok()) return configs.status();
    for (JobConfig& config : *configs) {
      const auto shared = std::make_shared<const JobConfig>(std::move(config));
      for (const std::string& ref : output.refs) {
        if (!std::binary_search(shared->outputs.begin(), shared->outputs.end(), ref)) continue;
        if (Status s = analyser.Remember(output.job, ref, shared); !s.ok()) return s;
        made.answers.push_back({ask.graph->job_digest(job), ref, shared});
      }
    }
  }
  return Ok();
}

StatusOr<ConePtr> Planning::Analyse(const PlanAsk& ask, Analyser& analyser, PlanMade& made) {
  const auto known = [&](const std::function<void(std::string_view)>& visit) {
    for (const std::string& ref : KnownRefsOf(shared_, ask.ns)) visit(ref);
  };
  auto refs = ExpandTargets(*ask.graph, ask.targets, known);
  if (!refs.ok()) return refs.status();
  while (true) {
    auto cone = analyser.Analyse(*refs);
    made.needed.clear();
    if (!cone.ok() || (*cone)->to_configure.empty()) return cone;
    bool has_learned = false;
    for (const ConfigureBatch& batch : (*cone)->to_configure) {
      const Digest& digest = ask.graph->job_digest(JobIndex(ask.graph->spec(), batch.job));
      auto answers = library_.FindConfigureAnswers(digest, batch.refs);
      if (!answers.ok()) return answers.status();
      ConfigureBatch unanswered{batch.job, {}};
      std::vector<std::string> found;
      for (const ConfigureAnswer& answer : *answers) {
        if (Status s = analyser.Remember(batch.job, answer.ref, answer.config); !s.ok()) return s;
        found.push_back(answer.ref);
        has_learned = true;
      }
      std::sort(found.begin(), found.end());
      for (const std::string& ref : batch.refs)
        if (!std::binary_search(found.begin(), found.end(), ref)) unanswered.refs.push_back(ref);
      if (!unanswered.refs.empty()) made.needed.push_back(std::move(unanswered));
    }
    if (!has_learned) return cone;
  }
}

StatusOr<std::vector<PlannedSource>> Planning::ReadSources(const Cone& cone) {
  std::vector<PlannedSource> sources;
  for (const ConeSource& source : cone.sources) {
    const SourceSpec& spec = cone.graph->spec().sources[source.source];
    PlannedSource planned{.ref = spec.ref, .uri = spec.uri, .content = {}, .bytes = -1};
    auto content = prober_.Content(spec.uri, &planned.bytes);
    if (!content.ok())
      return WithDetails(
          Error(Code::kFailedPrecondition, "source {}: {}", spec.ref, Message(content.status())),
          {.reason = "SOURCE_UNREADABLE",
           .metadata = {{"ref", spec.ref}, {"uri", spec.uri}},
           .fields = {}});
    planned.content = *content;
    sources.push_back(std::move(planned));
  }
  return sources;
}

std::vector<RunFacts> Planning::ReadHistory(const std::vector<RunId>& runs) {
  std::vector<RunFacts> history;
  for (const RunId id : runs) {
    auto record = library_.GetRun(id);
    if (!record.ok())
      continue;  // dropped by retention: the evidence is shorter, the decision stands
    auto config = library_.GetConfig(record->config_digest);
    if (!config.ok()) continue;
    history.push_back({id, std::make_shared<const JobConfig>(std::move(*config)),
                       record->run.lease.input_identities});
  }
  return history;
}

StatusOr<PlanMade> Planning::Make(const PlanAsk& ask) {
  PlanMade made;
  Analyser& analyser = AnalyserOf(ask.graph);
  if (Status s = TakeOutputs(ask, analyser, made); !s.ok()) {
    analysers_.erase(ask.graph->revision());  // half an answer is none
    return s;
  }
  auto cone = Analyse(ask, analyser, made);
  if (!cone.ok()) return cone.status();
  if (!made.needed.empty()) return made;
  auto sources = ReadSources(**cone);
  if (!sources.ok()) return sources.status();
  auto now = LookAt(shared_, ask.ns, (*cone)->refs);
  if (!now.ok()) return now.status();

  Planner planner({.cone = *cone,
                   .refs = now->refs,
                   .sources = *sources,
                   .options = ask.options,
                   .memo = &memos_[ask.graph->revision()]});
  const std::string root = RootOf(ask.graph->spec(), ask.ns);
  while (!planner.ToProbe().empty()) {
    std::vector<std::string> uris;
    for (const RefIndex ref : planner.ToProbe())
      uris.push_back(UriOfRef(now->refs[ref], (*cone)->refs[ref], root));
    const auto exist = prober_.Exist(uris);
    if (!exist.ok()) return exist.status();
    planner.Probed(*exist);
  }
  planner.AddHistory(ReadHistory(planner.WantedHistory(kHistoryMax)));
  Plan plan = planner.Take();
  plan.spec = std::shared_ptr<const GraphSpec>(ask.graph, &ask.graph->spec());
  plan.revision = ask.graph->revision();
  if (Status apart = CheckNesting(library_, shared_, *ask.graph, ask.ns, plan); !apart.ok())
    return apart;
  auto missing = FindMissingQuery(shared_, *ask.graph, ask.ns, plan, prober_);
  if (!missing.ok()) return missing.status();
  if (*missing && (*missing)->input.presence == Presence::kRequired) return StatusOf(**missing);
  made.awaited = *std::move(missing);
  made.plan = std::make_shared<const Plan>(std::move(plan));
  return made;
}

}  // namespace fft
