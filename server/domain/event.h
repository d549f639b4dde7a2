#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/time.h"
#include "server/domain/build.h"
#include "server/domain/ids.h"
#include "server/domain/node.h"
#include "server/domain/partition.h"
#include "server/domain/run.h"

namespace fft {

/// Stored by number: add at the end.
enum class EventKind : std::uint8_t {
  kBuildChanged = 1,   // build, build_state; the build as it now is
  kNodesAttached = 2,  // build, changes with current states and levels: opens an interval
  kNodesSkipped = 3,   // build, `count` hits of its plan, all at once; ListNodes pages them
  kNodesChanged = 4,   // node_state, changes: all nodes that came to that state in one commit
  kPartitionsTainted = 5,
  kGraphDeployed = 6,   // text: graph@revision
  kWorkerChanged = 7,   // text: what became of it
  kNodesWithdrawn = 8,  // build, changes: cancelled as it sees them; closes an interval
};

struct NodeChange {
  NodeLabelPtr label;
  NodeState state = NodeState::kWaiting;
  Reason reason = Reason::kNone;
  RunId run;               // RUNNING and the ends
  int level = 0;           // kNodesAttached only
  bool is_joined = false;  // kNodesAttached only
  std::string message;  // of a failure or a retry; of what is joined, whose it was, once for each
};

/// What happened, numbered.  The state of a node's partitions follows from the node's state.
struct Event {
  EventSeq seq;
  TimePoint at{};
  EventKind kind = EventKind::kBuildChanged;
  BuildId build;                          // of build events, attachments and withdrawals
  std::shared_ptr<const Build> snapshot;  // kBuildChanged
  std::vector<BuildId> also;              // others that attach to the same nodes, or withdraw
  std::int64_t count = 0;                 // kNodesSkipped
  std::vector<NodeChange> changes;
  std::vector<PartitionId> partitions;  // kPartitionsTainted
  std::string text;
};
using EventPtr = std::shared_ptr<const Event>;

/// At most this many changes travel in one event, so that no message outgrows gRPC's limit.
inline constexpr std::size_t kEventChangesMax = 500;

/// The state of a node's partitions when the node comes to `state`.
PartitionState PartitionStateOf(NodeState state);

}  // namespace fft
