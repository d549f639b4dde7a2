#include "server/app/read_pool.h"

#include <utility>

#include <fmt/format.h>
#include <pthread.h>

#include "server/base/error_details.h"

namespace fft {

void NameThread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

ReadPool::ReadPool(Library& library, int threads, std::size_t waiting_max)
    : library_(library), waiting_max_(waiting_max) {
  for (int i = 1; i <= threads; ++i)
    threads_.emplace_back([this, i] {
      NameThread(fmt::format("read-{}", i));
      Serve();
    });
}

ReadPool::~ReadPool() { Stop(); }

void ReadPool::Stop() {
  std::deque<Work> dropped;  // destroyed without the lock: works may own what asks again
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    dropped.swap(waiting_);
  }
  asked_.notify_all();
  threads_.clear();
}

Status ReadPool::Ask(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return Error(Code::kUnavailable, "the daemon is stopping");
    if (waiting_.size() >= waiting_max_)
      return WithDetails(
          Error(Code::kResourceExhausted, "{} reads are waiting already", waiting_.size()),
          {.reason = "READS_FULL", .metadata = {}, .fields = {}});
    waiting_.push_back(std::move(work));
  }
  asked_.notify_one();
  return Ok();
}

void ReadPool::Serve() {
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      asked_.wait(lock, [&] { return is_stopping_ || !waiting_.empty(); });
      if (is_stopping_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work(library_);
  }
}

}  // namespace fft
