#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/app/ports.h"
#include "server/base/status.h"
#include "server/graph/compiled_graph.h"

namespace fft {

using CompiledGraphPtr = std::shared_ptr<const CompiledGraph>;

/// The revisions in use, compiled.  Safe from any thread.
class Graphs {
 public:
  /// Without blocking: null when it must be loaded first.  Zeros: the latest.
  CompiledGraphPtr Find(const std::string& graph, const Digest& revision) const;
  /// Reads and compiles what Find() does not have.
  StatusOr<CompiledGraphPtr> Load(Library& library, const std::string& graph,
                                  const Digest& revision);
  /// A revision was deployed: it is the latest now.
  void Deployed(CompiledGraphPtr graph);

 private:
  mutable std::mutex mutex_;
  std::map<Digest, CompiledGraphPtr> revisions_;
  std::map<std::string, Digest> latest_;
};

}  // namespace fft
