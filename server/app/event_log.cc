#include "server/app/event_log.h"

#include <algorithm>

#include "server/base/check.h"

namespace fft {

void EventLog::Restart(EventSeq last) {
  std::set<Reader*> woken;
  {
    const std::lock_guard lock(mutex_);
    events_.clear();
    last_ = last;
    woken.swap(parked_);
  }
  for (Reader* reader : woken) reader->Wake();
}

void EventLog::Append(const std::vector<EventPtr>& events) {
  if (events.empty()) return;
  std::set<Reader*> woken;
  {
    const std::lock_guard lock(mutex_);
    for (const EventPtr& event : events) {
      FFT_CHECK(event->seq.value == last_.value + 1);
      last_ = event->seq;
      events_.push_back(event);
    }
    while (events_.size() > kept_max_) events_.pop_front();
    woken.swap(parked_);
  }
  for (Reader* reader : woken) reader->Wake();
}

EventLog::Got EventLog::ReadOrPark(EventSeq after, std::size_t events_max,
                                   std::vector<EventPtr>* out, Reader& reader) {
  const std::lock_guard lock(mutex_);
  if (after >= last_) {
    parked_.insert(&reader);
    return Got::kParked;
  }
  const EventSeq oldest{last_.value - static_cast<std::int64_t>(events_.size()) + 1};
  if (after.value + 1 < oldest.value) return Got::kBehind;
  const auto begin = static_cast<std::size_t>(after.value + 1 - oldest.value);
  const auto end = std::min(events_.size(), begin + events_max);
  for (std::size_t i = begin; i < end; ++i) out->push_back(events_[i]);
  return Got::kEvents;
}

bool EventLog::Unpark(Reader& reader) {
  const std::lock_guard lock(mutex_);
  return parked_.erase(&reader) == 1;
}

EventSeq EventLog::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace fft
