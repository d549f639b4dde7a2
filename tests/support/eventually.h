#pragma once

#include <chrono>

#include <poll.h>

namespace fft {

/// True as soon as `is_so()` is, false when it is not within half a minute.
template <class Predicate>
bool Eventually(const Predicate& is_so) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > until) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace fft
