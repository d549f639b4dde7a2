#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/domain/job.h"
#include "server/graph/compiled_graph.h"
#include "server/graph/cone.h"

namespace fft {

class ConfigMemo;

/// Follows targets upstream to a fixpoint: lookup, configure, inputs, again.  Remembers every
/// config it has seen and the cones it returned last, so that asking again expands no template.
/// Owned by one thread.  A failed call leaves it as good as before.
class Analyser {
 public:
  /// `digest_of` is fingerprint's ConfigDigest: this room knows graphs, not what a digest is made
  /// of.
  using ConfigDigester = Digest (*)(const JobConfig&);
  Analyser(std::shared_ptr<const CompiledGraph> graph, ConfigDigester digest_of);
  ~Analyser();

  const CompiledGraph& graph() const { return *graph_; }

  /// What the configure executable of `job` answered for `ref`.  It answers for its other outputs
  /// too.
  ///   FAILED_PRECONDITION  CONFIGURE_UNSTABLE: it answered otherwise before
  ///                        CONFIGURE_BAD_OUTPUT: `ref` is not among its outputs, or they are not
  ///                        the job's
  Status Remember(const std::string& job, const std::string& ref, JobConfigPtr config);

  /// The cone of these refs.  When configure executables must be asked first, a cone that holds
  /// nothing but the batches: ask, Remember(), and call again.
  ///   NOT_FOUND            UNKNOWN_REF; who needs it is named
  ///   FAILED_PRECONDITION  AMBIGUOUS_REF, TWO_CONFIGS, CYCLE (spelled out, smallest name first)
  ///   INVALID_ARGUMENT     BAD_REF, BAD_TEMPLATE, TOO_MANY_REFS
  ///   RESOURCE_EXHAUSTED   CONE_TOO_LARGE: more than 1,000,000 configs
  StatusOr<ConePtr> Analyse(const std::vector<std::string>& target_refs);

 private:
  struct RecentCone {
    std::vector<std::string> targets;
    ConePtr cone;
  };

  std::shared_ptr<const CompiledGraph> graph_;
  ConfigDigester digest_of_;
  std::unique_ptr<ConfigMemo> memo_;
  std::vector<RecentCone> recent_;  // newest first, few
};

}  // namespace fft
