#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fft {

/// A SHA-256 digest (FIPS 180-4): 32 bytes.  All zeros means «none».
struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  explicit operator bool() const { return *this != Digest{}; }
  /// The 32 bytes as they go into a bytea column or a protobuf `bytes` field.
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// 64 lower-case hexadecimal digits.
std::string ToHex(const Digest& digest);
/// The first 12 hexadecimal digits: for people.
std::string ToShortHex(const Digest& digest);
/// None unless `hex` is exactly 64 hexadecimal digits.
std::optional<Digest> DigestFromHex(std::string_view hex);
/// None unless `raw` is exactly 32 bytes.
std::optional<Digest> DigestFromBytes(std::string_view raw);

Digest Sha256(std::string_view bytes);

/// SHA-256 over bytes that come in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void Update(std::string_view bytes);
  /// The digest of all that was given; the stream starts anew.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fft

template <>
struct std::hash<fft::Digest> {
  std::size_t operator()(const fft::Digest& digest) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, digest.bytes.data(), sizeof value);
    return value;
  }
};
