#pragma once

#include <string>
#include <vector>

#include "client/worker/paths.h"
#include "client/worker/publish.h"
#include "client/worker/records.pb.h"
#include "server/base/status.h"

namespace fft {

/// What a run that exited with 0 left: its report's outputs, and what is to be moved into place.
struct FoundOutputs {
  std::vector<build::v1::OutputReport> reports;  // parallel to the config's outputs
  std::vector<StagedOutput> staged;
  std::string metadata;
};

/// Looks at the staging folder and the manifest.  INVALID_ARGUMENT: not what the job declared, and
/// which output; UNAVAILABLE: this worker could not read it.
StatusOr<FoundOutputs> FindOutputs(const build::v1::Grant& grant, const RunPlaces& places);

}  // namespace fft
