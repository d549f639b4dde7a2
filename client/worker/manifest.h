#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "server/base/status.h"

namespace fft {

/// What a job says of its outputs; see docs/worker.md for the form.
struct JobManifest {
  struct Output {
    std::int64_t rows = -1;   // -1: not told
    std::int64_t bytes = -1;  // -1: not told
    std::string uri;          // empty: the default place
  };
  std::map<std::string, Output> outputs;  // by ref; not all need be there
  std::string metadata;                   // one JSON object; empty: none
};

inline constexpr std::int64_t kManifestBytesMax = 1 << 20;
inline constexpr std::size_t kMetadataBytesMax = 64 << 10;

/// Merges the lines that a job printed (`said`: manifest, metric, event) with its manifest file,
/// which counts where both speak.  INVALID_ARGUMENT names what in it is no manifest or not true.
StatusOr<JobManifest> ParseManifest(std::string_view said, std::string_view file,
                                    const std::set<std::string>& declared);

}  // namespace fft
