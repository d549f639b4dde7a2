#include "server/rpc/fields.h"

#include <algorithm>

#include <fmt/core.h>

#include "server/base/error_details.h"
#include "server/rpc/error.h"

namespace fft {

namespace {

constexpr std::size_t kViolationsMax = 4;

bool IsControl(std::string_view text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x20 || byte == 0x7F) return true;
  // U+0080 to U+009F
  return byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
}

}  // namespace

bool IsPrintable(std::string_view text) {
  bool is_ascii = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text, i)) return false;
    is_ascii = is_ascii && static_cast<unsigned char>(text[i]) < 0x80;
  }
  return is_ascii || Clean(text, text.size()) == text;
}

void Fields::Add(std::string field, std::string what) {
  if (violations_.size() < kViolationsMax)
    violations_.emplace_back(std::move(field), std::move(what));
}

void Fields::Ref(std::string_view field, std::string_view ref) {
  if (ref.empty()) return Add(std::string(field), "is empty");
  if (ref.size() > kRefMax)
    return Add(std::string(field), fmt::format("is a ref of {} bytes, {} is the most: {}",
                                               ref.size(), kRefMax, Clean(ref, 60)));
  if (!IsPrintable(ref))
    Add(std::string(field),
        fmt::format("holds control characters or is not UTF-8: {}", Clean(ref, 60)));
}

void Fields::Name(std::string_view field, std::string_view name) {
  if (name.empty()) return Add(std::string(field), "is empty");
  if (name.size() > kNameMax)
    return Add(std::string(field),
               fmt::format("is {} bytes long, {} is the most", name.size(), kNameMax));
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '/';
  });
  if (!is_name || !IsPrintable(name))
    Add(std::string(field),
        fmt::format("holds spaces, slashes or control characters: {}", Clean(name, 60)));
}

void Fields::NameOrNone(std::string_view field, std::string_view name) {
  if (!name.empty()) Name(field, name);
}

void Fields::Text(std::string_view field, std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    return Add(std::string(field),
               fmt::format("is {} bytes long, {} is the most", text.size(), bytes_max));
  if (!IsPrintable(text)) Add(std::string(field), "holds control characters or is not UTF-8");
}

void Fields::Id(std::string_view field, std::int64_t id) {
  if (id <= 0) Add(std::string(field), fmt::format("is {}, ids are positive", id));
}

void Fields::IdOrNone(std::string_view field, std::int64_t id) {
  if (id != 0) Id(field, id);
}

void Fields::Range(std::string_view field, std::int64_t value, std::int64_t least,
                   std::int64_t most) {
  if (value < least || value > most)
    Add(std::string(field), fmt::format("is {}, not within {} to {}", value, least, most));
}

void Fields::Count(std::string_view field, std::size_t count, std::size_t most) {
  if (count > most)
    Add(std::string(field), fmt::format("has {} entries, {} is the most", count, most));
}

Digest Fields::Raw(std::string_view field, std::string_view bytes) {
  const auto digest = DigestFromBytes(bytes);
  if (!digest)
    Add(std::string(field), fmt::format("is {} bytes long, a SHA-256 digest has 32", bytes.size()));
  return digest.value_or(Digest{});
}

Digest Fields::HexOrNone(std::string_view field, std::string_view hex) {
  if (hex.empty()) return {};
  const auto digest = DigestFromHex(hex);
  if (!digest)
    Add(std::string(field), "is not 64 hexadecimal digits");
  else if (!*digest)
    Add(std::string(field), "is the digest of nothing: leave it empty to say none");
  return digest.value_or(Digest{});
}

void Fields::HexStart(std::string_view field, std::string_view hex) {
  if (hex.size() < 6 || hex.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    Add(std::string(field), "is not 6 to 64 hexadecimal digits");
}

int Fields::PageSize(int asked) {
  Range("page_size", asked, 0, kPageSizeMax);
  return asked == 0 ? kPageSizeDefault : asked;
}

Status Fields::status() const {
  if (ok()) return Ok();
  const auto& [field, what] = violations_.front();
  return WithDetails(
      Error(Code::kInvalidArgument, "{}: {}", field, what),
      {.reason = "INVALID_FIELD", .metadata = {{"field", field}}, .fields = violations_});
}

}  // namespace fft
