#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/few.h"
#include "server/base/rare.h"
#include "server/base/text.h"
#include "server/base/time.h"
#include "server/domain/ids.h"
#include "server/domain/job.h"
#include "server/domain/reason.h"

namespace fft {

enum class NodeState : std::uint8_t {
  kWaiting = 0,
  kReady = 1,
  kRunning = 2,
  kSucceeded = 3,
  kSkipped = 4,
  kFailed = 5,
  kCancelled = 6,
};
inline bool IsTerminal(NodeState state) { return state >= NodeState::kSucceeded; }
std::string_view ToString(NodeState state);

enum class NodeKind : std::uint8_t {
  kJob = 0,
  kConfigure = 1,  // asks a configure executable; has no outputs
};

/// What people are told of a node: shared by all events that name it.
struct NodeLabel {
  NodeId id;
  NodeKind kind = NodeKind::kJob;
  std::string ns;
  std::string job;
  std::vector<std::string> outputs;
  bool operator==(const NodeLabel&) const = default;
};
using NodeLabelPtr = std::shared_ptr<const NodeLabel>;

/// A revision of a graph, by its names; nodes share it.
struct RevisionName {
  std::string graph;
  Digest revision;
};
using RevisionNamePtr = std::shared_ptr<const RevisionName>;

/// What has come of a node: nothing, as long as nothing was tried.
struct NodePast {
  Digest result_key;       // fixed at grant or when it was skipped
  Text message;            // of a failure
  int attempts = 0;        // runs that were the job's own
  int faults = 0;          // infrastructure faults in a row
  TimePoint not_before{};  // back-off
  TimePoint ended_at{};
  RunId last_run;
  bool operator==(const NodePast&) const = default;
};

/// One instance of a job config to be done: the durable row.  A retry or repair is a new instance.
struct Node {
  NodeId id;
  NodeKind kind = NodeKind::kJob;
  NodeState state = NodeState::kWaiting;
  bool must_run = false;    // no hit when ready: --rebuild, cache off, missing or uncertain data
  bool is_reusable = true;  // a waiter's cache mode writes
  Reason reason = Reason::kNone;  // why it was to run; once terminal: why it ended so
  NamespaceId ns;
  RevisionNamePtr of;
  JobConfigPtr config;
  Digest config_digest;
  Digest plan_key;
  Few<PartitionId> outputs;  // parallel to config->outputs
  Few<PartitionId> inputs;   // parallel to config->inputs
  Few<NodeId> upstreams;     // that must end before it may start
  TimePoint planned_at{};
  Text evidence;  // one JSON object; see docs/explain.md
  Rare<NodePast> past;
};

/// Ties a build to nodes: the interval of event numbers that its opening event starts.
struct Attachment {
  BuildId build;
  EventSeq opened_by;
  std::vector<NodeId> nodes;
  std::vector<int> levels;            // parallel to nodes
  std::vector<std::uint8_t> joined;   // parallel to nodes: 1 when another build's node was joined
  std::vector<std::uint8_t> reasons;  // parallel: why this build wanted it (numbers of Reason)
};

/// That a build awaits no more a node that goes on for others: it counts as cancelled there.
struct Withdrawal {
  BuildId build;
  NodeId node;
  Reason reason = Reason::kNone;
  EventSeq closed_by;  // the first of the events that tell it; none: nobody was told
  bool operator==(const Withdrawal&) const = default;
};
/// What is said of a node that a build has withdrawn from.
inline constexpr std::string_view kGoesOnForOthers = "it goes on for others";

/// What a build found done: parallel arrays, one row a build.
struct BuildHits {
  BuildId build;
  std::vector<PartitionId> partitions;
  std::vector<RunId> runs;  // that prove it; none for a source
};

}  // namespace fft
