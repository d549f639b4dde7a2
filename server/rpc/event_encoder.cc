#include "server/rpc/event_encoder.h"

#include <utility>

#include "server/rpc/convert.h"

namespace fft {

namespace {

constexpr std::size_t kEventsMax = 4096;

}  // namespace

std::string EventEncoder::Encode(const Event& event, const std::vector<std::string>& refs) {
  v1::WatchResponse entry;
  ToProto(event, refs, entry.add_events());
  return entry.SerializeAsString();
}

EventEncoder::Bytes EventEncoder::Shared(const EventPtr& event) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(event->seq.value);
    if (found != kept_.end() && found->second.event == event) return found->second.bytes;
  }
  auto bytes = std::make_shared<const std::string>(Encode(*event, {}));
  const std::lock_guard lock(mutex_);
  Entry& entry = kept_[event->seq.value];
  if (entry.bytes != nullptr) kept_bytes_ -= entry.bytes->size();
  kept_bytes_ += bytes->size();
  entry = {.event = event, .bytes = bytes};
  while (!kept_.empty() && (kept_bytes_ > bytes_max_ || kept_.size() > kEventsMax)) {
    kept_bytes_ -= kept_.begin()->second.bytes->size();
    kept_.erase(kept_.begin());
  }
  return bytes;
}

}  // namespace fft
