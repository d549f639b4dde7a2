#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "server/domain/place.h"
#include "server/schedule/accounts.h"
#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// When a node may start, and whether it still has to.

namespace fft {

void Schedule::Wake(PendingNode& node) {
  if (std::exchange(node.is_woken, true)) return;
  agenda_.woken.push_back(node.row.id);
}

void Schedule::Look(PendingNode& node, TimePoint now) {
  node.is_woken = false;
  if (IsTerminal(node.row.state) || node.lease->run || node.is_probing || node.upstreams_left > 0 ||
      node.row.past->not_before > now)
    return;
  if (node.is_settled) return Release(node);  // it was blocked when it was to be granted
  const bool is_released = std::any_of(node.waiters.begin(), node.waiters.end(),
                                       [](const Waiter& w) { return w.is_releasing(); }) ||
                           std::any_of(node.dispatch->helpers.begin(), node.dispatch->helpers.end(),
                                       [this](BuildId id) { return FindOpen(id); });
  if (!is_released || IsBlocked(node)) return;
  if (!MayBeHit(catalog_, node)) return MakeReady(node, now);
  if (node.row.config->frame->runner == Runner::kNoop) return CutOff(node, now);  // leaves no data
  node.is_probing = true;
  ProbeWanted& probe = effects_.probes.emplace_back(ProbeWanted{node.row.id, {}});
  for (const PartitionId id : node.row.outputs)
    probe.uris.push_back(UriOf(catalog_.at(id), node.job->granted->root_uri));
}

// Parks the node where it is blocked, so that it is looked at again when that changes.
bool Schedule::IsBlocked(PendingNode& node) {
  for (const PartitionId id : node.row.outputs)
    if (!traffic_.MayWrite(id, node.row.id)) {
      traffic_.Park(id, node.row.id);
      HelpWhoBlocks(node, id);
      return true;
    }
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i)
    if (node.row.config->inputs[i].kind == InputKind::kQuery &&
        !traffic_.MayQuery(node.row.inputs[i])) {
      traffic_.Park(node.row.inputs[i], node.row.id);
      return true;
    }
  return false;
}

void Schedule::CutOff(PendingNode& node, TimePoint now) {
  const Materialisation& live = catalog_.at(node.row.outputs.front()).live;
  NodePast& past = node.row.past.Make();
  past.result_key = live.key;
  past.last_run = live.run;
  node.row.evidence = fmt::format("{{\"run\":{}}}", live.run.value);
  for (const PartitionId id : node.row.outputs) {
    Partition& partition = catalog_.at(id);
    if (!partition.doubt->is_suspect) continue;  // what it was made from came out the same
    partition.doubt.Set(&Doubt::tainted_before, RunId{});
    partition.doubt.Set(&Doubt::is_suspect, false);
    SavePartition(id);
  }
  effects_.tally.accounts.saved_by_cut_off_ms += CreditCutOff(node).saved_by_cut_off_ms;
  EndNode(node, NodeState::kSkipped, Reason::kCutOff, "", now);
}

void Schedule::On(const NodeProbed& c, TimePoint now) {
  const auto at = nodes_.find(c.node);
  if (at == nodes_.end() || !at->second->is_probing) return;
  PendingNode& node = *at->second;
  node.is_probing = false;
  if (IsTerminal(node.row.state)) return;
  if (!c.exists && !node.row.must_run) {
    node.row.must_run = true;
    node.row.reason = Reason::kDataMissing;
    journal_.NodeSaved(node.row);
  }
  if (node.row.must_run || !MayBeHit(catalog_, node)) return Wake(node);
  CutOff(node, now);
}

void Schedule::MakeReady(PendingNode& node, TimePoint now) {
  node.is_settled = true;
  node.row.state = NodeState::kReady;
  node.dispatch.Make().ready_at = now;
  ++totals_.ready;
  journal_.NodeChanged(ChangeOf(catalog_, node, NodeState::kReady, node.row.reason, ""), now);
  Release(node);
}

void Schedule::Release(PendingNode& node) {
  for (const Waiter& waiter : node.waiters) ready_.AddFor(waiter, node);
  for (const BuildId id : node.dispatch->helpers)
    if (PendingBuild* build = FindOpen(id); build != nullptr && !build->cohort->is_stopping)
      ready_.Add(*build->cohort, node);
}

void Schedule::OpenLevels(Cohort& cohort) {
  if (cohort.options().discipline == Discipline::kEager) return;
  const auto next = cohort.left_by_level.lower_bound(cohort.open_level);
  auto at = next;
  while (at != cohort.left_by_level.end() && at->second == 0) ++at;
  if (at == cohort.left_by_level.end() || at->first <= cohort.open_level) return;
  cohort.open_level = at->first;
  for (const NodeId id : cohort.by_level[cohort.open_level]) {
    const auto found = nodes_.find(id);
    if (found == nodes_.end() || IsTerminal(found->second->row.state)) continue;
    if (found->second->is_settled)
      ready_.AddFor({&cohort, cohort.open_level}, *found->second);
    else
      Wake(*found->second);
  }
}

}  // namespace fft
