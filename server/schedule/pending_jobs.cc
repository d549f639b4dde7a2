#include "server/schedule/pending_jobs.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "server/domain/place.h"

namespace fft {

const JobSpec* FindJob(const GraphSpec& graph, const std::string& label) {
  const auto at =
      std::lower_bound(graph.jobs.begin(), graph.jobs.end(), label,
                       [](const JobSpec& job, const std::string& l) { return job.label < l; });
  return at != graph.jobs.end() && at->label == label ? &*at : nullptr;
}

PendingJobPtr PendingJobs::Of(const std::shared_ptr<const GraphSpec>& graph,
                              const std::string& label, NodeKind kind, const Namespace& ns) {
  std::weak_ptr<const PendingJob>& known = jobs_[{graph.get(), ns.id, kind, label}];
  if (PendingJobPtr job = known.lock()) return job;
  auto job = std::make_shared<const PendingJob>(Make(graph, label, kind, ns));
  known = job;
  if (jobs_.size() >= sweep_at_) {
    std::erase_if(jobs_, [](const auto& item) { return item.second.expired(); });
    sweep_at_ = 2 * jobs_.size() + 64;
  }
  return job;
}

PendingJob PendingJobs::Make(const std::shared_ptr<const GraphSpec>& graph,
                             const std::string& label, NodeKind kind, const Namespace& ns) {
  const JobSpec* spec = FindJob(*graph, label);
  FFT_CHECK(spec != nullptr);
  const bool is_job = kind == NodeKind::kJob;
  const RunLimits& limits = spec->limits;
  return {.graph = graph,
          .spec = spec,
          .granted = GrantedJob{.limits = limits,
                                .ns = ns.name,
                                .root_uri = RootOf(*graph, ns.name),
                                .annotations = spec->annotations,
                                .context = spec->context,
                                .environment_secret = spec->environment_secret},
          .learned = &durations_.Of(graph->name, label + (is_job ? "" : "?configure"),
                                    is_job && spec->runner == Runner::kNoop),
          .line = ready_.LineOf({kind, limits.slots, limits.worker_labels,
                                 is_job ? limits.pools : std::vector<std::string>(), graph->name})};
}

}  // namespace fft
