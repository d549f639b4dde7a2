#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace fft {

/// A string of which a million are kept: eight bytes and what it holds, nothing where it is empty.
/// Up to 4 GiB; no room to grow.
class Text {
 public:
  Text() = default;
  Text(std::string_view text) {  // NOLINT(google-explicit-constructor): it is a string
    if (text.empty()) return;
    bytes_ = std::make_unique_for_overwrite<char[]>(kLength + text.size());
    const auto length = static_cast<std::uint32_t>(text.size());
    std::memcpy(bytes_.get(), &length, kLength);
    std::memcpy(bytes_.get() + kLength, text.data(), text.size());
  }
  Text(const std::string& text) : Text(std::string_view(text)) {}  // NOLINT
  Text(const char* text) : Text(std::string_view(text)) {}         // NOLINT
  Text(const Text& other) : Text(other.view()) {}
  Text(Text&&) noexcept = default;
  Text& operator=(const Text& other) { return *this = Text(other.view()); }
  Text& operator=(Text&&) noexcept = default;
  ~Text() = default;

  std::string_view view() const {
    if (bytes_ == nullptr) return {};
    std::uint32_t length = 0;
    std::memcpy(&length, bytes_.get(), kLength);
    return {bytes_.get() + kLength, length};
  }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  std::string str() const { return std::string(view()); }
  bool empty() const { return bytes_ == nullptr; }

  bool operator==(const Text& other) const { return view() == other.view(); }
  bool operator==(std::string_view other) const { return view() == other; }
  bool operator==(const std::string& other) const { return view() == other; }
  bool operator==(const char* other) const { return view() == other; }

 private:
  static constexpr std::size_t kLength = sizeof(std::uint32_t);
  std::unique_ptr<char[]> bytes_;
};

}  // namespace fft
