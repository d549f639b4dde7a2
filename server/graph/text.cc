#include "server/graph/text.h"

#include <fmt/format.h>

namespace fft {

namespace {

constexpr std::size_t kQuotedMax = 64;

// Bytes of the character at the beginning of `text`; 0 when it is malformed or a control character.
std::size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tails = [&](std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i)
      if ((byte(i) & 0xC0U) != 0x80U) return false;
    return true;
  };
  const unsigned head = byte(0);
  if (head < 0x80) return head >= 0x20 && head != 0x7F ? 1 : 0;
  if (head >= 0xC2 && head <= 0xDF && tails(1)) return head == 0xC2 && byte(1) < 0xA0 ? 0 : 2;
  if (head >= 0xE0 && head <= 0xEF && tails(2)) {
    const bool is_overlong = head == 0xE0 && byte(1) < 0xA0;
    const bool is_surrogate = head == 0xED && byte(1) >= 0xA0;
    return is_overlong || is_surrogate ? 0 : 3;
  }
  if (head >= 0xF0 && head <= 0xF4 && tails(3)) {
    const bool is_outside = (head == 0xF0 && byte(1) < 0x90) || (head == 0xF4 && byte(1) >= 0x90);
    return is_outside ? 0 : 4;
  }
  return 0;
}

}  // namespace

bool IsText(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = CharacterBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string Quote(std::string_view text) {
  std::string quoted = "'";
  std::size_t at = 0;
  while (at < text.size() && at < kQuotedMax) {
    const std::size_t bytes = CharacterBytes(text.substr(at));
    if (bytes == 0)
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    else
      quoted += text.substr(at, bytes);
    at += bytes == 0 ? 1 : bytes;
  }
  return quoted + (at < text.size() ? "...'" : "'");
}

}  // namespace fft
