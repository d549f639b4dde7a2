#pragma once

#include "client/worker/paths.h"
#include "client/worker/records.pb.h"

namespace fft {

/// Compares what the two executions of a configure run printed, and puts it into `report`; a
/// difference is the job's failure, CONFIGURE_UNSTABLE, and says at which line it begins.
void JudgeConfigure(const RunPlaces& places, build::v1::RunReport* report);

}  // namespace fft
