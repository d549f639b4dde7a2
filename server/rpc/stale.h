#pragma once

#include <string>

#include <fft/build/v1/catalog.pb.h>

#include "server/app/service.h"

namespace fft {

/// One page of what a plan would run.  Each page is of a plan of its own: `page.after` names the
/// one before it, and must be of the same.
///   FAILED_PRECONDITION  PLAN_CHANGED: it is not; begin anew
Status FillStale(const PlanResult& made, const std::string& filter, const PageRequest& page,
                 build::v1::ListStaleResponse* response);

}  // namespace fft
