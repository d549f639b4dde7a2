#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace fft {

/// A number that names one thing of one kind.  Ids of two kinds do not mix.  Zero names nothing.
template <class Kind>
struct Id {
  std::int64_t value = 0;
  auto operator<=>(const Id&) const = default;
  explicit operator bool() const { return value != 0; }
};

}  // namespace fft

template <class Kind>
struct std::hash<fft::Id<Kind>> {
  std::size_t operator()(const fft::Id<Kind>& id) const noexcept {
    // Fibonacci hashing: ids are dense, tables are powers of two.
    return static_cast<std::size_t>(static_cast<std::uint64_t>(id.value) * 0x9E3779B97F4A7C15ULL);
  }
};
