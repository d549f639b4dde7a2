#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "server/domain/ids.h"

namespace fft {

/// A stream that a client reads or writes just now.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  /// The daemon stops: end soon.  From any thread.
  virtual void Stop() = 0;
  /// Of a watcher: the last event that it was shown or spared.
  virtual std::optional<EventSeq> Cursor() const { return std::nullopt; }
};

struct StreamsView {
  std::int64_t streams = 0;
  std::int64_t watchers = 0;
  std::int64_t lag_max = 0;  // events that the slowest watcher is behind
};

/// All streams that are open, so that they can be ended and counted, and how many other calls.
/// Safe from any thread.
class OpenStreams {
 public:
  /// False when the daemon is stopping: the stream is to end at once.
  bool Add(const std::shared_ptr<OpenStream>& stream);
  void Remove(OpenStream* stream);
  /// Stops all streams, and those that come later.
  void StopAll();
  bool is_stopping() const;
  void CallBegan();
  void CallEnded();
  /// False: some are open still at `deadline`.
  bool WaitUntilNone(std::chrono::steady_clock::time_point deadline) const;
  StreamsView View(EventSeq last) const;

 private:
  mutable std::mutex mutex_;
  std::map<OpenStream*, std::weak_ptr<OpenStream>> streams_;
  mutable std::condition_variable fewer_;
  std::int64_t calls_ = 0;
  bool is_stopping_ = false;
};

}  // namespace fft
