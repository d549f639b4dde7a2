#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "server/base/check.h"
#include "server/schedule/claims.h"
#include "server/schedule/schedule.h"

// From committed rows back to a schedule.

namespace fft {

std::unique_ptr<Schedule> Schedule::Restore(ScheduleOptions options, Epoch epoch, Snapshot snapshot,
                                            const Specs& specs, TimePoint now) {
  auto schedule = std::make_unique<Schedule>(options, snapshot.last_event);
  schedule->epoch_ = epoch;
  schedule->catalog_ = Catalog::Restore(snapshot.namespaces, std::move(snapshot.partitions));
  schedule->last_.build = snapshot.last_build;
  schedule->last_.node = snapshot.last_node;
  schedule->last_.run = snapshot.last_run;
  for (const Worker& worker : snapshot.workers) schedule->workers_.Restore(worker, now);
  schedule->durations_.Restore(snapshot.durations);
  for (const Pool& pool : snapshot.pools) schedule->gates_.SetPool(pool);
  for (const GraphPause& pause : snapshot.pauses) schedule->gates_.SetPause(pause);
  schedule->RestoreNodes(snapshot, specs);
  schedule->RestoreLeases(snapshot);
  schedule->RestoreBuilds(snapshot, now);
  return schedule;
}

// In the order of their ids, which is the order of acceptance: so that generations come out as they
// were.
void Schedule::RestoreNodes(Snapshot& snapshot, const Specs& specs) {
  for (Node& row : snapshot.nodes) {
    if (IsTerminal(row.state)) continue;
    row.state = NodeState::kWaiting;
    std::unordered_map<PartitionId, NodeId> written;
    for (const NodeId id : row.upstreams)
      if (const PendingNode* upstream = FindNode(id))
        for (const PartitionId output : upstream->row.outputs) written[output] = id;
    Few<NodeId> writers;
    for (const PartitionId input : row.inputs) {
      const auto at = written.find(input);
      writers.push_back(at == written.end() ? NodeId{} : at->second);
    }
    const auto spec = specs.find(row.of->revision);
    FFT_CHECK(spec != specs.end());
    PendingJobPtr job =
        jobs_.Of(spec->second, row.config->frame->job, row.kind, catalog_.ns(row.ns));
    if (row.kind == NodeKind::kConfigure) configures_[row.plan_key] = row.id;
    const TimePoint not_before = row.past->not_before;
    PendingNode& added = AddNode(std::move(row), std::move(writers), std::move(job));
    if (not_before != TimePoint{}) agenda_.backoffs.emplace(not_before, added.row.id);
    Wake(added);
  }
}

void Schedule::RestoreLeases(const Snapshot& snapshot) {
  for (const Lease& lease : snapshot.leases) {
    const auto at = nodes_.find(lease.node);
    FFT_CHECK(at != nodes_.end());
    PendingNode& held = *at->second;
    held.lease = lease;
    held.is_settled = true;
    Dispatch& dispatch = held.dispatch.Make();
    dispatch.is_in_turn = true;  // what its worker has not heard of goes out late
    dispatch.ready_at = lease.granted_at;
    const bool is_running = lease.started_at != TimePoint{};
    held.row.state = is_running ? NodeState::kRunning : NodeState::kReady;
    NodePast& past = held.row.past.Make();
    past.result_key = lease.result_key;
    past.last_run = lease.run;
    ++(is_running ? totals_.running : totals_.ready);
    leases_.emplace(lease.run, lease.node);
    TakeClaims(held, catalog_, traffic_);
    workers_.Hold(workers_.at(lease.worker), held);
    gates_.Take(PoolsOf(held));
  }
}

void Schedule::RestoreBuilds(const Snapshot& snapshot, TimePoint now) {
  for (const Build& row : snapshot.builds) {
    PendingBuild& build = AddBuild(row);
    build.row.counts = {.total = row.counts.cached, .cached = row.counts.cached};
    build.cohort->has_failed = row.reason == Reason::kFailFast;
    build.is_dirty = build.is_stored = true;
    if (row.message.starts_with("waiting: ")) build.row.message.clear();
  }
  std::unordered_map<NodeId, const Node*> ended;
  for (const Node& row : snapshot.nodes)
    if (IsTerminal(row.state)) ended[row.id] = &row;
  std::set<std::pair<BuildId, NodeId>> withdrawn;
  for (const Withdrawal& row : snapshot.withdrawals) withdrawn.emplace(row.build, row.node);
  for (const Attachment& attachment : snapshot.attachments) {
    PendingBuild* build = FindOpen(attachment.build);
    FFT_CHECK(build != nullptr);
    NodeCounts& counts = build->row.counts;
    Cohort& cohort = *build->cohort;  // each is alone again
    for (std::size_t i = 0; i < attachment.nodes.size(); ++i) {
      const NodeId id = attachment.nodes[i];
      const int level = attachment.levels[i];
      const auto at = nodes_.find(id);
      const NodeKind kind = at != nodes_.end() ? at->second->row.kind : ended.at(id)->kind;
      if (kind == NodeKind::kJob) ++counts.total;
      if (kind == NodeKind::kJob) counts.joined += attachment.joined[i];
      if (withdrawn.contains({attachment.build, id})) {
        if (kind == NodeKind::kJob) ++counts.cancelled;
        continue;
      }
      cohort.by_level[level].push_back(id);
      if (at != nodes_.end()) {
        at->second->waiters.push_back({&cohort, level, attachment.joined[i] != 0});
        ++cohort.left_by_level[level];
        ++cohort.left;
        if (at->second->lease->run)
          ++cohort.running;  // on which workers is not asked: nothing ahead
        cohort.is_under_way |= at->second->lease->run.value != 0;
        continue;
      }
      if (kind != NodeKind::kJob) continue;
      const NodeState state = ended.at(id)->state;
      if (state == NodeState::kSucceeded) ++counts.succeeded;
      if (state == NodeState::kSkipped) ++counts.cut_off;
      if (state == NodeState::kFailed) ++counts.failed;
      if (state == NodeState::kCancelled) ++counts.cancelled;
      cohort.has_failed |= state == NodeState::kFailed || state == NodeState::kCancelled;
    }
  }
  for (const auto& [id, build] : builds_) {
    Cohort& cohort = *build->cohort;
    if (build->row.options.discipline == Discipline::kLevels && !cohort.left_by_level.empty())
      cohort.open_level = cohort.left_by_level.begin()->first;
    const bool is_planning = build->row.state == BuildState::kPlanning && cohort.left == 0;
    const bool is_stopped =  // it was being cancelled, or had failed fast
        build->row.reason != Reason::kNone && build->row.reason != Reason::kSourceEdited;
    if (is_stopped)
      Stop(cohort, build->row.reason, /*kills=*/build->row.reason != Reason::kFailFast, now,
           nullptr);
    else if (is_planning) {
      if (build->row.reason == Reason::kSourceEdited) build->awaits_since = now;
      build->row.message.clear();  // it may have told what it waited for
      effects_.plans.push_back({id, {}});
    }
    agenda_.to_check.push_back(build->row.id);
  }
  TellWithdrawn(now);
}

}  // namespace fft
