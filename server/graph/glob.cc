#include "server/graph/glob.h"

namespace fft {

namespace {

bool IsTail(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

// Only the last `*` can need another try, so there is no stack and the time is bounded by the
// product of the lengths.
bool GlobMatches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      retry = t;
    } else if (g < glob.size() && glob[g] == '?' && !IsTail(text[t])) {
      ++g;
      for (++t; t < text.size() && IsTail(text[t]);) ++t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

bool IsGlob(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

}  // namespace fft
