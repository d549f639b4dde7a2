#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "server/base/digest.h"
#include "server/base/status.h"

namespace fft {

/// The files that a Python model finds where it runs: the project's below `project/`, our packages
/// below `python/`.
struct FftContext {
  std::string listing;  // as JobSpec.context wants it
  std::map<Digest, std::filesystem::path> files;
};

/// Leaves out profiles.yml, what begins with a dot, compiled Python and what tools make
/// (`__pycache__`, `node_modules`, `target`, `venv`).  INVALID_ARGUMENT names a file that is too
/// large, or can't be read.
StatusOr<FftContext> GatherContext(const std::filesystem::path& project,
                                   const std::filesystem::path& packages);

}  // namespace fft
