#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include <sys/types.h>

#include "server/base/status.h"
#include "server/base/time.h"
#include "server/daemon/descriptor.h"

namespace fft {

/// Sees to it that a process is always there: when it ends, `revive` is called, at once the first
/// time and after ever longer pauses (0.1 s to 10 s) when it does not last.
///
/// Owns a thread, which alone calls `revive`.  It keeps trying for ever: what fails is logged.
/// Destroying it leaves the process alone.
class Keeper {
 public:
  /// Returns a process that runs, its own child or not.
  using Revive = std::function<StatusOr<pid_t>()>;

  /// `name` is the log's word for the process, `pid` what runs now.
  Keeper(std::string name, pid_t pid, Revive revive);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Revives no more; the process stays as it is.  Idempotent.
  void Stop();

  /// Of the process that runs, or of the last one.
  pid_t pid() const { return pid_; }
  /// How often it was revived.
  int revivals() const { return revivals_; }

 private:
  void Run();
  /// True when it is to go on; false: stopped.
  bool Pause(Duration pause) const;

  const std::string name_;
  const Revive revive_;
  std::atomic<pid_t> pid_;
  std::atomic<int> revivals_ = 0;
  std::atomic<bool> is_stopping_ = false;
  const Descriptor wake_;  // an eventfd
  std::jthread thread_;
};

}  // namespace fft
