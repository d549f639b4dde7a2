#include "server/app/retention.h"

#include <algorithm>
#include <utility>

namespace fft {

namespace {

constexpr int kEventsMax = 5'000;
constexpr int kLogsMax = 200;
constexpr int kBuildsMax = 100;
constexpr int kPartitionsMax = 20'000;
constexpr int kRunsMax = 5'000;
constexpr int kNodesMax = 5'000;

}  // namespace

StatusOr<bool> Retention::Step(TimePoint now) {
  const auto dropped = DropSome(now);
  if (!dropped.ok() || *dropped) return dropped;
  if (phase_ == Phase::kRest && (now < next_walk_ || options_.builds == Duration(0))) return false;
  if (const Status walked = WalkOn(now); !walked.ok()) {
    phase_ = Phase::kRest;  // from the beginning: what is live may have changed
    next_walk_ = {};
    return walked;
  }
  return true;
}

StatusOr<bool> Retention::DropSome(TimePoint now) {
  std::int64_t dropped = 0;
  const auto drop = [&](Duration kept, int most, auto method) -> Status {
    if (kept == Duration(0)) return Ok();
    const auto done = (archive_.*method)(now - kept, most);
    if (done.ok()) dropped += *done;
    return done.status();
  };
  Status status = drop(options_.events, kEventsMax, &Archive::DropEvents);
  if (status.ok()) status = drop(options_.logs, kLogsMax, &Archive::DropLogs);
  if (status.ok()) status = drop(options_.builds, kBuildsMax, &Archive::DropBuilds);
  if (!status.ok()) return status;
  return dropped > 0;
}

Status Retention::WalkOn(TimePoint now) {
  switch (phase_) {
    case Phase::kRest: return BeginWalk(now);
    case Phase::kLive: return ReadLive();
    case Phase::kRuns: return ReadRuns();
    case Phase::kNodes: return DropNodes();
  }
  return Ok();
}

Status Retention::BeginWalk(TimePoint now) {
  next_walk_ = now + options_.history_every;
  before_ = now - options_.builds;
  auto shown = archive_.ListShown(before_);
  if (!shown.ok()) return shown.status();
  shown_ = *std::move(shown);
  std::sort(shown_.begin(), shown_.end());
  kept_.clear();
  partition_ = {};
  phase_ = Phase::kLive;
  return Ok();
}

// The number of the last run is read after all that is live: who was granted since then reads what
// is live now, or newer, and that does not go in this walk.
Status Retention::ReadLive() {
  const auto page = archive_.ListLive(partition_, kPartitionsMax);
  if (!page.ok()) return page.status();
  kept_.insert(page->runs.begin(), page->runs.end());
  partition_ = page->last;
  if (partition_) return Ok();
  const auto last = archive_.LastRun();
  if (!last.ok()) return last.status();
  below_ = RunId{last->value + 1};
  phase_ = Phase::kRuns;
  return Ok();
}

Status Retention::ReadRuns() {
  const auto page = archive_.ListRunsBelow(below_, kRunsMax);
  if (!page.ok()) return page.status();
  std::vector<RunId> old;
  for (const OldRun& run : *page) {
    const bool is_shown = std::binary_search(shown_.begin(), shown_.end(), run.node);
    if (kept_.erase(run.run) > 0 || run.ended_at >= before_ || is_shown)
      kept_.insert(run.input_runs.begin(), run.input_runs.end());
    else
      old.push_back(run.run);
    below_ = run.run;
  }
  if (!old.empty())
    if (const Status dropped = archive_.DropRuns(old); !dropped.ok()) return dropped;
  if (!page->empty()) return Ok();
  node_ = {};
  phase_ = Phase::kNodes;
  return Ok();
}

Status Retention::DropNodes() {
  const auto dropped = archive_.DropNodes(before_, shown_, kNodesMax, &node_);
  if (!dropped.ok()) return dropped.status();
  if (node_) return Ok();
  phase_ = Phase::kRest;
  kept_.clear();
  shown_.clear();
  return Ok();
}

}  // namespace fft
