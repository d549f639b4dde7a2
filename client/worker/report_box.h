#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "fft/build/v1/workers.pb.h"

namespace fft {

/// What the daemon is to be told of runs: starts once, outcomes until they are acknowledged.  All
/// that gathered while a message was under way goes into the next one.  The agent loop's alone.
class ReportBox {
 public:
  void AddStarted(std::int64_t run, std::int64_t at_ms);
  void Add(build::v1::RunReport report);
  /// True when there was a report of that run.
  bool Acknowledge(std::int64_t run) { return reports_.erase(run) == 1; }
  bool Contains(std::int64_t run) const { return reports_.contains(run); }

  bool HasNews() const { return !unsent_.empty() || !started_.empty(); }
  /// Puts as much as one message may hold into `message`.
  void Fill(std::int64_t now_ms, build::v1::WorkerMessage* message);

  /// The stream broke: whatever was not acknowledged may be lost.
  void SendAllAgain();
  /// Says again what was said before `before_ms` and not acknowledged.
  void SendOldAgain(std::int64_t before_ms);
  void SendAgain(std::int64_t run);

  std::vector<std::int64_t> runs() const;
  std::size_t size() const { return reports_.size(); }

 private:
  struct Entry {
    build::v1::RunReport report;
    std::int64_t sent_ms = -1;  // -1: it is in unsent_
  };
  std::unordered_map<std::int64_t, Entry> reports_;
  std::deque<std::int64_t> unsent_;
  std::vector<build::v1::RunStarted> started_;
};

}  // namespace fft
