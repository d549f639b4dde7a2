#pragma once

#include <optional>

#include "server/base/time.h"

namespace fft {

/// How long to wait before the next attempt: 50 ms, doubling to 5 s, with jitter; never less than
/// the daemon asks for.  A value of one thread.  Gives up once `patience` has been waited in vain.
class Backoff {
 public:
  explicit Backoff(Duration patience) : patience_(patience) {}

  /// None: enough was waited.  `luck` from 0 to 1 spreads clients that failed together.
  std::optional<Duration> Next(std::optional<Duration> asked_for, double luck);
  /// Something went well: start anew.
  void Reset();

 private:
  Duration patience_;
  Duration waited_{0};
  Duration step_{50};
};

}  // namespace fft
