// Passwords in libpq's connection strings.  Their grammar: PostgreSQL 15, section 34.1.1.
#include <algorithm>
#include <cctype>
#include <string_view>

#include "server/base/percent.h"
#include "server/config/values.h"

namespace fft {

namespace {

constexpr std::string_view kMask = "***";

bool IsUri(std::string_view conninfo) {
  return conninfo.starts_with("postgresql://") || conninfo.starts_with("postgres://");
}

bool IsSecret(std::string_view keyword) {
  return keyword == "password" || keyword == "sslpassword";
}

/// Masks `user:password@` and the secret ones of `?key=value&...`.
std::string MaskUri(std::string uri) {
  const std::size_t begin = uri.find("://") + 3;
  const std::size_t end = std::min(uri.find_first_of("/?", begin), uri.size());
  const std::size_t at = uri.rfind('@', end);
  if (at != std::string::npos && at >= begin && at < end) {
    const std::size_t colon = uri.find(':', begin);
    if (colon < at) uri.replace(colon + 1, at - colon - 1, kMask);
  }
  std::size_t key = uri.find('?', begin);
  while (key != std::string::npos) {
    ++key;
    const std::size_t next = std::min(uri.find('&', key), uri.size());
    const std::size_t equals = uri.find('=', key);
    if (equals < next && IsSecret(std::string_view(uri).substr(key, equals - key)))
      uri.replace(equals + 1, next - equals - 1, kMask);
    key = uri.find('&', key);
  }
  return uri;
}

/// Reads `keyword = value` pairs with quotes and backslashes.
class Keywords {
 public:
  explicit Keywords(std::string_view text) : text_(text) {}

  std::string Mask() {
    std::string shown;
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      SkipSpace();
      const std::size_t key = at_;
      while (at_ < text_.size() && text_[at_] != '=' && !IsSpace()) ++at_;
      const std::string_view keyword = text_.substr(key, at_ - key);
      SkipSpace();
      if (at_ < text_.size() && text_[at_] == '=') ++at_;
      SkipSpace();
      const std::size_t value = at_;
      SkipValue();
      shown += text_.substr(begin, IsSecret(keyword) ? value - begin : at_ - begin);
      if (IsSecret(keyword)) shown += kMask;
    }
    return shown;
  }

 private:
  bool IsSpace() const { return std::isspace(static_cast<unsigned char>(text_[at_])) != 0; }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace()) ++at_;
  }
  void SkipValue() {
    const bool is_quoted = at_ < text_.size() && text_[at_] == '\'';
    if (is_quoted) ++at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
      } else if (is_quoted ? text_[at_] == '\'' : IsSpace()) {
        break;
      }
    }
    if (is_quoted && at_ < text_.size()) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string WithoutPassword(const std::string& conninfo) {
  return IsUri(conninfo) ? MaskUri(conninfo) : Keywords(conninfo).Mask();
}

std::string WithPassword(const std::string& conninfo, const std::string& password) {
  if (IsUri(conninfo))
    return conninfo + (conninfo.find('?') == std::string::npos ? '?' : '&') +
           "password=" + PercentEncoded(password);
  std::string quoted;
  for (const char c : password) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return conninfo + " password='" + quoted + "'";
}

}  // namespace fft
