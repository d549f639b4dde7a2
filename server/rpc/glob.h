#pragma once

#include <string>
#include <string_view>

namespace fft {

/// Whether `text` is what `glob` describes: `*` any run of characters, slashes too, `?` one
/// character of UTF-8, all else itself.  Takes time in the product of both lengths at worst.
bool MatchesGlob(std::string_view glob, std::string_view text);

/// What every match of `glob` begins with.
std::string GlobPrefix(std::string_view glob);

}  // namespace fft
