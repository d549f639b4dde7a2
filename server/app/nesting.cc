#include "server/app/nesting.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/error_details.h"
#include "server/graph/deploy_check.h"

namespace fft {

namespace {

Status Nested(std::string_view inner, std::string_view outer, const std::string& job) {
  return WithDetails(
      Error(Code::kFailedPrecondition,
            "output {} of job {} lies in output {}: each is moved to its ref as a whole, so that "
            "one would be lost",
            inner, job, outer),
      {.reason = "INVALID_GRAPH",
       .metadata = {{"ref", std::string(inner)}, {"within", std::string(outer)}, {"job", job}},
       .fields = {}});
}

/// The label of the job that makes `ref` as a process whose outputs are moved; empty: none does.
std::string MoverOf(const CompiledGraph& graph, std::string_view ref) {
  const auto maker = graph.Lookup(ref);
  if (!maker.ok() || maker->is_source) return "";
  const JobSpec& job = graph.spec().jobs[maker->index];
  return IsMoved(job) ? job.label : "";
}

/// What `plan` is to make by moving it, with the jobs that do.
std::unordered_map<std::string_view, const std::string*> MovedBy(const Plan& plan) {
  std::unordered_map<std::string_view, const std::string*> moved;
  for (const PlannedNode& node : plan.nodes) {
    const JobFrame& frame = *node.config->frame;
    if (!IsMoved(frame)) continue;
    for (const std::string& ref : node.config->outputs) moved.emplace(ref, &frame.job);
  }
  return moved;
}

template <class Visit>
void ForEachFolder(std::string_view ref, Visit visit) {
  for (std::size_t slash = ref.find('/'); slash != std::string_view::npos;
       slash = ref.find('/', slash + 1))
    visit(ref.substr(0, slash));
}

}  // namespace

Status CheckNesting(Library& library, const SharedSchedule& shared, const CompiledGraph& graph,
                    const std::string& ns, const Plan& plan) {
  const auto moved = MovedBy(plan);
  if (moved.empty()) return Ok();
  Status status = Ok();
  std::unordered_map<std::string_view, std::string_view> folders;  // with one of what is in each
  for (const auto& [ref, job] : moved)
    ForEachFolder(ref, [&](std::string_view folder) {
      folders.emplace(folder, ref);
      if (status.ok() && moved.contains(folder)) status = Nested(ref, folder, *job);
    });
  if (!status.ok()) return status;

  std::vector<std::string_view> above, refs;
  for (const auto& [folder, ref] : folders) above.push_back(folder);
  const auto now = LookAt(shared, ns, above);
  if (!now.ok()) return now.status();
  for (std::size_t i = 0; i < above.size(); ++i) {
    const bool is_there = now->refs[i].partition != nullptr && now->refs[i].partition->live.run;
    if (is_there && !MoverOf(graph, above[i]).empty())
      return Nested(folders.at(above[i]), above[i], *moved.at(folders.at(above[i])));
  }

  for (const auto& [ref, job] : moved) refs.push_back(ref);
  std::sort(refs.begin(), refs.end());
  const auto within = library.FindWithin(ns, refs);
  if (!within.ok()) return within.status();
  for (const auto& [outer, inner] : *within)
    if (const std::string job = MoverOf(graph, inner); !job.empty())
      return Nested(inner, outer, job);
  return Ok();
}

}  // namespace fft
