#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/domain/change_set.h"

namespace fft {

/// How long the runs of a job take: a moving average over those that succeeded.  Kept in the
/// catalog.
struct LearnedDuration {
  std::string graph;
  std::string job;
  double ms = 0;
  bool is_known = false;  // it ran at least once
  bool is_noop = false;   // takes no time, and is not learned
  bool is_changed = false;

  /// Its length for an order: a job that never ran counts as a second.
  double expected_ms() const { return is_noop ? 0.01 : is_known ? ms : 1'000; }
};

/// A plain container, part of the schedule.
class Durations {
 public:
  /// Never moves as long as this lives.
  LearnedDuration& Of(const std::string& graph, const std::string& job, bool is_noop);
  void Learn(LearnedDuration& learned, double ms);
  void Restore(const std::vector<JobDuration>& rows);
  /// Those that changed since the last call.
  std::vector<JobDuration> TakeChanged();

 private:
  std::map<std::pair<std::string, std::string>, LearnedDuration> by_job_;
  std::vector<LearnedDuration*> changed_;
};

}  // namespace fft
