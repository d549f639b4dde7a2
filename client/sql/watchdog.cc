#include "client/sql/watchdog.h"

#include <pthread.h>

namespace fft::sql {

namespace {

constexpr std::chrono::milliseconds kAgainAfter{50};

}  // namespace

Watchdog::Watchdog(const Session& session, Clock::time_point deadline, std::stop_token stop)
    : canceller_(session.raw()) {
  if (stop.stop_requested()) reason_ = Reason::kStopped;
  thread_ = std::jthread([this, deadline, stop = std::move(stop)](const std::stop_token& end) {
    ::pthread_setname_np(::pthread_self(), "sql-watch");
    Watch(end, deadline, stop);
  });
}

void Watchdog::Watch(const std::stop_token& end, Clock::time_point deadline,
                     const std::stop_token& stop) {
  // Wakes the wait for a stop; that for the end is woken by the wait itself.
  const std::stop_callback wake(stop, [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const auto is_stopped = [&] { return stop.stop_requested(); };
  changed_.wait_until(lock, end, deadline, is_stopped);
  if (end.stop_requested()) return;
  reason_ = is_stopped() ? Reason::kStopped : Reason::kDeadline;
  while (!end.stop_requested()) {
    canceller_.Cancel();
    changed_.wait_for(lock, end, kAgainAfter, [] { return false; });
  }
}

}  // namespace fft::sql
