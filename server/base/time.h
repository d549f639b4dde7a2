#pragma once

#include <chrono>
#include <cstdint>

namespace fft {

using Duration = std::chrono::milliseconds;
/// Milliseconds since the Unix epoch.  Only Clock makes one; everything else is handed one.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// The only source of time.  The daemon has SystemClock, the tests have SimClock.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

inline std::int64_t ToMillis(TimePoint at) { return at.time_since_epoch().count(); }
inline TimePoint FromMillis(std::int64_t ms) { return TimePoint(Duration(ms)); }

}  // namespace fft
