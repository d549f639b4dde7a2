#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <unordered_map>
#include <utility>

#include "client/ctl/follow.h"
#include "fft/build/v1/builds.pb.h"
#include "server/base/time.h"

namespace fft {

/// Tells a build's events in plain lines: how it began and ended, what failed and which log to
/// read, and in between at most one line a second; with `is_verbose` a line for every change of a
/// node.  Used by the thread that watches.  Events may come in any portions; each comes once.
class ProgressPrinter final : public Progress {
 public:
  /// What a node waits for, in words; empty when that is not known.
  using Why = std::function<std::string(std::int64_t node)>;

  /// `why` is asked when nothing runs and nothing has happened for a while; null: it is not told.
  ProgressPrinter(std::ostream& out, bool is_verbose, Why why = nullptr)
      : out_(out), is_verbose_(is_verbose), why_(std::move(why)) {}

  void Take(const build::v1::WatchResponse& message, TimePoint now) override;
  const std::optional<build::v1::Build>& ended() const override { return ended_; }

 private:
  struct Level {
    std::int64_t total = 0, done = 0, running = 0;
  };
  struct Seen {
    int level = 0;
    build::v1::NodeState state = build::v1::NODE_WAITING;
    bool is_job = true;  // a configure run has no outputs, and is not counted
  };

  void Take(const build::v1::Event& event);
  void TakeBuild(const build::v1::Build& build);
  void Attach(const build::v1::NodeChange& change);
  void Move(const build::v1::NodeChange& change, build::v1::NodeState state);
  void Count(const Seen& seen, int by);
  void TellCounts();
  void TellCounts(std::int64_t total, std::int64_t cached, std::int64_t left);
  void PrintChange(const build::v1::NodeChange& change, const Seen& seen);
  void PrintFailure(const build::v1::NodeChange& change);
  void PrintRetry(const build::v1::NodeChange& change);
  void PrintNote(const build::v1::NodeChange& change);
  void PrintSummary(TimePoint now);
  void PrintWhy();
  void PrintEnd(const build::v1::Build& build);

  std::ostream& out_;
  const bool is_verbose_;
  const Why why_;
  std::unordered_map<std::int64_t, Seen> nodes_;
  std::map<int, Level> levels_;
  Level all_;
  std::int64_t failed_ = 0;
  std::int64_t failures_hidden_ = 0;
  std::int64_t retries_ = 0;
  std::int64_t notes_ = 0;
  build::v1::NodeCounts counts_;  // when it began to execute
  std::int64_t attached_ = 0, cached_ = 0;
  bool is_counting_ = false;  // since then what it attaches to, and what is cached, is being told
  std::string joined_;        // told after that
  build::v1::BuildState state_ = build::v1::BUILD_STATE_UNSPECIFIED;
  std::string awaited_;  // what it said last that it waits for before it can run
  std::int64_t build_ = 0;
  bool is_changed_ = false;
  std::optional<TimePoint> began_;
  TimePoint summed_up_{};
  std::optional<build::v1::Build> ended_;
};

/// `build 7 succeeded: 3019 nodes, 120 ran, 2890 cached, 9 cut off, 0 failed in 2.1 s`.
std::string EndLine(const build::v1::Build& build);

}  // namespace fft
