#include "server/schedule/traffic.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "server/base/check.h"

namespace fft {

const Traffic::Generation* Traffic::Lane::Find(NodeId writer) const {
  const auto is_its = [&](const Generation& g) { return std::abs(g.writer.value) == writer.value; };
  if (!writer) return nullptr;
  if (is_its(first)) return &first;
  if (later == nullptr) return nullptr;
  const auto at = std::find_if(later->begin(), later->end(), is_its);
  return at == later->end() ? nullptr : &*at;
}

Traffic::Generation* Traffic::Lane::Find(NodeId writer) {
  return const_cast<Generation*>(std::as_const(*this).Find(writer));
}

void Traffic::Remove(Lane& lane, Generation* generation) {
  if (lane.later == nullptr) {
    lane.first = {};
    return;
  }
  auto at = lane.later->begin();
  if (generation == &lane.first)
    lane.first = std::move(*at);
  else
    at += generation - &*at;
  lane.later->erase(at);
  if (lane.later->empty()) lane.later = nullptr;
}

NodeId Traffic::LastWriter(PartitionId partition) const {
  const auto at = lanes_.find(partition);
  if (at == lanes_.end()) return {};
  const Lane& lane = at->second;
  if (lane.later == nullptr) return lane.first.writer;
  const auto last = std::find_if(lane.later->rbegin(), lane.later->rend(),
                                 [](const Generation& g) { return !HasEnded(g); });
  return last == lane.later->rend() ? lane.first.writer : last->writer;
}

void Traffic::AddWriter(PartitionId partition, NodeId writer) {
  Lane& lane = lanes_[partition];
  if (!lane.first.writer) {
    lane.first.writer = writer;
    return;
  }
  if (lane.later == nullptr) lane.later = std::make_unique<std::vector<Generation>>();
  lane.later->emplace_back().writer = writer;
}

void Traffic::AddReader(PartitionId partition, NodeId writer, NodeId reader) {
  Lane& lane = lanes_[partition];
  Generation* const generation = lane.Find(writer);
  (generation == nullptr ? lane.live_readers : generation->readers).Add(reader);
}

void Traffic::RemoveWriter(PartitionId partition, NodeId writer) {
  Lane& lane = lanes_.at(partition);
  Generation* const ended = lane.Find(writer);
  FFT_CHECK(ended != nullptr && !HasEnded(*ended));
  ended->writer.value = -writer.value;
  if (ended->readers.empty()) Remove(lane, ended);
  while (HasEnded(lane.first)) {
    lane.live_readers.TakeAll(lane.first.readers);
    Remove(lane, &lane.first);
  }
  Changed(partition);
}

void Traffic::RemoveReader(PartitionId partition, NodeId writer, NodeId reader) {
  Lane& lane = lanes_.at(partition);
  Generation* const read = lane.Find(writer);
  Readers& readers = read == nullptr ? lane.live_readers : read->readers;
  readers.Remove(reader);
  if (readers.empty() && read != nullptr && HasEnded(*read)) Remove(lane, read);
  Changed(partition);
}

bool Traffic::MayWrite(PartitionId partition, NodeId writer) const {
  const Lane& lane = lanes_.at(partition);
  return lane.first.writer == writer && lane.live_readers.empty() && lane.queries == 0 &&
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
  if (at == lanes_.end()) return {};
  const NodeId first = at->second.first.writer;
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
