#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/base/time.h"

namespace fft {

/// A length of time as people write it: `10s`, `5m`, `1h30m`, `250ms`, `2d`.  Units: d h m s ms,
/// each at most once and in this order.  None when it is not one, or is longer than 10,000 days.
std::optional<Duration> ParseDuration(std::string_view text);

/// A number of bytes as people write it: `512MiB`, `5GB`, `100B`, `4096`.  Units: B, KB MB GB TB
/// (thousands), KiB MiB GiB TiB (1,024s).  None when it is not one, or does not fit.
std::optional<std::int64_t> ParseSize(std::string_view text);

}  // namespace fft
