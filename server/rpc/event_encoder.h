#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/domain/event.h"

namespace fft {

/// Events as they stand in a WatchResponse: tag, length and bytes of one `events` entry.
/// What many watchers are shown is encoded once: the newest are kept, up to a bound.
/// Safe from any thread.
class EventEncoder {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  explicit EventEncoder(std::size_t bytes_max = 16 << 20) : bytes_max_(bytes_max) {}

  /// Of an event as the log has it; one that names partitions is encoded by Encode().
  Bytes Shared(const EventPtr& event);
  /// `refs`: of the partitions that the event names.
  static std::string Encode(const Event& event, const std::vector<std::string>& refs);

 private:
  struct Entry {
    EventPtr event;
    Bytes bytes;
  };

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::map<std::int64_t, Entry> kept_;  // by number
  std::size_t kept_bytes_ = 0;
};

}  // namespace fft
