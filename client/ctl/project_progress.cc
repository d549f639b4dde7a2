#include "client/ctl/project_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/progress_printer.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr std::size_t kMessageLinesMax = 10;

std::int64_t Millis(TimePoint from, TimePoint to) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<Duration>(to - from).count());
}

}  // namespace

ProjectProgress::ProjectProgress(std::ostream& out, const std::vector<Model>& models,
                                 std::function<void(std::int64_t)> on_run)
    : out_(out), on_run_(std::move(on_run)) {
  for (const Model& model : models) {
    level_of_[model.name] = model.level;
    levels_.resize(std::max(levels_.size(), static_cast<std::size_t>(model.level) + 1));
    levels_[static_cast<std::size_t>(model.level)].names.push_back(model.name);
    results_[model.name].status = ModelResult::Status::kCancelled;
  }
  for (Level& level : levels_) {
    std::ranges::sort(level.names);
    level.left = static_cast<int>(level.names.size());
  }
}

std::string ProjectProgress::Line(const char* mark, const std::string& name) const {
  return fmt::format("{} L{:02} [PG] {}", mark, level_of_.at(name) + 1, name);
}

void ProjectProgress::Take(const v1::WatchResponse& message, TimePoint) {
  for (const v1::Event& event : message.events()) Take(event);
  out_.flush();
}

void ProjectProgress::Take(const v1::Event& event) {
  const TimePoint at = ToTimePoint(event.time());
  switch (event.what_case()) {
    case v1::Event::kBuildChanged: TakeBuild(event.build_changed().build()); break;
    case v1::Event::kNodesAttached:
      for (const auto& change : event.nodes_attached().changes()) {
        if (!level_of_.contains(change.job())) continue;
        pending_[change.job()] = true;
        TakeChange(change, change.state(), at);
      }
      break;
    case v1::Event::kNodesChanged:
      FindSkipped();
      for (const auto& change : event.nodes_changed().changes())
        if (level_of_.contains(change.job())) TakeChange(change, event.nodes_changed().state(), at);
      break;
    case v1::Event::kNodesWithdrawn:
      for (const auto& change : event.nodes_withdrawn().changes())
        if (level_of_.contains(change.job())) TakeChange(change, v1::NODE_CANCELLED, at);
      break;
    default: break;
  }
  TellLevels();
}

void ProjectProgress::TakeBuild(const v1::Build& build) {
  const v1::NodeCounts& counts = build.counts();
  if (build.state() < v1::BUILD_SUCCEEDED) return;
  // A plan that failed has skipped nothing.
  if (counts.total() > 0 || build.state() == v1::BUILD_SUCCEEDED) FindSkipped();
  TellLevels();
  ended_ = build;
  for (; told_ < levels_.size(); ++told_)  // what began and did not end
    if (levels_[told_].ok + levels_[told_].failed > 0) SumUp(told_);
  out_ << EndLine(build) << '\n';
  if (build.state() == v1::BUILD_SUCCEEDED) return;
  if (!build.reason().empty() && build.reason() != "NONE")
    out_ << fmt::format("  {}\n", build.reason());
  out_ << FirstLines(build.message(), kMessageLinesMax, "  ");
}

// Whoever is not attached when the first node moves is a hit.
void ProjectProgress::FindSkipped() {
  if (std::exchange(is_skipping_known_, true)) return;
  for (Level& level : levels_)
    for (const std::string& name : level.names) {
      if (pending_.contains(name)) continue;
      level.skipped.push_back(name);
      --level.left;
      results_[name].status = ModelResult::Status::kSkipped;
    }
  TellSkipped(told_);
}

void ProjectProgress::TakeChange(const v1::NodeChange& change, v1::NodeState state, TimePoint at) {
  const std::string& name = change.job();
  ModelResult& result = results_[name];
  const auto pending = pending_.find(name);
  if (pending == pending_.end() || !pending->second) return;
  if (change.run() != 0) result.run = change.run();
  Level& level = levels_[static_cast<std::size_t>(level_of_.at(name))];
  if (state == v1::NODE_RUNNING) {
    result.started = at;
    if (!level.began) level.began = at;
    out_ << Line("▶", name) << '\n';
  }
  if (state < v1::NODE_SUCCEEDED) return;
  pending->second = false;
  const bool has_run = state == v1::NODE_SUCCEEDED || state == v1::NODE_FAILED;
  if (result.run != 0 && on_run_ && has_run) on_run_(result.run);
  result.message = change.message();
  if (result.started == TimePoint{}) result.started = at;
  const std::int64_t ms = Millis(result.started, at);
  switch (state) {
    case v1::NODE_SUCCEEDED:
      ++level.ok;
      out_ << Line("✓", name) << fmt::format(" ({} ms)\n", ms);
      return End(name, ModelResult::Status::kSucceeded, at);
    case v1::NODE_SKIPPED:
      level.skipped.push_back(name);
      result.run = 0;
      TellSkipped(name);
      return End(name, ModelResult::Status::kSkipped, at);
    case v1::NODE_FAILED:
      // What was not reached for another's failure is told by that one.
      if (change.reason() == "UPSTREAM_FAILED")
        return End(name, ModelResult::Status::kCancelled, at);
      ++level.failed;
      out_ << Line("✖", name) << fmt::format(" ({} ms)\n", ms)
           << FirstLines(change.message(), kMessageLinesMax, "    ");
      return End(name, ModelResult::Status::kFailed, at);
    default: return End(name, ModelResult::Status::kCancelled, at);
  }
}

void ProjectProgress::End(const std::string& name, ModelResult::Status status, TimePoint at) {
  Level& level = levels_[static_cast<std::size_t>(level_of_.at(name))];
  results_[name].status = status;
  results_[name].ended = at;
  --level.left;
  level.ended = at;
  if (status == ModelResult::Status::kCancelled) ++level.cancelled;
}

void ProjectProgress::TellLevels() {
  while (is_skipping_known_ && told_ < levels_.size() && levels_[told_].left == 0) {
    const Level& level = levels_[told_];
    if (level.cancelled == static_cast<int>(level.names.size())) return;
    SumUp(told_);
    TellSkipped(++told_);
  }
}

void ProjectProgress::SumUp(std::size_t number) {
  const Level& level = levels_[number];
  out_ << fmt::format("— L{:02} summary: ok={} failed={} skipped={} {} ms\n", number + 1, level.ok,
                      level.failed, level.skipped.size(),
                      level.began && level.ended ? Millis(*level.began, *level.ended) : 0);
}

void ProjectProgress::TellSkipped(std::size_t level) {
  if (level >= levels_.size()) return;
  for (const std::string& name : levels_[level].skipped) TellSkipped(name);
}

void ProjectProgress::TellSkipped(const std::string& name) {
  out_ << Line("↻", name) << " skipped (cache)\n";
}

}  // namespace fft
