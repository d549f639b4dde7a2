#include "tests/support/memory_store.h"

#include <algorithm>
#include <set>

#include "server/base/check.h"

namespace fft {

namespace {

void Apply(const NodeUpdate& update, Node& node) {
  node.state = update.state;
  node.reason = update.reason;
  node.must_run = update.must_run;
  node.is_reusable = update.is_reusable;
  if (!update.evidence.empty()) node.evidence = update.evidence;
  node.past = update.past;
}

}  // namespace

StatusOr<Epoch> MemoryStore::TakeLead(const std::string&) {
  epoch_ = Epoch{epoch_.value + 1};
  return epoch_;
}

Status MemoryStore::Commit(Epoch epoch, const ChangeSet& changes) {
  if (epoch != epoch_) return Error(Code::kAborted, "epoch {} is over", epoch.value);
  for (const Namespace& row : changes.namespaces) namespaces_[row.id] = row;
  for (const Partition& row : changes.partitions)
    FFT_CHECK(partitions_.emplace(row.id, row).second);
  for (const Partition& row : changes.partition_updates) partitions_.at(row.id) = row;
  for (const Build& row : changes.builds) {
    std::vector<std::string> targets = row.targets;
    if (const auto known = builds_.find(row.id); known != builds_.end())
      targets = known->second.targets;  // they come with the first row alone
    builds_[row.id] = row;
    builds_[row.id].targets = std::move(targets);
  }
  for (const Node& row : changes.nodes) FFT_CHECK(nodes_.emplace(row.id, row).second);
  for (const NodeUpdate& update : changes.node_updates) Apply(update, nodes_.at(update.id));
  attachments_.insert(attachments_.end(), changes.attachments.begin(), changes.attachments.end());
  withdrawals_.insert(withdrawals_.end(), changes.withdrawals.begin(), changes.withdrawals.end());
  for (const BuildHits& row : changes.hits) hits_[row.build] = row;
  for (const Lease& row : changes.leases) {
    FFT_CHECK(leases_.emplace(row.run, row).second);
    last_run_ = std::max(last_run_, row.run);
  }
  for (const LeaseStart& start : changes.lease_starts) leases_.at(start.run).started_at = start.at;
  for (const RunId run : changes.ended_leases) FFT_CHECK(leases_.erase(run) == 1);
  for (const Run& row : changes.runs) FFT_CHECK(runs_.emplace(row.lease.run, row).second);
  for (const Worker& row : changes.workers) workers_[row.id] = row;
  for (const Pool& row : changes.pools) pools_[row.name] = row;
  for (const GraphPause& row : changes.pauses) pauses_[row.graph] = row;
  for (const JobDuration& row : changes.durations) durations_[{row.graph, row.job}] = row;
  for (const EventPtr& event : changes.events) {
    FFT_CHECK(event->seq.value == static_cast<std::int64_t>(events_.size()) + 1);
    events_.push_back(event);
  }
  return Ok();
}

StatusOr<Snapshot> MemoryStore::Load() {
  Snapshot snapshot;
  for (const auto& [id, row] : namespaces_) snapshot.namespaces.push_back(row);
  for (const auto& [id, row] : partitions_) snapshot.partitions.push_back(row);
  std::set<NodeId> named;
  for (const auto& [id, row] : builds_)
    if (!IsTerminal(row.state)) snapshot.builds.push_back(row);
  const auto is_open = [&](BuildId id) { return !IsTerminal(builds_.at(id).state); };
  for (const Attachment& row : attachments_) {
    if (!is_open(row.build)) continue;
    snapshot.attachments.push_back(row);
    named.insert(row.nodes.begin(), row.nodes.end());
  }
  for (const Withdrawal& row : withdrawals_)
    if (is_open(row.build)) snapshot.withdrawals.push_back(row);
  for (const auto& [id, row] : hits_)
    if (is_open(id)) snapshot.hits.push_back(row);
  for (const NodeId id : named) snapshot.nodes.push_back(nodes_.at(id));
  for (const auto& [id, row] : leases_) snapshot.leases.push_back(row);
  for (const auto& [id, row] : workers_) snapshot.workers.push_back(row);
  for (const auto& [name, row] : durations_) snapshot.durations.push_back(row);
  for (const auto& [name, row] : pools_) snapshot.pools.push_back(row);
  for (const auto& [name, row] : pauses_)
    if (row.is_paused) snapshot.pauses.push_back(row);
  if (!builds_.empty()) snapshot.last_build = builds_.rbegin()->first;
  if (!nodes_.empty()) snapshot.last_node = nodes_.rbegin()->first;
  snapshot.last_run = last_run_;
  snapshot.last_event = EventSeq{static_cast<std::int64_t>(events_.size())};
  return snapshot;
}

std::vector<Manifest> MemoryStore::ManifestsFrom(RunId from) const {
  std::vector<Manifest> manifests;
  for (auto at = runs_.lower_bound(from); at != runs_.end(); ++at) {
    const Node& node = nodes_.at(at->second.lease.node);
    if (at->second.report.outcome != Outcome::kSucceeded || node.kind != NodeKind::kJob) continue;
    manifests.push_back({.run = at->first,
                         .config_digest = node.config_digest,
                         .outputs = node.outputs.vec(),
                         .inputs = node.inputs.vec(),
                         .input_runs = at->second.lease.input_runs});
  }
  return manifests;
}

}  // namespace fft
