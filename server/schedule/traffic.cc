#include "server/schedule/traffic.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/base/check.h"

namespace fft {

NodeId Traffic::LastWriter(PartitionId partition) const {
  const auto at = lanes_.find(partition);
  if (at == lanes_.end()) return {};
  const auto& queue = at->second.queue;
  const auto last =
      std::find_if(queue.rbegin(), queue.rend(), [](const Generation& g) { return !g.has_ended; });
  return last == queue.rend() ? NodeId{} : last->writer;
}

void Traffic::AddWriter(PartitionId partition, NodeId writer) {
  lanes_[partition].queue.push_back({.writer = writer, .readers = {}});
}

void Traffic::AddReader(PartitionId partition, NodeId writer, NodeId reader) {
  Lane& lane = lanes_[partition];
  for (Generation& generation : lane.queue)
    if (writer && generation.writer == writer) {
      return generation.readers.Add(reader);
    }
  lane.live_readers.Add(reader);
}

void Traffic::RemoveWriter(PartitionId partition, NodeId writer) {
  Lane& lane = lanes_.at(partition);
  const auto at = std::find_if(lane.queue.begin(), lane.queue.end(),
                               [&](const Generation& g) { return g.writer == writer; });
  FFT_CHECK(at != lane.queue.end() && !at->has_ended);
  at->has_ended = true;
  if (at->readers.empty()) lane.queue.erase(at);
  while (!lane.queue.empty() && lane.queue.front().has_ended) {
    lane.live_readers.TakeAll(lane.queue.front().readers);
    lane.queue.erase(lane.queue.begin());
  }
  Changed(partition);
}

void Traffic::RemoveReader(PartitionId partition, NodeId writer, NodeId reader) {
  Lane& lane = lanes_.at(partition);
  const auto at = std::find_if(lane.queue.begin(), lane.queue.end(),
                               [&](const Generation& g) { return writer && g.writer == writer; });
  Readers& readers = at == lane.queue.end() ? lane.live_readers : at->readers;
  readers.Remove(reader);
  if (readers.empty() && at != lane.queue.end() && at->has_ended) lane.queue.erase(at);
  Changed(partition);
}

bool Traffic::MayWrite(PartitionId partition, NodeId writer) const {
  const Lane& lane = lanes_.at(partition);
  return lane.queue.front().writer == writer && lane.live_readers.empty() && lane.queries == 0 &&
         !lane.is_written;
}

bool Traffic::MayQuery(PartitionId partition) const {
  const auto at = lanes_.find(partition);
  return at == lanes_.end() || !at->second.is_written;
}

void Traffic::BeginWrite(PartitionId partition) { lanes_[partition].is_written = true; }

void Traffic::EndWrite(PartitionId partition) {
  lanes_.at(partition).is_written = false;
  Changed(partition);
}

void Traffic::BeginQuery(PartitionId partition) { ++lanes_[partition].queries; }

void Traffic::EndQuery(PartitionId partition) {
  --lanes_.at(partition).queries;
  Changed(partition);
}

void Traffic::Park(PartitionId partition, NodeId node) { lanes_[partition].parked.push_back(node); }

std::vector<NodeId> Traffic::TakeWoken() { return std::exchange(woken_, {}); }

NodeId Traffic::Blocker(PartitionId partition, NodeId writer) const {
  const auto at = lanes_.find(partition);
  if (at == lanes_.end() || at->second.queue.empty()) return {};
  const NodeId first = at->second.queue.front().writer;
  return first == writer ? NodeId{} : first;
}

std::vector<NodeId> Traffic::LiveReaders(PartitionId partition) const {
  const auto at = lanes_.find(partition);
  return at == lanes_.end() ? std::vector<NodeId>() : at->second.live_readers.nodes();
}

void Traffic::Changed(PartitionId partition) {
  const auto at = lanes_.find(partition);
  if (at == lanes_.end()) return;
  Lane& lane = at->second;
  woken_.insert(woken_.end(), lane.parked.begin(), lane.parked.end());
  lane.parked.clear();
  if (lane.is_idle()) lanes_.erase(at);
}

}  // namespace fft
