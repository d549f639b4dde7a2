#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/partition.h"
#include "server/plan/planner.h"
#include "server/schedule/schedule.h"

namespace fft {

/// The schedule and the lock under which the loop steps it; others look at it, briefly, under the
/// same lock.  Null while it is being reloaded.
struct SharedSchedule {
  mutable std::mutex mutex;
  std::unique_ptr<Schedule> schedule;
};

/// What planners see of a set of refs, copied out a few thousand at a time so that the loop is
/// never held up.  The whole is of no single moment: the schedule checks a plan's assumptions at
/// merge.
struct RefsNow {
  std::vector<Partition> partitions;  // parallel to the refs; id zero: unknown
  std::vector<RefNow> refs;           // parallel; points into `partitions`
};
StatusOr<RefsNow> LookAt(const SharedSchedule& shared, const std::string& ns,
                         const std::vector<std::string_view>& refs);

/// All refs of a namespace.
std::vector<std::string> KnownRefsOf(const SharedSchedule& shared, const std::string& ns);

}  // namespace fft
