#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "server/base/time.h"

namespace fft {

/// Milliseconds since the machine started, asleep or not: a lease also ends while it sleeps.
std::int64_t BootMillis();

/// Which runs may touch their outputs now.  A run may while its lease was granted or adopted since
/// the daemon was last silent for too long.  Safe from any thread; `now` is BootMillis().
class LeaseWatch {
 public:
  void SetLength(Duration length, std::int64_t now);
  /// The leader spoke.  True when it had been silent for longer than a lease: no run holds any
  /// more.
  bool Heard(std::int64_t now);
  /// A run was granted, or adopted: it holds from here on.
  void Confirm(std::int64_t run, std::int64_t now);
  /// A run is to be stopped, or is over.
  void Revoke(std::int64_t run);
  bool Holds(std::int64_t run, std::int64_t now);
  Duration SilentFor(std::int64_t now);

 private:
  bool NoteSilence(std::int64_t now);

  std::mutex mutex_;
  std::int64_t length_ms_ = 15'000;
  std::int64_t heard_at_ = -1;
  std::int64_t silences_ = 0;                                 // longer than a lease
  std::unordered_map<std::int64_t, std::int64_t> confirmed_;  // by run: silences_ then
};

}  // namespace fft
