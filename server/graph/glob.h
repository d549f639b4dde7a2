#pragma once

#include <string_view>

namespace fft {

/// Whether all of `text` matches: `*` any run of bytes, `/` too; `?` one UTF-8 character.
bool GlobMatches(std::string_view glob, std::string_view text);
bool IsGlob(std::string_view text);

}  // namespace fft
