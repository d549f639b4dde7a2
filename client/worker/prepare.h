#pragma once

#include <string>

#include "client/worker/paths.h"
#include "client/worker/records.pb.h"
#include "client/worker/run_folders.h"
#include "server/base/status.h"

namespace fft {

/// Makes what a run finds when it starts, as docs/worker.md describes it, and the order that starts
/// it.  `files`: the folder of its frozen files.  `turn`: 1 for the second execution of a configure
/// run.  `service`: of the daemon, for what it leaves in a warehouse.  INVALID_ARGUMENT: the job's
/// fault; UNAVAILABLE: this worker's.
StatusOr<worker::Start> PrepareRun(RunFolders& folders, const build::v1::Grant& grant,
                                   const RunPlaces& places, const std::string& files, int turn,
                                   const std::string& service);

}  // namespace fft
