#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "server/base/status.h"

namespace fft {

/// Carries runs' logs to the daemon while they grow, every 200 ms, and once more at their end.  One
/// thread of its own; the calls are safe from any thread.  What can't be delivered is tried again,
/// unless the daemon refuses it for good.
class LogPusher {
 public:
  using Push = std::function<Status(std::int64_t run, std::int64_t offset, const std::string&)>;
  /// `finished` is called on the pusher's thread when a log that was finished has been delivered.
  LogPusher(Push push, std::function<void(std::int64_t run)> finished);
  ~LogPusher();

  void Watch(std::int64_t run, const std::string& path);
  /// The log will not grow any more.
  void Finish(std::int64_t run);
  void Drop(std::int64_t run);

 private:
  struct Log {
    std::string path;
    std::int64_t offset = 0;
    bool is_finished = false;
  };
  void Work(const std::stop_token& stop);
  /// True when all there is was delivered, or refused for good.
  bool PushOne(std::int64_t run, Log* log);

  const Push push_;
  const std::function<void(std::int64_t)> finished_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_hurried_ = false;
  std::map<std::int64_t, Log> logs_;
  std::jthread thread_;
};

}  // namespace fft
