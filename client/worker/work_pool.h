#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

namespace fft {

/// Threads for work that blocks: downloads, digests, removals.  Jobs start in the order they come;
/// the destructor ends after those that have started and drops the others.  Safe from any thread.
class WorkPool {
 public:
  WorkPool(int threads, const std::string& name) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, label = (name + "-" + std::to_string(i)).substr(0, 15)] {
        ::pthread_setname_np(::pthread_self(), label.c_str());
        Work();
      });
    }
  }
  ~WorkPool() {
    {
      const std::lock_guard lock(mutex_);
      is_closed_ = true;
    }
    filled_.notify_all();
  }

  void Post(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    filled_.notify_one();
  }

 private:
  void Work() {
    while (true) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return is_closed_ || !jobs_.empty(); });
        if (is_closed_) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::function<void()>> jobs_;
  bool is_closed_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace fft
