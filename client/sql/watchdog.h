#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "client/sql/session.h"

namespace fft::sql {

/// Cancels what a session does on the server when its time is up or it is to stop, again and again
/// until this is destroyed: a cancel that finds the session between two statements does nothing.
/// Has a thread of its own.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  Watchdog(const Session& session, Clock::time_point deadline, std::stop_token stop);

  enum class Reason { kNone, kDeadline, kStopped };
  /// Why it has begun to cancel; kNone: it has not.  Whoever sees another begins nothing more.
  Reason reason() const { return reason_; }

 private:
  void Watch(const std::stop_token& end, Clock::time_point deadline, const std::stop_token& stop);

  const Canceller canceller_;
  std::atomic<Reason> reason_ = Reason::kNone;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

}  // namespace fft::sql
