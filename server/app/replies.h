#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/base/status.h"
#include "server/schedule/effects.h"

namespace fft {

/// The callers that wait for a command's commit.  Safe from any thread; calls back with no lock
/// held.
class Replies {
 public:
  using Waiting = std::function<void(const Answer&)>;

  ReplyId Add(Waiting waiting) {
    const std::lock_guard lock(mutex_);
    const ReplyId id{++last_};
    waiting_.emplace(id, std::move(waiting));
    return id;
  }

  /// False when nobody waits for it any more.
  bool Give(const Answer& answer) {
    Waiting waiting;
    {
      const std::lock_guard lock(mutex_);
      const auto at = waiting_.find(answer.reply);
      if (at == waiting_.end()) return false;
      waiting = std::move(at->second);
      waiting_.erase(at);
    }
    waiting(answer);
    return true;
  }

  /// Everybody who waits gets `why`: whether their command was committed is not known.
  void FailAll(const Status& why) {
    std::unordered_map<ReplyId, Waiting> failed;
    {
      const std::lock_guard lock(mutex_);
      failed.swap(waiting_);
    }
    for (const auto& [id, waiting] : failed) waiting({.reply = id, .status = why});
  }

 private:
  std::mutex mutex_;
  std::unordered_map<ReplyId, Waiting> waiting_;
  std::int64_t last_ = 0;
};

}  // namespace fft
