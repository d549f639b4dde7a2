#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace fft {

/// Many senders, one receiver that takes all there is.  Full refuses at once; closed refuses all.
/// Safe from any thread.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t items_max) : items_max_(items_max) {}

  /// False when the queue is full or closed: `item` is then untouched.
  [[nodiscard]] bool TryPush(T&& item) { return Push(std::move(item), items_max_); }

  /// As TryPush(), but never full: for what must not be lost because others are loud.
  [[nodiscard]] bool PushUrgent(T&& item) { return Push(std::move(item), SIZE_MAX); }

  /// Waits until there is something, the queue is closed, Nudge() is called, or `wait` is over.
  std::vector<T> TakeAll(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, wait, [&] { return !items_.empty() || closed_ || nudged_; });
    nudged_ = false;
    return std::exchange(items_, {});
  }

  /// Wakes the receiver without an item.
  void Nudge() {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
    filled_.notify_one();
  }

  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_one();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  bool Push(T&& item, std::size_t items_max) {
    const std::lock_guard lock(mutex_);
    if (closed_ || items_.size() >= items_max) return false;
    items_.push_back(std::move(item));
    if (items_.size() == 1) filled_.notify_one();
    return true;
  }

  const std::size_t items_max_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<T> items_;
  bool closed_ = false;
  bool nudged_ = false;
};

}  // namespace fft
