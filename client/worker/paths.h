#pragma once

#include <string>
#include <string_view>

#include "fft/build/v1/workers.pb.h"
#include "server/base/status.h"

namespace fft {

/// Whether `path` is relative and stays below the folder it is taken from: no empty, `.` or `..`
/// part, and none longer than 255 bytes.
bool IsPlainPath(std::string_view path);

/// The path of a file URI, which is not percent-decoded; any other URI as it is.
std::string PathOfUri(const std::string& uri);

/// The path of this very program.
std::string OwnProgram();

/// Where a run's things lie.
struct RunPlaces {
  std::string folder;   // DIR/runs/RUN
  std::string scratch;  // ... /scratch
  std::string root;     // where the namespace's outputs live
  std::string staging;  // ROOT/.fft/staging/RUN-EPOCH; empty: the run has no outputs to move
};
RunPlaces PlacesOf(const std::string& dir, const build::v1::Grant& grant);

/// INVALID_ARGUMENT when its outputs can't be paths below its root, and which.
Status CheckOutputPaths(const build::v1::Grant& grant);

}  // namespace fft
