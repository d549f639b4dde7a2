#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace fft {

/// A thread of its own (`watch`) that runs small tasks at their times: what a committer must not be
/// kept busy with, and what is to be tried again a little later.
///
/// Tasks run one after the other in the order of their times; they must not block.  Safe from any
/// thread.
class Pump {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using Task = std::function<void()>;

  Pump();
  ~Pump() { End(); }
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  void Soon(Task task) { At(Instant::min(), std::move(task)); }
  void At(Instant due, Task task);
  void After(std::chrono::milliseconds wait, Task task) { At(Now() + wait, std::move(task)); }
  /// Waits for the task that runs; drops what is still to come, and what comes later.
  void End();
  static Instant Now() { return std::chrono::steady_clock::now(); }

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Instant, Task> tasks_;
  bool is_ending_ = false;
  std::jthread thread_;
};

}  // namespace fft
