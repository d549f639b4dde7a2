#pragma once

#include <string>
#include <vector>

#include "server/schedule/schedule.h"

namespace fft {

/// What keeps a node that has not ended from running, a line each, with blockers by name: nodes and
/// who wants them, levels, generations, pools, limits, pauses, workers.  Empty: it runs or has
/// ended.
std::vector<std::string> WhyWaiting(const Schedule& schedule, NodeId id);

}  // namespace fft
