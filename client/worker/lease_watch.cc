#include "client/worker/lease_watch.h"

#include <ctime>

namespace fft {

std::int64_t BootMillis() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void LeaseWatch::SetLength(Duration length, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  NoteSilence(now);
  length_ms_ = length.count();
}

bool LeaseWatch::NoteSilence(std::int64_t now) {
  const bool was_long = heard_at_ >= 0 && now - heard_at_ > length_ms_;
  if (was_long) ++silences_;
  heard_at_ = now;
  return was_long;
}

bool LeaseWatch::Heard(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  return NoteSilence(now);
}

void LeaseWatch::Confirm(std::int64_t run, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  NoteSilence(now);
  confirmed_[run] = silences_;
}

void LeaseWatch::Revoke(std::int64_t run) {
  const std::lock_guard lock(mutex_);
  confirmed_.erase(run);
}

bool LeaseWatch::Holds(std::int64_t run, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto it = confirmed_.find(run);
  return it != confirmed_.end() && it->second == silences_ && now - heard_at_ <= length_ms_;
}

Duration LeaseWatch::SilentFor(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  return heard_at_ < 0 ? Duration(0) : Duration(now - heard_at_);
}

}  // namespace fft
