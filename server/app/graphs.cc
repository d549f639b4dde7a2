#include "server/app/graphs.h"

#include <utility>

namespace fft {

CompiledGraphPtr Graphs::Find(const std::string& graph, const Digest& revision) const {
  const std::lock_guard lock(mutex_);
  Digest wanted = revision;
  if (!wanted) {
    const auto latest = latest_.find(graph);
    if (latest == latest_.end()) return nullptr;
    wanted = latest->second;
  }
  const auto at = revisions_.find(wanted);
  if (at == revisions_.end() || at->second->spec().name != graph) return nullptr;
  return at->second;
}

StatusOr<CompiledGraphPtr> Graphs::Load(Library& library, const std::string& graph,
                                        const Digest& revision) {
  if (CompiledGraphPtr found = Find(graph, revision)) return found;
  auto read = library.GetRevision(graph, revision);
  if (!read.ok()) return read.status();
  auto compiled = CompiledGraph::Compile(std::move(read->spec));
  if (!compiled.ok()) return compiled.status();
  const std::lock_guard lock(mutex_);
  if (!revision) latest_.try_emplace(graph, read->revision);
  return revisions_.try_emplace(read->revision, *compiled).first->second;
}

void Graphs::Deployed(CompiledGraphPtr graph) {
  const std::lock_guard lock(mutex_);
  latest_[graph->spec().name] = graph->revision();
  revisions_.try_emplace(graph->revision(), std::move(graph));
}

}  // namespace fft
