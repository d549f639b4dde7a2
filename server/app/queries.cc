#include "server/app/queries.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/base/error_details.h"
#include "server/domain/place.h"

namespace fft {

namespace {

struct Asked {
  const JobConfig* config = nullptr;
  const Input* input = nullptr;
};

// Required before awaited, long before short.
bool IsStricter(const Input& a, const Input& b) {
  return a.presence != b.presence ? a.presence < b.presence : a.wait_max_s > b.wait_max_s;
}

std::vector<Asked> QueriesOf(const Plan& plan) {
  std::unordered_set<std::string_view> left;
  std::unordered_map<std::string_view, std::size_t> places;
  std::vector<Asked> asked;
  for (const PlannedNode& node : plan.nodes)
    left.insert(node.config->outputs.begin(), node.config->outputs.end());
  for (const PlannedNode& node : plan.nodes)
    for (const Input& input : node.config->inputs) {
      if (input.kind != InputKind::kQuery || input.presence == Presence::kIgnored ||
          left.contains(input.ref))
        continue;
      const auto [at, is_new] = places.try_emplace(input.ref, asked.size());
      if (is_new)
        asked.push_back({node.config.get(), &input});
      else if (IsStricter(input, *asked[at->second].input))
        asked[at->second] = {node.config.get(), &input};
    }
  return asked;
}

// Empty where there is nothing to look at: a noop job leaves no data.
std::string UriOf(const CompiledGraph& graph, const std::string& root, const std::string& ref,
                  const Partition* partition) {
  const GraphSpec& spec = graph.spec();
  if (const auto maker = graph.Lookup(ref); maker.ok()) {
    if (maker->is_source) return spec.sources[maker->index].uri;
    if (spec.jobs[maker->index].runner == Runner::kNoop) return {};
  }
  return partition == nullptr ? root + "/" + ref : UriOf(*partition, root);
}

}  // namespace

StatusOr<std::optional<MissingQuery>> FindMissingQuery(const SharedSchedule& shared,
                                                       const CompiledGraph& graph,
                                                       const std::string& ns, const Plan& plan,
                                                       Prober& prober) {
  std::optional<MissingQuery> missing;
  const std::vector<Asked> asked = QueriesOf(plan);
  if (asked.empty()) return missing;
  std::vector<std::string_view> refs;
  for (const Asked& one : asked) refs.push_back(one.input->ref);
  const auto now = LookAt(shared, ns, refs);
  if (!now.ok()) return now.status();
  const std::string root = RootOf(graph.spec(), ns);
  std::vector<Asked> looked_at;
  std::vector<std::string> uris;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    std::string uri = UriOf(graph, root, asked[i].input->ref, now->refs[i].partition);
    if (uri.empty()) continue;
    uris.push_back(std::move(uri));
    looked_at.push_back(asked[i]);
  }
  const auto exist = prober.Exist(uris);
  if (!exist.ok()) return exist.status();
  for (std::size_t i = 0; i < exist->size(); ++i)
    if ((*exist)[i] == 0 && (!missing || IsStricter(*looked_at[i].input, missing->input)))
      missing = MissingQuery{looked_at[i].config->frame->job, *looked_at[i].input, uris[i]};
  return missing;
}

Status StatusOf(const MissingQuery& missing) {
  return WithDetails(
      Error(Code::kFailedPrecondition,
            "job {} queries {}, which is not built for it: nothing is at {}", missing.job,
            missing.input.ref, missing.uri),
      {.reason = "QUERY_MISSING",
       .metadata = {{"job", missing.job}, {"ref", missing.input.ref}, {"uri", missing.uri}},
       .fields = {}});
}

}  // namespace fft
