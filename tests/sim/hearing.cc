#include "tests/sim/hearing.h"

#include <tuple>

#include <fmt/format.h>

namespace fft::sim {

std::string Hearing::Tell(BuildId build, const NodeChange& change) {
  const auto [at, is_new] = told_[build].try_emplace(change.label->id, change.state);
  if (!is_new && IsTerminal(at->second))
    return fmt::format("build {} hears that node {} is {} after it was {}", build.value,
                       change.label->id.value, ToString(change.state), ToString(at->second));
  at->second = change.state;
  return "";
}

std::string Hearing::Take(const Event& event) {
  std::vector<BuildId> tied = event.also;
  tied.push_back(event.build);
  for (const NodeChange& change : event.changes) {
    if (change.label->kind != NodeKind::kJob) continue;
    std::set<BuildId>& ears = heard_by_[change.label->id];
    if (event.kind == EventKind::kNodesAttached) ears.insert(tied.begin(), tied.end());
    const bool is_of_all = event.kind == EventKind::kNodesChanged;
    for (const BuildId build : is_of_all ? std::vector(ears.begin(), ears.end()) : tied)
      if (std::string wrong = Tell(build, change); !wrong.empty()) return wrong;
    if (event.kind != EventKind::kNodesWithdrawn) continue;
    for (const BuildId build : tied) {
      ears.erase(build);
      withdrawn_[{build, change.label->id}] = event.seq;
    }
  }
  if (event.kind != EventKind::kBuildChanged || !IsTerminal(event.snapshot->state)) return "";
  NodeCounts heard;
  for (const auto& [node, state] : told_[event.build]) {
    heard_by_[node].erase(event.build);
    Count(state, heard);
  }
  return Differs(*event.snapshot, heard, "told");
}

// The simulation's builds are small: one event tells of all nodes.
std::string Hearing::Compare(const std::vector<Withdrawal>& kept) const {
  std::map<std::pair<BuildId, NodeId>, EventSeq> found;
  for (const Withdrawal& row : kept) {
    const auto told = withdrawn_.find({row.build, row.node});
    if (told == withdrawn_.end() || told->second != row.closed_by ||
        !found.emplace(told->first, told->second).second)
      return fmt::format("build {} is said to hear no more of node {} by event {}", row.build.value,
                         row.node.value, row.closed_by.value);
  }
  if (found.size() == withdrawn_.size()) return "";
  return fmt::format("{} withdrawals were told, {} are kept", withdrawn_.size(), found.size());
}

void Count(NodeState state, NodeCounts& counts) {
  switch (state) {
    case NodeState::kSucceeded: ++counts.succeeded; break;
    case NodeState::kSkipped: ++counts.cut_off; break;
    case NodeState::kFailed: ++counts.failed; break;
    case NodeState::kCancelled: ++counts.cancelled; break;
    default: break;
  }
}

std::string Differs(const Build& build, const NodeCounts& seen, const char* how) {
  const NodeCounts& counts = build.counts;
  if (std::tie(counts.succeeded, counts.cut_off, counts.failed, counts.cancelled) ==
      std::tie(seen.succeeded, seen.cut_off, seen.failed, seen.cancelled))
    return "";
  return fmt::format(
      "build {} counts {} succeeded, {} cut off, {} failed, {} cancelled; {} are {}, {}, {}, {}",
      build.id.value, counts.succeeded, counts.cut_off, counts.failed, counts.cancelled, how,
      seen.succeeded, seen.cut_off, seen.failed, seen.cancelled);
}

}  // namespace fft::sim
