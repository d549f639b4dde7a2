#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace fft {

/// A string of which a million are kept: eight bytes and what it holds, nothing where it is empty.
/// No room to grow.
class Text {
 public:
  Text() = default;
  Text(std::string_view text) {  // NOLINT(google-explicit-constructor): it is a string
    if (text.empty()) return;
    std::size_t digits = 1;
    for (std::size_t rest = text.size(); rest >= kMore; rest /= kMore) ++digits;
    bytes_ = std::make_unique_for_overwrite<char[]>(digits + text.size());
    char* out = bytes_.get();
    std::size_t rest = text.size();
    for (; rest >= kMore; rest /= kMore) *out++ = static_cast<char>(rest % kMore + kMore);
    *out++ = static_cast<char>(rest);
    std::memcpy(out, text.data(), text.size());
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
    const char* in = bytes_.get();
    std::size_t length = 0;
    for (int shift = 0;; shift += 7) {
      const auto digit = static_cast<unsigned char>(*in++);
      length += static_cast<std::size_t>(digit % kMore) << shift;
      if (digit < kMore) return {in, length};
    }
  }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  std::string str() const { return std::string(view()); }
  bool empty() const { return bytes_ == nullptr; }

  bool operator==(const Text& other) const { return view() == other.view(); }
  bool operator==(std::string_view other) const { return view() == other; }
  bool operator==(const std::string& other) const { return view() == other; }
  bool operator==(const char* other) const { return view() == other; }

 private:
  static constexpr unsigned kMore = 128;  // set: another digit of the length follows
  std::unique_ptr<char[]> bytes_;         // the length, seven bits a byte; then the text
};

}  // namespace fft
