#include "client/frontends/native/quantity.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace fft {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t worth;
};

constexpr std::array<Unit, 5> kTimes = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 10> kSizes = {{{"", 1},
                                          {"B", 1},
                                          {"KB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000},
                                          {"KiB", std::int64_t{1} << 10},
                                          {"MiB", std::int64_t{1} << 20},
                                          {"GiB", std::int64_t{1} << 30},
                                          {"TiB", std::int64_t{1} << 40}}};
constexpr std::int64_t kLongest = std::int64_t{10'000} * 86'400'000;

/// Takes the digits at the start of `text` off it.
std::optional<std::int64_t> TakeNumber(std::string_view& text) {
  std::int64_t number = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return number;
}

/// Takes what is no digit at the start of `text` off it.
std::string_view TakeWord(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of("0123456789"));
  text.remove_prefix(word.size());
  return word;
}

template <std::size_t n>
std::size_t Find(const std::array<Unit, n>& units, std::string_view name) {
  std::size_t at = 0;
  while (at < n && units[at].name != name) ++at;
  return at;
}

}  // namespace

std::optional<Duration> ParseDuration(std::string_view text) {
  std::int64_t sum = 0;
  std::size_t next = 0;
  do {
    const auto number = TakeNumber(text);
    const std::size_t unit = Find(kTimes, TakeWord(text));
    if (!number || unit < next || unit == kTimes.size()) return std::nullopt;
    if (*number > kLongest / kTimes[unit].worth) return std::nullopt;
    sum += *number * kTimes[unit].worth;
    next = unit + 1;
  } while (!text.empty());
  return sum > kLongest ? std::nullopt : std::optional(Duration(sum));
}

std::optional<std::int64_t> ParseSize(std::string_view text) {
  const auto number = TakeNumber(text);
  if (!number) return std::nullopt;
  const std::size_t unit = Find(kSizes, text);
  if (unit == kSizes.size()) return std::nullopt;
  if (*number > std::numeric_limits<std::int64_t>::max() / kSizes[unit].worth) return std::nullopt;
  return *number * kSizes[unit].worth;
}

}  // namespace fft
