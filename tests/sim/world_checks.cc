#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/world.h"

// The promises of docs/architecture.md, each with its check.

namespace fft::sim {

// Promise 1: no key runs twice at once; no ref is written by two runs, or written while it is read.
void World::BeginAccess(const Grant& grant) {
  const RunId run = grant.lease.run;
  const auto key = std::pair(grant.config->outputs.front(), grant.lease.result_key);
  if (!running_keys_.emplace(key, run).second)
    Violate(fmt::format("runs {} and {} have one key", running_keys_.at(key).value, run.value));
  // `--jobs`: elsewhere there may run what another build released.
  std::set<RunId>& group = running_of_[{grant.group, grant.lease.worker}];
  group.insert(run);
  if (grant.group_max > 0 && group.size() > static_cast<std::size_t>(grant.group_max))
    Violate(fmt::format("run {} is one of {} of build {}", run.value, group.size(), grant.group));
  // Pools that nobody has given a size are mutexes.
  for (const std::string& pool : grant.job->limits.pools)
    if (!pool_users_[pool].insert(run).second || pool_users_[pool].size() > 1)
      Violate(fmt::format("run {} is in pool {} beside another", run.value, pool));
  for (const std::string& ref : grant.config->outputs) {
    const std::string uri = grant.job->root_uri + "/" + ref;
    if (!writing_[uri].empty() || !reading_[uri].empty())
      Violate(fmt::format("run {} writes {} while others are at it", run.value, ref));
    writing_[uri].insert(run);
  }
  for (const std::string& uri : grant.input_uris) {
    if (!writing_[uri].empty())
      Violate(fmt::format("run {} reads {} while it is written", run.value, uri));
    reading_[uri].insert(run);
  }
}

void World::EndAccess(const Grant& grant) {
  const auto at =
      running_keys_.find(std::pair(grant.config->outputs.front(), grant.lease.result_key));
  if (at != running_keys_.end() && at->second == grant.lease.run) running_keys_.erase(at);
  running_of_[{grant.group, grant.lease.worker}].erase(grant.lease.run);
  for (const std::string& pool : grant.job->limits.pools) pool_users_[pool].erase(grant.lease.run);
  for (const std::string& ref : grant.config->outputs)
    writing_[grant.job->root_uri + "/" + ref].erase(grant.lease.run);
  for (const std::string& uri : grant.input_uris) reading_[uri].erase(grant.lease.run);
}

void World::CheckCommitted(const ChangeSet& changes) {
  for (const Node& node : changes.nodes)
    Say(fmt::format("node {} of {}: {} {}{}", node.id.value, ToShortHex(node.of->revision),
                    node.config->outputs.front(), ToString(node.reason),
                    node.must_run ? " must run" : ""));
  for (const NodeUpdate& update : changes.node_updates) CheckNodeEnd(update);
  if (faults_.edit > 0) NoteResults(changes);
  for (const BuildHits& row : changes.hits) {
    const Digest& revision = MemoryStore::builds().at(row.build).revision;
    for (const PartitionId id : row.partitions)
      CheckData(partitions().at(id).ref.str(), revision,
                fmt::format("hit of build {}", row.build.value));
  }
  // Promise 3: exactly one terminal event a build.
  for (const EventPtr& event : changes.events)
    if (event->kind == EventKind::kBuildChanged)
      Say(fmt::format("build {} of {} {}", event->build.value,
                      ToShortHex(event->snapshot->revision), ToString(event->snapshot->state)));
  for (const EventPtr& event : changes.events)
    if (const std::string wrong = hearing_.Take(*event); !wrong.empty()) Violate(wrong);
  for (const EventPtr& event : changes.events)
    if (event->kind == EventKind::kBuildChanged) CheckSum(*event->snapshot);
  for (const Build& build : changes.builds) CheckSum(build);
  for (const EventPtr& event : changes.events)
    if (event->kind == EventKind::kBuildChanged && faults_.edit > 0 &&
        event->snapshot->state == BuildState::kSucceeded)
      CheckOneVersion(*event->snapshot);
  for (const EventPtr& event : changes.events)
    if (event->kind == EventKind::kBuildChanged && IsTerminal(event->snapshot->state) &&
        ++terminal_events_[event->build] > 1)
      Violate(fmt::format("build {} ended twice", event->build.value));
}

// What is told of a build adds up at every moment.
void World::CheckSum(const Build& build) {
  const NodeCounts& c = build.counts;
  const std::int64_t ended = c.cached + c.cut_off + c.succeeded + c.failed + c.cancelled;
  const std::int64_t open = c.total - ended;
  if (c.running < 0 || c.running > open || (IsTerminal(build.state) && open != 0))
    Violate(fmt::format("build {} {}: {} of {} nodes are open, {} run", build.id.value,
                        ToString(build.state), open, c.total, c.running));
}

// What is counted is what is listed, for whoever asks after the end.
void World::CheckCounts() {
  std::set<std::pair<BuildId, NodeId>> left;
  for (const Withdrawal& row : withdrawals()) left.emplace(row.build, row.node);
  std::map<BuildId, NodeCounts> listed;
  for (const Attachment& row : attachments())
    for (const NodeId id : row.nodes) {
      const Node& node = nodes().at(id);
      if (node.kind != NodeKind::kJob) continue;
      const bool is_left = left.contains({row.build, id});
      Count(is_left ? NodeState::kCancelled : node.state, listed[row.build]);
    }
  for (const auto& [id, build] : MemoryStore::builds())
    if (const std::string wrong = Differs(build, listed[id], "listed"); !wrong.empty())
      Violate(wrong);
}

void World::CheckNodeEnd(const NodeUpdate& update) {
  if (!IsTerminal(update.state)) return;
  const Node& node = nodes().at(update.id);
  Say(fmt::format("node {} {} {}", node.id.value, ToString(update.state), ToString(update.reason)));
  if (update.state == NodeState::kSkipped) ++cut_off_;
  if (update.state == NodeState::kSucceeded || update.state == NodeState::kSkipped)
    for (const std::string& ref : node.config->outputs)
      CheckData(ref, node.of->revision,
                fmt::format("node {} {}", node.id.value, ToString(update.state)));
  // Promise 6: an infrastructure fault never marks a node failed, quarantine apart.
  if (update.state == NodeState::kFailed) {
    const auto run = runs().find(update.past.last_run);
    if (run == runs().end() || (run->second.report.outcome == Outcome::kInfrastructure &&
                                (update.reason != Reason::kQuarantined || update.past.faults < 3)))
      Violate(fmt::format("node {} failed by our own fault", node.id.value));
  }
}

// Whether anything that `ref` is made of is rubbish that nobody has noticed yet.
bool World::RestsOnRubbish(const CompiledGraph& graph, const std::string& ref,
                           std::set<std::string>& seen) const {
  const auto maker = graph.Lookup(ref);
  if (!maker.ok() || maker->is_source || !seen.insert(ref).second) return false;
  const auto at = disk_.find(graph.spec().root_uri + "/" + ref);
  if (at != disk_.end() && at->second.wrong_since == era_) return true;
  const auto config = graph.Configure(maker->index, ref);
  return std::any_of((*config)->inputs.begin(), (*config)->inputs.end(),
                     [&](const Input& input) { return RestsOnRubbish(graph, input.ref, seen); });
}

// For the one who reads a violation: what the inputs hold, and what they should.
std::string World::Lineage(const CompiledGraph& graph, const std::string& ref, int depth) {
  const auto maker = graph.Lookup(ref);
  std::string text;
  if (depth == 0 || !maker.ok() || maker->is_source) return text;
  const auto config = graph.Configure(maker->index, ref);
  std::map<std::string, Digest> memo;
  for (const Input& input : (*config)->inputs) {
    const auto at = disk_.find(graph.spec().root_uri + "/" + input.ref);
    const Digest clean = CleanResult(graph, input.ref, disk_, memo);
    text += fmt::format(
        "\n  {} reads {} by {}: disk {} clean {}", ref, input.ref, ToString(input.identity),
        at == disk_.end() ? "-" : ToShortHex(at->second.content), ToShortHex(clean));
    text += Lineage(graph, input.ref, depth - 1);
  }
  return text;
}

// Promises 7 and 9: what is taken for valid is what a clean build would give, and whole.
void World::CheckData(const std::string& ref, const Digest& revision, const std::string& what) {
  const CompiledGraph& graph = *graphs_by_revision_.at(revision);
  const auto maker = graph.Lookup(ref);
  const bool is_source = maker.ok() && maker->is_source;
  const std::string uri =
      is_source ? graph.spec().sources[maker->index].uri : graph.spec().root_uri + "/" + ref;
  const auto at = disk_.find(uri);
  if (at == disk_.end()) return Violate(fmt::format("{}: {} has no data", what, ref));
  if (at->second.is_half_written) return Violate(fmt::format("{}: {} is half written", what, ref));
  if (IsEdited()) return;  // which of the versions, a build's end tells
  std::set<std::string> seen;
  if (at->second.content != CleanResult(graph, ref, disk_, clean_[revision]) &&
      !RestsOnRubbish(graph, ref, seen))
    Violate(fmt::format("{}: {} is not what a clean build gives", what, ref) +
            Lineage(graph, ref, 3));
}

void World::CheckRest() {
  for (const BuildId id : acknowledged_) {  // promises 2 and 3
    if (!MemoryStore::builds().contains(id))
      Violate(fmt::format("build {} was acknowledged and is gone", id.value));
    if (terminal_events_[id] != 1)
      Violate(fmt::format("build {} has {} terminal events", id.value, terminal_events_[id]));
  }
  if (MemoryStore::builds().size() != acknowledged_.size()) Violate("a request was accepted twice");
  CheckCounts();
  if (const std::string wrong = hearing_.Compare(withdrawals()); !wrong.empty()) Violate(wrong);
  if (!loop_->is_loaded() && !loop_->Reload("sim", now_).ok()) return Violate("cannot load");
  const Totals totals = shared_.schedule->totals();  // promise 5
  if (totals.waiting != 0 || totals.ready != 0 || totals.running != 0 || totals.builds != 0)
    Violate(fmt::format("left behind: {} waiting, {} ready, {} running, {} builds", totals.waiting,
                        totals.ready, totals.running, totals.builds));
  for (const auto& [id, worker] : shared_.schedule->workers())
    if (worker.slots_held != 0 || !worker.leases.empty())
      Violate(
          fmt::format("worker {} holds {} slots for nothing", worker.row.name, worker.slots_held));
}

}  // namespace fft::sim
