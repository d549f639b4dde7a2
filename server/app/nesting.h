#pragma once

#include <string>

#include "server/app/library.h"
#include "server/app/shared_schedule.h"
#include "server/domain/plan.h"
#include "server/graph/compiled_graph.h"

namespace fft {

/// That no output that a process of `plan` is to make lies in another one of the plan, or in one
/// that is there, or has one in it: each is moved to its ref as a whole, and what lies in it goes.
/// Refs that no job of the graph makes any more do not count.
///   FAILED_PRECONDITION  INVALID_GRAPH, metadata `ref`, `within` and `job`
Status CheckNesting(Library& library, const SharedSchedule& shared, const CompiledGraph& graph,
                    const std::string& ns, const Plan& plan);

}  // namespace fft
