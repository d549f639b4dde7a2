#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "server/app/core_send.h"
#include "server/base/digest.h"
#include "server/graph/deploy_check.h"

// Graphs: deployed, asked who builds what, planned without building.

namespace fft {

namespace {

std::vector<Digest> BlobsOf(const GraphSpec& spec) {
  std::vector<Digest> digests;
  std::set<Digest> contexts;  // thousands of jobs have the same
  for (const JobSpec& job : spec.jobs) {
    for (const FrozenFile& file : job.files) digests.push_back(file.digest);
    if (job.context) contexts.insert(job.context);
  }
  digests.insert(digests.end(), contexts.begin(), contexts.end());
  return digests;
}

std::string PathOf(const GraphSpec& spec, const Digest& digest) {
  for (const JobSpec& job : spec.jobs)
    for (const FrozenFile& file : job.files)
      if (file.digest == digest) return fmt::format("{} of job {}", file.path, job.label);
  for (const JobSpec& job : spec.jobs)
    if (job.context == digest) return fmt::format("the context of job {}", job.label);
  return "a file";
}

Status FindMissing(Library& library, const GraphSpec& spec) {
  auto missing = library.FindMissingBlobs(BlobsOf(spec));
  if (!missing.ok()) return missing.status();
  if (missing->empty()) return Ok();
  const Digest& first = missing->front();
  return WithDetails(
      Error(Code::kFailedPrecondition, "{} blobs are missing, first {}, {}", missing->size(),
            PathOf(spec, first), ToHex(first)),
      {.reason = "BLOBS_MISSING", .metadata = {{"digest", ToHex(first)}}, .fields = {}});
}

}  // namespace

GraphRevision Core::Deploy(Library& library, GraphSpec spec, const std::string& principal,
                           bool validate_only, Status* status) {
  Complete(spec);
  // Most that is deployed was deployed before.  It was looked at then, and its blobs stay.
  if (const CompiledGraphPtr known = graphs_.Find(spec.name, RevisionOf(spec))) {
    GraphRevision revision{.spec = known->spec(),
                           .revision = known->revision(),
                           .deployed_by = principal,
                           .deployed_at = clock_.Now()};
    if (validate_only) return revision;
    const auto is_stored =
        library.DeployAgain(spec.name, revision.revision, principal, revision.deployed_at);
    *status = is_stored.status();
    if (!is_stored.ok()) return {};
    if (*is_stored) {
      graphs_.Deployed(known);
      return revision;
    }
  }
  auto compiled = CompiledGraph::Compile(std::move(spec));
  *status = compiled.status();
  if (status->ok()) *status = CheckDeploy((*compiled)->spec());
  if (!status->ok()) return {};
  GraphRevision revision{.spec = (*compiled)->spec(),
                         .revision = (*compiled)->revision(),
                         .deployed_by = principal,
                         .deployed_at = clock_.Now()};
  if (validate_only) return revision;
  *status = FindMissing(library, revision.spec);
  if (status->ok()) *status = library.SaveRevision(revision);
  if (status->ok()) graphs_.Deployed(*compiled);
  return revision;
}

void Core::DeployGraph(GraphSpec spec, const std::string& principal, bool validate_only,
                       Reply<GraphRevision> reply) {
  if (const Status serving = Serving(); !serving.ok() && !validate_only) return reply(serving);
  const Status asked = Read([this, spec = std::move(spec), principal, validate_only,
                             reply](Library& library) mutable {
    Status status;
    GraphRevision revision = Deploy(library, std::move(spec), principal, validate_only, &status);
    if (!status.ok()) return reply(status);
    if (!validate_only)
      (void)inbox_.PushUrgent(GraphNoted{fmt::format("{}@{} deployed by {}", revision.spec.name,
                                                     ToShortHex(revision.revision), principal)});
    reply(std::move(revision));
  });
  if (!asked.ok()) reply(asked);
}

void Core::LookupRefs(const std::string& graph, const Digest& revision,
                      std::vector<std::string> refs,
                      Reply<std::map<std::string, std::string>> reply) {
  WithGraph(graph, revision,
            [refs = std::move(refs), reply = std::move(reply)](StatusOr<CompiledGraphPtr> found) {
              if (!found.ok()) return reply(found.status());
              std::map<std::string, std::string> jobs;
              for (const std::string& ref : refs) {
                const auto maker = (*found)->Lookup(ref);
                if (!maker.ok()) return reply(maker.status());
                const GraphSpec& spec = (*found)->spec();
                jobs[ref] = maker->is_source ? "source" : spec.jobs[maker->index].label;
              }
              reply(std::move(jobs));
            });
}

void Core::PlanBuild(BuildRequest request, Reply<PlanResult> reply) {
  if (const Status serving = Serving(); !serving.ok()) return reply(serving);
  const std::string name = request.graph;
  const Digest revision = request.revision;
  WithGraph(
      name, revision,
      [this, request = std::move(request),
       reply = std::move(reply)](StatusOr<CompiledGraphPtr> graph) mutable {
        if (!graph.ok()) return reply(graph.status());
        std::string ns = request.ns.empty() ? (*graph)->spec().default_namespace : request.ns;
        planners_->WantAsk(
            [ask = PlanAsk{*graph, ns, std::move(request.targets), request.options, {}},
             reply = std::move(reply)](Planning& planning) {
              auto made = planning.Make(ask);
              if (!made.ok()) return reply(made.status());
              if (!made->needed.empty())
                return reply(WithDetails(
                    Error(Code::kFailedPrecondition,
                          "job {} must be configured before this can be planned: a build does that",
                          made->needed.front().job),
                    {.reason = "CONFIGURE_NEEDED",
                     .metadata = {{"job", made->needed.front().job}},
                     .fields = {}}));
              reply(PlanResult{made->plan, ask.ns});
            });
      });
}

}  // namespace fft
