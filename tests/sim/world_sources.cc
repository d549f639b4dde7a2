#include <fmt/format.h>

#include "tests/sim/world.h"

// Sources that are edited while builds run: each build's results must be of one version of each.

namespace fft::sim {

void World::KeepSources(bool are_kept) {
  are_sources_kept_ = are_kept;
  versions_.clear();
  for (const auto& [uri, datum] : disk_)
    if (uri.starts_with("file:///source/")) versions_[uri] = {datum.content};
}

// Three contents take turns, so that one that was replaced often comes back.
void World::EditSource() {
  auto at = disk_.lower_bound("file:///source/");
  if (rng_() % 2 == 0) ++at;
  at->second.content = Sha256(fmt::format("{} {}", at->first, rng_() % 3));
  versions_[at->first].insert(at->second.content);
  edited_at_[at->first] = now_;
  clean_.clear();
  Say(fmt::format("{} holds {} now", at->first, ToShortHex(at->second.content)));
}

// Half of the runs read when they start, the others when they end.
void World::ReadEarly(SimulatedWorker::Held& held) {
  if (rng_() % 2 == 0) return;
  for (const std::string& uri : held.grant.input_uris)
    if (uri.starts_with("file:///source/")) held.read_early[uri] = disk_.at(uri);
}

// As it is on the disk when it is told: nobody may overwrite it before.
void World::NoteResults(const ChangeSet& changes) {
  const auto note = [&](BuildId build, const std::string& ref) {
    const std::string root = graphs_by_revision_.begin()->second->spec().root_uri;
    if (const auto at = disk_.find(root + "/" + ref); at != disk_.end())
      results_[build][ref] = at->second.content;
  };
  for (const BuildHits& row : changes.hits)
    for (const PartitionId id : row.partitions) note(row.build, partitions().at(id).ref.str());
  for (const Attachment& row : changes.attachments)
    for (const NodeId node : row.nodes) waiting_[node].insert(row.build);
  for (const NodeUpdate& update : changes.node_updates)
    if (update.state == NodeState::kSucceeded || update.state == NodeState::kSkipped)
      for (const BuildId build : waiting_[update.id])
        for (const std::string& ref : nodes().at(update.id).config->outputs) note(build, ref);
}

void World::CheckOneVersion(const Build& build) {
  if (!build.message.empty()) return;  // it says that it could not be had
  const CompiledGraph& graph = *graphs_by_revision_.at(build.revision);
  std::string text;
  for (const Digest& first : versions_.begin()->second)
    for (const Digest& last : versions_.rbegin()->second) {
      const Disk disk = {{versions_.begin()->first, {first, false}},
                         {versions_.rbegin()->first, {last, false}}};
      std::map<std::string, Digest> memo;
      bool is_it = true;
      for (const std::string& target : MemoryStore::builds().at(build.id).targets) {
        const bool is_clean = results_[build.id][target] == CleanResult(graph, target, disk, memo);
        if (!is_clean)
          text += fmt::format("\n  {} is not of {} and {}", target, ToShortHex(first),
                              ToShortHex(last));
        is_it &= is_clean;
      }
      if (is_it) return;
    }
  Violate(fmt::format("build {} mixes versions of sources", build.id.value) + text);
}

}  // namespace fft::sim
