#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "server/base/status.h"

namespace fft {

using Variables = std::map<std::string, std::string>;

/// `.env`, `.env.local`, `.env.ENV` and `.env.ENV.local` of a project's folder, each over those
/// before it, and `real`, the variables of the process, over all.
///
/// A line is `NAME=VALUE`, `export NAME=VALUE`, `# comment` or blank.  A value is bare (blanks
/// around it and ` # comment` are cut), in '...' as it is, or in "..." with \n \t \" \\ \$; both
/// may go over lines.  ${NAME} and ${NAME:-VALUE} stand for what is known by then, but in '...'.  A
/// name alone sets nothing.  Errors read `FILE:LINE: what is wrong`.
StatusOr<Variables> ReadDotenv(const std::filesystem::path& project, const std::string& env,
                               const Variables& real);

}  // namespace fft
