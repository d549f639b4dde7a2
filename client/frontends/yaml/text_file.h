#pragma once

#include <filesystem>
#include <string>

#include "server/base/status.h"

namespace fft {

/// What a file that somebody wrote says; at most 3 MiB.  Errors read `FILE: what is wrong`.
StatusOr<std::string> ReadTextFile(const std::filesystem::path& path);

}  // namespace fft
