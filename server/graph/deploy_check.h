#pragma once

#include "server/base/status.h"
#include "server/domain/job.h"

namespace fft {

/// Whether the worker moves what a job (a JobSpec, a JobFrame) makes to its ref below the root, as
/// a file or folder.
template <class Job>
bool IsMoved(const Job& job) {
  return job.runner == Runner::kExec && !job.is_in_place;
}

/// What a graph that compiles must hold besides in order to be deployed: that its jobs can leave
/// what they make, are told where, and that no two of them make the same.  Revisions that are
/// stored already are not asked.
///   INVALID_ARGUMENT  INVALID_GRAPH, AMBIGUOUS_REF
Status CheckDeploy(const GraphSpec& spec);

}  // namespace fft
