#pragma once

#include "server/base/time.h"

namespace fft {

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  TimePoint Now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace fft
