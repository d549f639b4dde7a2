#include "server/store/changes.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "server/store/later_wins.h"
#include "server/store/tables.h"

namespace fft::pg {

namespace {

void Apply(const NodeUpdate& update, Node& node) {
  node.state = update.state;
  node.reason = update.reason;
  node.must_run = update.must_run;
  node.is_reusable = update.is_reusable;
  if (!update.evidence.empty()) node.evidence = update.evidence;
  node.past = update.past;
}

/// New nodes and updates of older ones, with updates of new nodes applied to them.
struct NodeWrites {
  std::vector<const Node*> nodes;
  std::vector<const NodeUpdate*> updates;
  // Storage of those above that are not as they came.
  std::vector<Node> changed;
  std::deque<NodeUpdate> completed;
};

/// Evidence that was told in this batch is not lost to a later update of the node that tells none.
void KeepEvidence(const std::vector<NodeUpdate>& all, NodeWrites& writes) {
  std::unordered_map<NodeId, const NodeUpdate*> told;
  for (const NodeUpdate& update : all)
    if (!update.evidence.empty()) told[update.id] = &update;
  if (told.empty()) return;
  for (const NodeUpdate*& update : writes.updates) {
    if (!update->evidence.empty()) continue;
    const auto at = told.find(update->id);
    if (at == told.end()) continue;
    NodeUpdate& completed = writes.completed.emplace_back(*update);
    completed.evidence = at->second->evidence;
    update = &completed;
  }
}

NodeWrites SplitNodes(const ChangeSet& changes) {
  NodeWrites writes;
  writes.nodes = LaterWins(changes.nodes, [](const Node& node) { return node.id; });
  std::unordered_map<NodeId, std::size_t> places;
  if (!changes.node_updates.empty())
    for (std::size_t i = 0; i < writes.nodes.size(); ++i) places.emplace(writes.nodes[i]->id, i);
  writes.changed.reserve(changes.nodes.size());
  writes.updates =
      LaterWins(changes.node_updates, [](const NodeUpdate& update) { return update.id; });
  KeepEvidence(changes.node_updates, writes);
  for (const NodeUpdate* update : std::exchange(writes.updates, {})) {
    const auto place = places.find(update->id);
    if (place == places.end()) {
      writes.updates.push_back(update);
      continue;
    }
    Apply(*update, writes.changed.emplace_back(*writes.nodes[place->second]));
    writes.nodes[place->second] = &writes.changed.back();
  }
  return writes;
}

/// New partitions, as their updates leave them, and updates of older ones.
struct PartitionWrites {
  std::vector<const Partition*> partitions, updates;
};

PartitionWrites SplitPartitions(const ChangeSet& changes) {
  PartitionWrites writes;
  std::unordered_map<PartitionId, std::size_t> places;
  for (const Partition& added : changes.partitions) {
    if (!changes.partition_updates.empty()) places.emplace(added.id, writes.partitions.size());
    writes.partitions.push_back(&added);
  }
  const auto updates =
      LaterWins(changes.partition_updates, [](const Partition& update) { return update.id; });
  for (const Partition* update : updates) {
    const auto place = places.find(update->id);
    if (place == places.end())
      writes.updates.push_back(update);
    else
      writes.partitions[place->second] = update;
  }
  return writes;
}

/// Grants and starts but of those that end in the same batch: what is deleted goes before what is
/// copied.
struct LeaseWrites {
  std::vector<const Lease*> leases;
  std::vector<LeaseStart> starts;
};

LeaseWrites LeasesThatStay(const ChangeSet& changes) {
  LeaseWrites writes;
  std::unordered_set<RunId> ended;
  if (!changes.leases.empty() || !changes.lease_starts.empty())
    ended.insert(changes.ended_leases.begin(), changes.ended_leases.end());
  for (const Lease& lease : changes.leases)
    if (!ended.contains(lease.run)) writes.leases.push_back(&lease);
  for (const LeaseStart& start : changes.lease_starts)
    if (!ended.contains(start.run)) writes.starts.push_back(start);
  return writes;
}

}  // namespace

bool ForEachWrite(const ChangeSet& changes, const KnownConfigs& known,
                  const std::function<bool(ChangeStatement, Records)>& write) {
  const auto take = [&](ChangeStatement statement, Records rows) {
    return rows.empty() || write(statement, std::move(rows));
  };
  const NodeWrites nodes = SplitNodes(changes);
  const PartitionWrites partitions = SplitPartitions(changes);
  const LeaseWrites leases = LeasesThatStay(changes);
  return take(kInsertNamespaces, NamespaceRows(changes.namespaces)) &&
         take(kInsertPartitions, PartitionRows(partitions.partitions)) &&
         take(kUpdatePartitions, PartitionRows(partitions.updates)) &&
         take(kUpsertBuilds, BuildRows(changes.builds)) &&
         take(kInsertConfigs, ConfigRows(changes, known)) &&
         take(kInsertNodes, NodeRows(nodes.nodes)) &&
         take(kInsertFurtherOutputs, FurtherOutputRows(nodes.nodes)) &&
         take(kUpdateNodes, NodeUpdateRows(nodes.updates)) &&
         take(kInsertAttachments, AttachmentRows(changes.attachments)) &&
         take(kInsertWithdrawals, WithdrawalRows(changes.withdrawals)) &&
         take(kUpsertHits, HitsRows(changes.hits)) &&
         take(kInsertLeases, LeaseRows(leases.leases)) &&
         take(kStartLeases, LeaseStartRows(leases.starts)) &&
         take(kEndLeases, EndedLeaseRows(changes.ended_leases)) &&
         take(kInsertRuns, RunRows(changes.runs)) &&
         take(kInsertMaterialisations, MaterialisationRows(changes.runs)) &&
         take(kUpsertConfigureAnswers, ConfigureAnswerRows(changes.configure_answers)) &&
         take(kUpsertWorkers, WorkerRows(changes.workers)) &&
         take(kUpsertDurations, DurationRows(changes.durations)) &&
         take(kUpsertPools, PoolRows(changes.pools)) &&
         take(kUpsertPauses, PauseRows(changes.pauses)) &&
         take(kInsertEvents, EventRows(changes.events));
}

Params LeadOf(Epoch epoch, const ChangeSet& changes) {
  std::int64_t build = 0, node = 0, run = 0;
  for (const Build& changed : changes.builds) build = std::max(build, changed.id.value);
  for (const Node& added : changes.nodes) node = std::max(node, added.id.value);
  for (const Lease& lease : changes.leases) run = std::max(run, lease.run.value);
  for (const Run& ended : changes.runs) run = std::max(run, ended.lease.run.value);
  const bool has_events = !changes.events.empty();
  Params params;
  params.Int64(epoch.value).Int64(build).Int64(node).Int64(run);
  params.Int64(has_events ? changes.events.front()->seq.value : 0);
  params.Int64(has_events ? changes.events.back()->seq.value : 0);
  return params;
}

}  // namespace fft::pg
