#pragma once

#include <string>
#include <string_view>

namespace fft {

/// Valid UTF-8 (RFC 3629) without control characters (C0, DEL, C1).
bool IsText(std::string_view text);

/// In single quotes for a message: at most the first 64 bytes, what is no text as `\xNN`.
std::string Quote(std::string_view text);

}  // namespace fft
