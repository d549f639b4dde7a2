#include "server/rpc/pump.h"

#include <utility>
#include <vector>

#include <pthread.h>

namespace fft {

Pump::Pump() : thread_([this] { Run(); }) { pthread_setname_np(thread_.native_handle(), "watch"); }

void Pump::End() {
  std::multimap<Instant, Task> dropped;  // what the tasks hold is let go without the lock
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    dropped.swap(tasks_);
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Pump::At(Instant due, Task task) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_ending_) return;
    is_first = tasks_.empty() || due < tasks_.begin()->first;
    tasks_.emplace(due, std::move(task));
  }
  if (is_first) changed_.notify_one();
}

void Pump::Run() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    if (tasks_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Instant now = Now();
    if (const Instant first = tasks_.begin()->first; first > now) {
      changed_.wait_until(lock, first);
      continue;
    }
    std::vector<Task> due;
    const auto end = tasks_.upper_bound(now);
    for (auto at = tasks_.begin(); at != end; ++at) due.push_back(std::move(at->second));
    tasks_.erase(tasks_.begin(), end);
    lock.unlock();
    for (Task& task : due) std::exchange(task, nullptr)();
    lock.lock();
  }
}

}  // namespace fft
