#include "server/schedule/readers.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "server/base/check.h"

namespace fft {

namespace {

bool IsBefore(NodeId a, NodeId b) { return std::abs(a.value) < std::abs(b.value); }

}  // namespace

void Readers::Add(NodeId reader) {
  FFT_CHECK(places_.empty() || !IsBefore(reader, places_.back()));
  places_.push_back(reader);
  ++left_;
}

void Readers::Remove(NodeId reader) {
  auto at = std::lower_bound(places_.begin(), places_.end(), reader, IsBefore);
  while (at != places_.end() && at->value == -reader.value) ++at;  // it read it twice
  FFT_CHECK(at != places_.end() && *at == reader);
  at->value = -reader.value;
  --left_;
  if (left_ < places_.size() / 2) Sweep();
}

void Readers::TakeAll(Readers& others) {
  Sweep();
  others.Sweep();
  std::vector<NodeId> all;
  all.reserve(places_.size() + others.places_.size());
  std::merge(places_.begin(), places_.end(), others.places_.begin(), others.places_.end(),
             std::back_inserter(all), IsBefore);
  places_ = all;
  left_ = places_.size();
  others = {};
}

std::vector<NodeId> Readers::nodes() const {
  std::vector<NodeId> nodes;
  nodes.reserve(left_);
  std::copy_if(places_.begin(), places_.end(), std::back_inserter(nodes),
               [](NodeId id) { return id.value > 0; });
  return nodes;
}

void Readers::Sweep() {
  erase_if(places_, [](NodeId id) { return id.value < 0; });
}

}  // namespace fft
