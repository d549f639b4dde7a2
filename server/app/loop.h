#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/app/ports.h"
#include "server/app/shared_schedule.h"
#include "server/base/status.h"
#include "server/schedule/schedule.h"

namespace fft {

/// The graph of a revision, for what is reloaded.
using SpecOf = std::function<StatusOr<std::shared_ptr<const GraphSpec>>(const std::string& graph,
                                                                        const Digest& revision)>;

/// The only writer of the schedule, without its thread: LoopThread turns it in the daemon, the
/// simulation turns it by hand.
///
/// Memory may run ahead of the store, but nobody outside hears of a change before it is committed.
/// When a commit fails, Forget() and Reload(): memory is a cache of committed rows.
class Loop {
 public:
  Loop(ScheduleOptions options, SharedSchedule& shared, Store& store, SpecOf spec_of)
      : options_(options), shared_(shared), store_(store), spec_of_(std::move(spec_of)) {}

  /// Takes the lead under a new epoch and loads what is committed.
  Status Reload(const std::string& holder, TimePoint now);
  void Forget();

  bool is_loaded() const { return shared_.schedule != nullptr; }
  Epoch epoch() const { return epoch_; }
  /// The last event that was committed when this was loaded.
  EventSeq loaded_event() const { return loaded_event_; }

  /// Only while loaded.
  void Step(const std::vector<Command>& commands, TimePoint now);
  Effects Settle(TimePoint now);

 private:
  StatusOr<Schedule::Specs> SpecsOf(const Snapshot& snapshot) const;

  const ScheduleOptions options_;
  SharedSchedule& shared_;
  Store& store_;
  const SpecOf spec_of_;
  Epoch epoch_;
  EventSeq loaded_event_;
};

}  // namespace fft
