#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// Cohorts and nodes are tied to each other.

namespace fft {

namespace {

// The first is told what it brings and what it joins.  The others join all of it, and are told so
// at once.
void TellAttached(Journal& journal, const Cohort& cohort, Attachment row,
                  std::vector<NodeChange> changes, TimePoint now) {
  std::vector<NodeChange> joined;
  if (cohort.members.size() > 1) joined = changes;
  row.opened_by =
      journal.NodesTied(EventKind::kNodesAttached, {cohort.id()}, std::move(changes), now);
  journal.changes().attachments.push_back(row);
  if (joined.empty()) return;
  for (NodeChange& change : joined) {
    change.reason = Reason::kJoined;
    change.is_joined = true;
    change.message.clear();
  }
  joined.front().message = fmt::format("it joins build {}", cohort.id().value);
  std::vector<BuildId> others;
  for (const PendingBuild* build : cohort.members)
    if (build->row.id != cohort.id()) others.push_back(build->row.id);
  row.opened_by = journal.NodesTied(EventKind::kNodesAttached, others, std::move(joined), now);
  row.joined.assign(row.nodes.size(), 1);
  row.reasons.assign(row.nodes.size(), static_cast<std::uint8_t>(Reason::kJoined));
  for (const BuildId build : others) {
    row.build = build;
    journal.changes().attachments.push_back(row);
  }
}

}  // namespace

// A node that this build joined may wait for nodes that this build's own plan took for done: it
// must want those too, or another build's cancel would take them away.  It wants them first: they
// may stand before nodes of any of its levels.
void Schedule::AddPendingUpstreams(std::vector<Tie>& ties) {
  std::unordered_set<NodeId> tied;
  for (const Tie& tie : ties) tied.insert(tie.node->row.id);
  for (std::size_t i = 0; i < ties.size(); ++i) {
    const Tie tie = ties[i];
    if (!tie.is_joined) continue;
    for (const NodeId id : tie.node->row.upstreams) {
      const auto at = nodes_.find(id);
      if (at == nodes_.end() || IsTerminal(at->second->row.state) || !tied.insert(id).second)
        continue;
      ties.push_back({at->second.get(), 0, true, Reason::kJoined});
    }
  }
}

void Schedule::Attach(Cohort& cohort, const std::vector<Tie>& ties, TimePoint now) {
  if (ties.empty()) return;
  Attachment row{.build = cohort.id(),
                 .opened_by = {},
                 .nodes = {},
                 .levels = {},
                 .joined = {},
                 .reasons = {}};
  std::vector<NodeChange> changes;
  std::set<BuildId> joined;  // each is told once, with the first node that is shared with it
  NodeCounts counts;
  for (const Tie& tie : ties) {
    PendingNode& node = *tie.node;
    std::string message;
    if (tie.is_joined && !node.waiters.empty())
      if (const BuildId other = node.waiters.front().cohort->id(); joined.insert(other).second)
        message = fmt::format("it joins build {}", other.value);
    row.nodes.push_back(node.row.id);
    row.levels.push_back(tie.level);
    row.joined.push_back(tie.is_joined ? 1 : 0);
    row.reasons.push_back(static_cast<std::uint8_t>(tie.reason));
    changes.push_back({.label = LabelOf(catalog_, node),
                       .state = node.row.state,
                       .reason = tie.reason,
                       .run = node.lease->run,
                       .level = tie.level,
                       .is_joined = tie.is_joined,
                       .message = std::move(message)});
    node.waiters.push_back({&cohort, tie.level, tie.is_joined});
    cohort.by_level[tie.level].push_back(node.row.id);
    ++cohort.left_by_level[tie.level];
    ++cohort.left;
    const bool is_job = node.row.kind == NodeKind::kJob;
    if (is_job) ++counts.total;
    if (is_job && tie.is_joined) ++counts.joined;
    if (node.lease->run) {
      ++cohort.running;
      cohort.worker = {};  // it counts for another build there
      cohort.is_under_way = true;
      ready_.File(cohort);
    }
    if (node.is_settled)
      ready_.AddFor(node.waiters.back(), node);
    else if (node.upstreams_left == 0)
      Wake(node);
  }
  TellAttached(journal_, cohort, std::move(row), std::move(changes), now);
  for (PendingBuild* build : cohort.members) {
    build->row.counts.total += counts.total;
    build->row.counts.joined += counts.joined;
    counts.joined = counts.total;  // of those after the first
  }
  effects_.tally.joined += static_cast<std::int64_t>(cohort.members.size() - 1) * counts.total;
}

// From now on the build is alone in a cohort of its own, with the same ties.
void Schedule::Part(PendingBuild& build) {
  const std::shared_ptr<Cohort> old = build.cohort;
  if (old->members.size() == 1) return;
  std::vector<PendingBuild*> others = old->members;
  std::erase(others, &build);
  ready_.SetMembers(*old, std::move(others));
  build.cohort = std::make_shared<Cohort>();
  Cohort& own = *build.cohort;
  // Workers know what runs by the name that they had together.
  old->worker = {};
  old->ahead_max = 0;
  static_cast<Progress&>(own) = *old;
  own.ahead.clear();
  ready_.SetMembers(own, {&build});
  for (const auto& [level, ids] : own.by_level)
    for (const NodeId id : ids) {
      const auto at = nodes_.find(id);
      if (at == nodes_.end() || IsTerminal(at->second->row.state)) continue;
      PendingNode& node = *at->second;
      if (std::none_of(node.waiters.begin(), node.waiters.end(),
                       [&](const Waiter& waiter) { return waiter.cohort == old.get(); }))
        continue;  // it was withdrawn from
      node.waiters.push_back({&own, level, true});
      if (node.is_settled)
        ready_.AddFor(node.waiters.back(), node);
      else if (node.upstreams_left == 0)
        Wake(node);  // what it waits for may have been helped in this build's name
      if (Dispatch* dispatch = node.dispatch.get()) dispatch->helped_readers.reset();
    }
  agenda_.to_check.push_back(old->id());
}

}  // namespace fft
