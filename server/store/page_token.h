#pragma once

#include <cstdint>
#include <string>

#include "server/app/ports.h"
#include "server/base/status.h"

namespace fft {

// Page tokens: where a page ended, and which list it was a page of.  `list` names the list with its
// filter, so that a token of one list is refused by another.

std::string MakePageToken(const std::string& list, const std::string& cursor);
/// Empty for the first page.  INVALID_ARGUMENT for what is no token of `list`.
StatusOr<std::string> CursorOf(const std::string& list, const PageRequest& page);

/// The same for lists that are ordered by a number; `first` for the first page.
std::string MakePageToken(const std::string& list, std::int64_t cursor);
StatusOr<std::int64_t> NumberCursorOf(const std::string& list, const PageRequest& page,
                                      std::int64_t first);

/// How many rows to give: at least one, at most 10,000.
std::size_t SizeOf(const PageRequest& page);

}  // namespace fft
