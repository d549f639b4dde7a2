#pragma once

#include <string>
#include <string_view>

namespace fft {

/// Percent-encoding (RFC 3986): what is not a letter, a digit or one of `-._~` becomes %XX.
std::string PercentEncoded(std::string_view text);

/// The reverse; a `%` that begins no such triple stays as it is.
std::string PercentDecoded(std::string_view text);

}  // namespace fft
