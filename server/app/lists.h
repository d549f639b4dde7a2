#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/domain/build.h"
#include "server/domain/event.h"
#include "server/domain/ids.h"
#include "server/domain/node.h"
#include "server/domain/partition.h"
#include "server/domain/run.h"

namespace fft {

// What is read of the store, and how it is asked for.

/// A page of a list that is ordered by id.  An empty `next` ends it.
struct PageRequest {
  int size = 100;
  std::string after;  // the token of the page before; opaque outside the store
};

template <class T>
struct Page {
  std::vector<T> items;
  std::string next;
};

struct BuildFilter {
  std::string ns, graph, principal;  // empty: any
  std::optional<BuildState> state;
};

struct PartitionFilter {
  std::string ns;      // required
  std::string prefix;  // refs that begin so
  std::string glob;    // `*` any run of characters, `?` one; empty: all
};

/// A node as it concerns one build; for a hit only `label.outputs`, `run` and `reason` are told.
struct NodeInBuild {
  Node node;
  NodeLabelPtr label;
  int level = 0;
  bool is_joined = false;
  bool is_hit = false;
  Reason attach_reason = Reason::kNone;
  RunId run;
};

/// A finished or live run with what is needed to show it.
struct RunRecord {
  Run run;
  NodeLabelPtr label;
  Digest config_digest;
  std::string worker;
  bool is_live = false;  // a lease: no report as of now
};

/// A build with its nodes as of one event: where a watcher's tail begins.
struct BuildSnapshot {
  Build build;
  EventSeq as_of;  // every event up to and with this one is contained, none after it
  std::vector<Attachment> attachments;
  std::vector<Withdrawal> withdrawals;  // from nodes of those
  std::vector<NodeChange> nodes;        // current states and levels; hits are not among them
};

struct NodeFilter {
  BuildId build;  // none: by ref
  std::string ns, ref;
  /// Of kReady also those that wait: no row tells them from each other before the grant.
  std::optional<NodeState> state;
};

/// A partition with what was last to be done for it.
struct PartitionNow {
  Partition partition;
  NodeId maker;  // the newest node that has it as output; none: there is none any more
  NodeState maker_state = NodeState::kWaiting;
};

}  // namespace fft
