#pragma once

#include <filesystem>
#include <string>

#include "server/base/status.h"

namespace fft {

/// What a file that somebody wrote says; at most 3 MiB.  Errors read `FILE: what is wrong`.
StatusOr<std::string> ReadTextFile(const std::filesystem::path& path);

/// Makes `path` say `text`, and its folder where there is none: whole or not at all.
Status WriteTextFile(const std::filesystem::path& path, const std::string& text);

}  // namespace fft
