#pragma once

#include <string>

#include "fft/build/v1/graphs.pb.h"

namespace fft {

/// A plan as a table: a row for each level, job and reason, with one output as an example; with
/// `is_verbose` a row for each node, hits included.  The sums stand below.
std::string PlanText(const build::v1::PlanBuildResponse& plan, bool is_verbose);

}  // namespace fft
