#pragma once

#include <vector>

#include "client/frontends/fastflowtransform/project.h"
#include "server/base/status.h"

namespace fft {

/// Gives each model its level, 0 where it depends on none, and sorts them by level and name. Errors
/// name what is there twice, what is not there, and what goes round in a circle.
Status OrderModels(std::vector<FftModel>& models);

}  // namespace fft
