#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/base/digest.h"
#include "server/domain/ids.h"
#include "server/domain/job.h"
#include "server/domain/reason.h"

namespace fft {

enum class Decision : std::uint8_t {
  kHit = 0,
  kExecute = 1,
  kUndecided = 2,  // decided again when it is ready
};

/// A node that a plan wants done.  Indices are places in Plan::nodes; inputs come first.
struct PlannedNode {
  JobConfigPtr config;
  Digest config_digest;
  Digest plan_key;
  Decision decision = Decision::kExecute;
  bool must_run = false;  // no hit even when, once ready, its key is found live
  Reason reason = Reason::kNone;
  std::string evidence;                  // one JSON object
  std::vector<std::uint32_t> upstreams;  // planned nodes that must end first
  int level = 0;                         // Kahn's, among the planned nodes
  /// The newest live run that the planner saw at an output.  A newer one at merge means that
  /// somebody repaired it meanwhile.
  RunId seen_run;
};

/// A job config whose outputs all prove to be what would be built.
struct PlannedHit {
  JobConfigPtr config;
  Digest plan_key;
  std::vector<PartitionId> outputs;  // parallel to config->outputs
  std::vector<RunId> runs;           // parallel: the live runs that prove it
  Reason reason = Reason::kCached;
  bool is_target = false;
};

/// A source that something in the cone reads, with the content it had when the plan was made.
struct PlannedSource {
  std::string ref;
  std::string uri;
  Digest content;
  std::int64_t bytes = -1;
};

/// What must be done for one build, as of the catalog that its planner read.  Immutable.
/// The schedule merges it with what is pending and checks each assumption once more.
struct Plan {
  std::shared_ptr<const GraphSpec> spec;
  Digest revision;
  std::vector<PlannedNode> nodes;  // every node after its upstreams
  std::vector<PlannedHit> hits;    // demanded and found valid
  std::vector<PlannedSource> sources;
  std::int64_t unneeded = 0;  // configs of the cone that nothing demanded
  Digest etag;                // of all decisions: equal plans have equal etags
};
using PlanPtr = std::shared_ptr<const Plan>;

/// A ref whose configure executable must be asked before the plan can be made.
struct ConfigureBatch {
  std::string job;
  std::vector<std::string> refs;
};

}  // namespace fft
