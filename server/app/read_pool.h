#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/app/ports.h"
#include "server/base/status.h"

namespace fft {

/// Threads that do what may block: ordinary reads of the database, and whatever else must not hold
/// up the loop.  Ask() is safe from any thread.  Stops when destroyed; what still waits is dropped.
class ReadPool {
 public:
  using Work = std::function<void(Library&)>;

  ReadPool(Library& library, int threads, std::size_t waiting_max);
  ~ReadPool();

  /// RESOURCE_EXHAUSTED at once when too many wait already.
  Status Ask(Work work);
  /// Drops what waits, ends what is being done, takes nothing more.  Not from a thread of its own.
  void Stop();

 private:
  void Serve();

  Library& library_;
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<Work> waiting_;
  bool is_stopping_ = false;
  std::vector<std::jthread> threads_;
};

/// Gives the calling thread its name, as docs/threads.md lists it.
void NameThread(const std::string& name);

}  // namespace fft
