#include "server/store/page_token.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "server/base/digest.h"
#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr std::size_t kMarkDigits = 16;

std::string MarkOf(const std::string& list) { return ToHex(Sha256(list)).substr(0, kMarkDigits); }

}  // namespace

std::string MakePageToken(const std::string& list, const std::string& cursor) {
  std::string token = MarkOf(list);
  for (const char c : cursor) token += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return token;
}

StatusOr<std::string> CursorOf(const std::string& list, const PageRequest& page) {
  const std::string& token = page.after;
  if (token.empty()) return std::string();
  if (token.size() % 2 != 0 || !token.starts_with(MarkOf(list)))
    return InvalidField("page_token", "is not one of this list with this filter");
  std::string cursor;
  for (std::size_t at = kMarkDigits; at < token.size(); at += 2) {
    unsigned byte = 0;
    const auto read = std::from_chars(&token[at], &token[at] + 2, byte, 16);
    if (read.ptr != &token[at] + 2) return InvalidField("page_token", "is not a page token");
    cursor += static_cast<char>(byte);
  }
  return cursor;
}

std::string MakePageToken(const std::string& list, std::int64_t cursor) {
  return MakePageToken(list, std::to_string(cursor));
}

StatusOr<std::int64_t> NumberCursorOf(const std::string& list, const PageRequest& page,
                                      std::int64_t first) {
  const auto cursor = CursorOf(list, page);
  if (!cursor.ok()) return cursor.status();
  if (cursor->empty()) return first;
  std::int64_t number = 0;
  const char* end = cursor->data() + cursor->size();
  if (std::from_chars(cursor->data(), end, number).ptr != end || number < 0)
    return InvalidField("page_token", "is not a page token");
  return number;
}

std::size_t SizeOf(const PageRequest& page) {
  return static_cast<std::size_t>(std::clamp(page.size, 1, 10'000));
}

}  // namespace fft
