#pragma once

#include <string>

#include "server/domain/change_set.h"

namespace fft {

// Rows with something in every field.

Digest DigestOf(const std::string& text);
TimePoint At(std::int64_t second);

Partition SamplePartition(std::int64_t id);
Build SampleBuild(std::int64_t id);
JobConfigPtr SampleConfig(std::int64_t number);
/// A node with one output, partition `id`.
Node SampleNode(std::int64_t id);
NodeUpdate UpdateOf(const Node& node);
Attachment SampleAttachment(std::int64_t build, std::int64_t event,
                            const std::vector<NodeId>& nodes);
Lease SampleLease(std::int64_t run, std::int64_t node);
Run SampleRun(std::int64_t run, std::int64_t node);
Worker SampleWorker(std::int64_t id);
std::shared_ptr<Event> SampleEvent(std::int64_t seq);
/// A change of `node` as it is.
NodeChange ChangeOf(const Node& node, const std::string& ns);

/// One row or more of every type: namespace 1 "ns", partitions 1 and 2, build 1 with node 1 and a
/// hit on partition 2, node 2 done by run 2, lease 1 on node 1, worker 1, events 1 to 3.
ChangeSet Everything();

// Equality of what has pointers in it, by value.
bool Same(const Node& a, const Node& b);
bool Same(const Attachment& a, const Attachment& b);
bool Same(const BuildHits& a, const BuildHits& b);
bool Same(const Lease& a, const Lease& b);
bool Same(const Run& a, const Run& b);
bool Same(const Event& a, const Event& b);
template <class T>
bool Same(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!Same(a[i], b[i])) return false;
  return true;
}

}  // namespace fft
