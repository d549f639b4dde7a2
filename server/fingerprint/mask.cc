#include <cctype>

#include "server/fingerprint/fingerprint.h"

namespace fft {

namespace {

bool IsSchemeByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

// An authority ends at its path, query or fragment, and where the text around the URL goes on.
bool EndsAuthority(char c) {
  return c == '/' || c == '?' || c == '#' || c == '"' || c == '\'' || c == '<' || c == '>' ||
         static_cast<unsigned char>(c) <= ' ';
}

}  // namespace

// RFC 3986, section 3.2.1: userinfo is all before `@`; a password that holds a bare `@` is taken
// whole, up to the last one.
std::string MaskPasswords(std::string_view text) {
  std::string masked;
  std::size_t copied = 0;
  for (std::size_t at = text.find("://"); at != std::string_view::npos;
       at = text.find("://", at + 3)) {
    if (at == 0 || !IsSchemeByte(text[at - 1])) continue;
    const std::size_t begin = at + 3;
    std::size_t end = begin;
    while (end < text.size() && !EndsAuthority(text[end])) ++end;
    const std::string_view authority = text.substr(begin, end - begin);
    const std::size_t host = authority.rfind('@');
    const std::size_t colon = authority.find(':');
    if (host == std::string_view::npos || colon == std::string_view::npos || colon > host) continue;
    masked += text.substr(copied, begin + colon + 1 - copied);
    masked += "***";
    copied = begin + host;
  }
  masked += text.substr(copied);
  return masked;
}

}  // namespace fft
