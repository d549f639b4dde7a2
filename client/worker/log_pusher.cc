#include "client/worker/log_pusher.h"

#include <chrono>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <pthread.h>

#include "client/worker/fd.h"

namespace fft {
namespace {

constexpr std::chrono::milliseconds kEvery{200};
constexpr std::size_t kPieceBytes = 64 << 10;

bool IsFinal(Code code) {
  return code == Code::kInvalidArgument || code == Code::kNotFound || code == Code::kOutOfRange ||
         code == Code::kPermissionDenied || code == Code::kFailedPrecondition ||
         code == Code::kUnimplemented;
}

}  // namespace

LogPusher::LogPusher(Push push, std::function<void(std::int64_t)> finished)
    : push_(std::move(push)),
      finished_(std::move(finished)),
      thread_([this](const std::stop_token& stop) { Work(stop); }) {}

LogPusher::~LogPusher() { thread_.request_stop(); }

void LogPusher::Watch(std::int64_t run, const std::string& path) {
  const std::lock_guard lock(mutex_);
  logs_.try_emplace(run, Log{path});
}

void LogPusher::Finish(std::int64_t run) {
  const std::lock_guard lock(mutex_);
  const auto it = logs_.find(run);
  if (it == logs_.end()) return;
  it->second.is_finished = true;
  is_hurried_ = true;
  changed_.notify_one();
}

void LogPusher::Drop(std::int64_t run) {
  const std::lock_guard lock(mutex_);
  logs_.erase(run);
}

void LogPusher::Work(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "logs");
  while (!stop.stop_requested()) {
    std::map<std::int64_t, Log> round;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kEvery, [this] { return is_hurried_; });
      is_hurried_ = false;
      round = logs_;
    }
    for (auto& [run, log] : round) {
      if (stop.stop_requested()) return;
      const bool is_through = PushOne(run, &log);
      bool is_done = false;
      {
        const std::lock_guard lock(mutex_);
        const auto it = logs_.find(run);
        if (it == logs_.end()) continue;
        it->second.offset = log.offset;
        // Finished before this round began, so that the round saw all of it.
        is_done = is_through && log.is_finished;
        if (is_done) logs_.erase(it);
      }
      if (is_done) finished_(run);
    }
  }
}

bool LogPusher::PushOne(std::int64_t run, Log* log) {
  const Fd fd(::open(log->path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return true;
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const ssize_t n = ::pread(fd.get(), piece.data(), kPieceBytes, log->offset);
    if (n <= 0) return true;
    piece.resize(static_cast<std::size_t>(n));
    const Status pushed = push_(run, log->offset, piece);
    if (!pushed.ok()) return IsFinal(pushed.code());
    log->offset += n;
    piece.resize(kPieceBytes);
  }
}

}  // namespace fft
