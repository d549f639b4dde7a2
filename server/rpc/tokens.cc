#include "server/rpc/tokens.h"

#include <cstddef>
#include <cstdint>

#include <absl/strings/escaping.h>

#include "server/base/digest.h"
#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr std::size_t kMarkBytes = 8;
constexpr std::size_t kSumBytes = 4;
constexpr char kVersion = 1;

std::string Mark(std::string_view text, std::size_t bytes) {
  return std::string(Sha256(text).view().substr(0, bytes));
}

}  // namespace

std::string SealPage(std::string_view filter, const std::string& after) {
  if (after.empty()) return {};
  return absl::WebSafeBase64Escape(Mark(filter, kMarkBytes) + after);
}

std::string OpenPage(std::string_view filter, std::string_view token, Fields* fields) {
  if (token.empty()) return {};
  std::string raw;
  if (token.size() > 8192 || !absl::WebSafeBase64Unescape({token.data(), token.size()}, &raw) ||
      raw.size() <= kMarkBytes) {
    fields->Add("page_token", "is no token of this service");
    return {};
  }
  if (raw.substr(0, kMarkBytes) != Mark(filter, kMarkBytes)) {
    fields->Add("page_token", "belongs to a list with another filter");
    return {};
  }
  return raw.substr(kMarkBytes);
}

ResumeSeal::ResumeSeal(std::string_view what) : what_(Mark(what, kMarkBytes)) {}

std::string ResumeSeal::Seal(EventSeq up_to) const {
  std::string token(1, kVersion);
  for (int shift = 56; shift >= 0; shift -= 8)
    token += static_cast<char>((up_to.value >> shift) & 0xFF);
  token += what_;
  return token + Mark(token, kSumBytes);
}

StatusOr<EventSeq> ResumeSeal::Open(std::string_view token) const {
  constexpr std::size_t kBody = 1 + 8 + kMarkBytes;
  if (token.size() != kBody + kSumBytes || token[0] != kVersion ||
      Mark(token.substr(0, kBody), kSumBytes) != token.substr(kBody))
    return InvalidField("resume_token", "is no token of this service");
  if (token.substr(9, kMarkBytes) != what_)
    return InvalidField("resume_token", "belongs to another stream");
  std::uint64_t value = 0;
  for (std::size_t i = 1; i <= 8; ++i) value = value << 8 | static_cast<unsigned char>(token[i]);
  return EventSeq{static_cast<std::int64_t>(value)};
}

}  // namespace fft
