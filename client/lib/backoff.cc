#include "client/lib/backoff.h"

#include <algorithm>

namespace fft {

namespace {
constexpr Duration kFirst{50};
constexpr Duration kLongest{5'000};
}  // namespace

std::optional<Duration> Backoff::Next(std::optional<Duration> asked_for, double luck) {
  const Duration own(
      static_cast<Duration::rep>(static_cast<double>(step_.count()) * (0.75 + luck / 2)));
  const Duration wait = std::max(own, asked_for.value_or(Duration::zero()));
  step_ = std::min(step_ * 2, kLongest);
  if (waited_ + wait > patience_) return std::nullopt;
  waited_ += wait;
  return wait;
}

void Backoff::Reset() {
  waited_ = Duration::zero();
  step_ = kFirst;
}

}  // namespace fft
