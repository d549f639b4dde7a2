#pragma once

#include <string>
#include <vector>

#include "server/app/ports.h"

namespace fft {

/// Why a node was, is, or would be run or not, in words: the conclusion first, then its evidence, a
/// line each.
std::vector<std::string> Explain(const NodeInBuild& seen);

}  // namespace fft
