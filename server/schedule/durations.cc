#include "server/schedule/durations.h"

#include <algorithm>

namespace fft {

namespace {
// The weight of the newest run in the average.
constexpr double kLearningRate = 0.2;
}  // namespace

LearnedDuration& Durations::Of(const std::string& graph, const std::string& job, bool is_noop) {
  const auto [at, is_new] = by_job_.try_emplace({graph, job});
  if (is_new) at->second = {.graph = graph, .job = job};
  at->second.is_noop = is_noop;
  return at->second;
}

void Durations::Learn(LearnedDuration& learned, double ms) {
  if (learned.is_noop) return;
  ms = std::max(0.1, ms);
  learned.ms = learned.is_known ? learned.ms + kLearningRate * (ms - learned.ms) : ms;
  learned.is_known = true;
  if (!std::exchange(learned.is_changed, true)) changed_.push_back(&learned);
}

void Durations::Restore(const std::vector<JobDuration>& rows) {
  for (const JobDuration& row : rows) {
    LearnedDuration& learned = Of(row.graph, row.job, false);
    learned.ms = row.ms;
    learned.is_known = true;
  }
}

std::vector<JobDuration> Durations::TakeChanged() {
  std::vector<JobDuration> rows;
  rows.reserve(changed_.size());
  for (LearnedDuration* learned : std::exchange(changed_, {})) {
    learned->is_changed = false;
    rows.push_back({learned->graph, learned->job, learned->ms});
  }
  return rows;
}

}  // namespace fft
