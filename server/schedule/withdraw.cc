#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// How builds that stop withdraw from nodes: what nobody else wants ends, the rest goes on for
// others.

namespace fft {

void Schedule::Stop(Cohort& cohort, Reason reason, bool kills, TimePoint now, Answer* answer) {
  cohort.is_stopping = true;
  ready_.Drop(cohort);
  for (const auto& [level, ids] : cohort.by_level)
    for (const NodeId id : ids)
      if (const auto at = nodes_.find(id); at != nodes_.end() && !IsTerminal(at->second->row.state))
        Withdraw(cohort, *at->second, reason, kills, answer);
  // Only now do nodes end that nobody wants any more: their downstreams have lost this cohort too.
  for (const auto& [level, ids] : cohort.by_level)
    for (const NodeId id : ids)
      if (const auto at = nodes_.find(id); at != nodes_.end() &&
                                           !IsTerminal(at->second->row.state) &&
                                           at->second->waiters.empty() && !at->second->lease->run)
        EndNode(*at->second, NodeState::kCancelled, reason, "", now);
}

void Schedule::Withdraw(Cohort& cohort, PendingNode& node, Reason reason, bool kills,
                        Answer* answer) {
  const auto mine = std::find_if(node.waiters.begin(), node.waiters.end(),
                                 [&](const Waiter& w) { return w.cohort == &cohort; });
  if (mine == node.waiters.end()) return;
  const bool is_shared = node.waiters.size() > 1;
  if (node.lease->run && !is_shared) {
    if (!kills || node.lease->is_kill_requested) return;
    node.lease.get()->is_kill_requested = true;
    OrdersFor(node.lease->worker).kills.push_back(node.lease->run);
    return;  // stays attached until its end is reported
  }
  if (node.lease->run && !kills) return;  // what runs may end
  if (is_shared && answer != nullptr) {
    auto& [label, builds] =
        answer->kept.emplace_back(LabelOf(catalog_, node), std::vector<BuildId>{});
    for (const Waiter& waiter : node.waiters)
      if (waiter.cohort != &cohort)
        for (const PendingBuild* build : waiter.cohort->members) builds.push_back(build->row.id);
    std::sort(builds.begin(), builds.end());
  }
  CountWithdrawn(node, *mine, reason);
  node.waiters.erase(mine);
}

// A cohort no longer waits for a node that has not ended, and that may go on for others.
void Schedule::CountWithdrawn(PendingNode& node, const Waiter& waiter, Reason reason) {
  Cohort& cohort = *waiter.cohort;
  ready_.Remove(cohort, node);
  if (node.lease->run) {
    --cohort.running;
    ready_.File(cohort);
  }
  --cohort.left;
  --cohort.left_by_level[waiter.level];
  std::vector<WithdrawnFrom>& withdrawn = agenda_.withdrawn;
  if (withdrawn.empty() || withdrawn.back().builds.front() != cohort.id() ||
      withdrawn.back().reason != reason) {
    withdrawn.push_back({.builds = {}, .reason = reason, .nodes = {}});
    for (const PendingBuild* build : cohort.members)
      withdrawn.back().builds.push_back(build->row.id);
  }
  withdrawn.back().nodes.push_back(node.row.id);
  for (PendingBuild* build : cohort.members) {
    if (node.row.kind == NodeKind::kJob) ++build->row.counts.cancelled;
    build->is_dirty = true;
  }
  agenda_.to_check.push_back(cohort.id());
}

// When all that stop for one reason have: what nobody wants any more has ended for everybody.
void Schedule::TellWithdrawn(TimePoint now) {
  for (const auto& [builds, reason, ids] : std::exchange(agenda_.withdrawn, {})) {
    std::vector<NodeChange> changes;
    for (const NodeId id : ids)
      if (const auto at = nodes_.find(id); at != nodes_.end() && !IsTerminal(at->second->row.state))
        changes.push_back(ChangeOf(catalog_, *at->second, NodeState::kCancelled, reason, ""));
    if (changes.empty()) continue;
    std::vector<NodeId> left;
    for (const NodeChange& change : changes) left.push_back(change.label->id);
    const EventSeq closed_by =
        journal_.NodesTied(EventKind::kNodesWithdrawn, builds, std::move(changes), now);
    for (const BuildId build : builds)
      for (const NodeId id : left)
        journal_.changes().withdrawals.push_back({build, id, reason, closed_by});
  }
}

}  // namespace fft
