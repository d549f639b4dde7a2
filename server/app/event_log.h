#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <set>
#include <vector>

#include "server/domain/event.h"

namespace fft {

/// The newest committed events in order, and the readers that wait for the next one.
///
/// Holds the last `kept_max` events; whoever is further behind reads the rest from Library and
/// comes back.  Safe from any thread.  A slow reader costs nothing here: it holds only its cursor.
class EventLog {
 public:
  /// Somebody who has read everything.  Wake() comes once per parking, from the committer's thread,
  /// with no lock held.
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void Wake() = 0;
  };

  enum class Got {
    kEvents,  // `out` holds the next ones
    kParked,  // there is nothing after the cursor: Wake() will come
    kBehind,  // the next one is older than what is held: read it from Library
  };

  explicit EventLog(std::size_t kept_max) : kept_max_(kept_max) {}

  /// Forgets all: the next event is the one after `last`.
  void Restart(EventSeq last);
  /// `events` follow the last one without a gap.
  void Append(const std::vector<EventPtr>& events);

  Got ReadOrPark(EventSeq after, std::size_t events_max, std::vector<EventPtr>* out,
                 Reader& reader);
  /// True when `reader` was parked: it now never wakes.  False: it is awake, or about to be.
  bool Unpark(Reader& reader);

  EventSeq last() const;

 private:
  const std::size_t kept_max_;
  mutable std::mutex mutex_;
  std::deque<EventPtr> events_;  // gapless; the last one is last_
  EventSeq last_;
  std::set<Reader*> parked_;
};

}  // namespace fft
