#include "server/store/changes.h"

#include <algorithm>
#include <unordered_map>
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
  std::vector<Node> changed;  // storage of those of `nodes` that have an update
};

NodeWrites SplitNodes(const ChangeSet& changes) {
  NodeWrites writes;
  writes.nodes = LaterWins(changes.nodes, [](const Node& node) { return node.id; });
  std::unordered_map<NodeId, std::size_t> places;
  if (!changes.node_updates.empty())
    for (std::size_t i = 0; i < writes.nodes.size(); ++i) places.emplace(writes.nodes[i]->id, i);
  writes.changed.reserve(changes.nodes.size());
  const auto updates =
      LaterWins(changes.node_updates, [](const NodeUpdate& update) { return update.id; });
  for (const NodeUpdate* update : updates) {
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

}  // namespace

bool ForEachWrite(const ChangeSet& changes, const KnownConfigs& known,
                  const std::function<bool(ChangeStatement, Records)>& write) {
  const auto take = [&](ChangeStatement statement, Records rows) {
    return rows.empty() || write(statement, std::move(rows));
  };
  const NodeWrites nodes = SplitNodes(changes);
  return take(kInsertNamespaces, NamespaceRows(changes.namespaces)) &&
         take(kUpsertPartitions, PartitionRows(changes.partitions)) &&
         take(kUpsertBuilds, BuildRows(changes.builds)) &&
         take(kInsertConfigs, ConfigRows(changes, known)) &&
         take(kInsertNodes, NodeRows(nodes.nodes)) &&
         take(kInsertFurtherOutputs, FurtherOutputRows(nodes.nodes)) &&
         take(kUpdateNodes, NodeUpdateRows(nodes.updates)) &&
         take(kInsertAttachments, AttachmentRows(changes.attachments)) &&
         take(kUpsertHits, HitsRows(changes.hits)) &&
         take(kUpsertLeases, LeaseRows(changes.leases)) &&
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
