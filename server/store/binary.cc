#include "server/store/binary.h"

#include <array>
#include <bit>
#include <cstring>

#include "server/base/check.h"

namespace fft::pg {

namespace {

constexpr std::int64_t kMillisAtYear2000 = 946'684'800'000;

template <class Int>
void AppendSwapped(std::string& out, Int value) {
  std::array<char, sizeof value> bytes{};
  for (std::size_t i = 0; i < sizeof value; ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (sizeof value - 1 - i)));
  out.append(bytes.data(), bytes.size());
}

template <class Int>
Int ReadSwapped(const char* at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i)
    value = (value << 8) | static_cast<unsigned char>(at[i]);
  return static_cast<Int>(value);
}

/// Bytes of the UTF-8 sequence at the start of `text` (RFC 3629); 0: it is not one, or is NUL.
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return first == 0 ? 0 : 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::uint32_t ArrayOf(Type element) {
  switch (element) {
    case kBool: return 1000;
    case kBytea: return 1001;
    case kInt2: return 1005;
    case kInt4: return 1007;
    case kText: return 1009;
    case kInt8: return 1016;
    case kTimestamptz: return 1185;
    case kJson:
    case kJsonb: break;
  }
  FFT_CHECK(false);
}

void AppendInt16(std::string& out, std::int16_t value) { AppendSwapped(out, value); }
void AppendInt32(std::string& out, std::int32_t value) { AppendSwapped(out, value); }
void AppendInt64(std::string& out, std::int64_t value) { AppendSwapped(out, value); }
void AppendTime(std::string& out, TimePoint at) {
  AppendInt64(out, (ToMillis(at) - kMillisAtYear2000) * 1000);
}

void AppendArrayHeader(std::string& out, std::int32_t count, bool has_null, std::uint32_t element) {
  AppendInt32(out, count == 0 ? 0 : 1);  // dimensions
  AppendInt32(out, has_null ? 1 : 0);
  AppendInt32(out, static_cast<std::int32_t>(element));
  if (count == 0) return;
  AppendInt32(out, count);
  AppendInt32(out, 1);  // the lowest subscript
}

std::int16_t ReadInt16(const char* at) { return ReadSwapped<std::int16_t>(at); }
std::int32_t ReadInt32(const char* at) { return ReadSwapped<std::int32_t>(at); }
std::int64_t ReadInt64(const char* at) { return ReadSwapped<std::int64_t>(at); }
TimePoint ReadTime(const char* at) {
  const std::int64_t micros = ReadInt64(at);
  return FromMillis((micros >= 0 ? micros : micros - 999) / 1000 + kMillisAtYear2000);
}

bool IsCleanText(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = SequenceLength(text.substr(at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string CleanText(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = SequenceLength(text.substr(at));
    if (length == 0)
      clean += "\xEF\xBF\xBD";
    else
      clean += text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return clean;
}

}  // namespace fft::pg
