#pragma once

#include <optional>
#include <string>

#include "server/app/ports.h"
#include "server/app/shared_schedule.h"
#include "server/domain/plan.h"
#include "server/graph/compiled_graph.h"

namespace fft {

/// A QUERY input of a planned node where no data is.
struct MissingQuery {
  std::string job;
  Input input;
  std::string uri;
};

/// What the nodes of `plan` are to read from outside of it and is not there: first what is
/// required, then what is awaited longest.  None: all is there.
StatusOr<std::optional<MissingQuery>> FindMissingQuery(const SharedSchedule& shared,
                                                       const CompiledGraph& graph,
                                                       const std::string& ns, const Plan& plan,
                                                       Prober& prober);

/// FAILED_PRECONDITION, QUERY_MISSING.
Status StatusOf(const MissingQuery& missing);

}  // namespace fft
