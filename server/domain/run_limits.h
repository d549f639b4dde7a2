#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/time.h"

namespace fft {

/// What bounds a run and decides whether it is tried again.  Not a fact: changes no key.
struct RunLimits {
  int attempts_max = 3;            // for retriable outcomes
  Duration wall_max{3'600'000};    // then SIGTERM
  Duration kill_after{10'000};     // then SIGKILL
  std::int64_t memory_max = 0;     // bytes; 0: no limit
  std::int64_t log_max = 1 << 20;  // bytes of log that are kept
  int slots = 1;
  std::vector<std::string> worker_labels;  // all of them must be the worker's
  std::vector<std::string> pools;          // a place in each, for as long as it runs; sorted
  std::int64_t scan_max = 0;               // bytes that a query may yield, by estimate; 0: any
  auto operator<=>(const RunLimits&) const = default;
};

}  // namespace fft
