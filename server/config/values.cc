#include "server/config/values.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace fft {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};
constexpr std::array kTimeUnits = {Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                                   Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};

/// In milliseconds; -1 when it is none.
std::int64_t ParseMillis(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const std::string_view name(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
  constexpr double kMax = 9e15;  // what a double counts exactly
  if (parsed.ec == std::errc())
    for (const Unit& unit : kTimeUnits)
      if (name == unit.name && number >= 0 && number * static_cast<double>(unit.size) < kMax)
        return static_cast<std::int64_t>(number * static_cast<double>(unit.size));
  return -1;
}

constexpr std::array kLevels = {std::pair{LogLevel::kDebug, std::string_view("debug")},
                                std::pair{LogLevel::kInfo, std::string_view("info")},
                                std::pair{LogLevel::kWarning, std::string_view("warning")},
                                std::pair{LogLevel::kError, std::string_view("error")}};

/// Host and port of `host:port`; the host without brackets.
std::pair<std::string_view, std::string_view> SplitAddress(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = address.substr(0, colon);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  if (!is_bracketed && host.find(':') != std::string_view::npos) return {};
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  return {host, address.substr(colon + 1)};
}

}  // namespace

StatusOr<bool> ParseBool(const std::string& text) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  return Error(Code::kInvalidArgument, "\"{}\" is neither true nor false", text);
}

StatusOr<std::int64_t> ParseInt(const std::string& text, std::int64_t lowest,
                                std::int64_t highest) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end)
    return Error(Code::kInvalidArgument, "\"{}\" is not a whole number", text);
  if (value < lowest || value > highest)
    return Error(Code::kInvalidArgument, "{} is not within {} and {}", value, lowest, highest);
  return value;
}

StatusOr<Duration> ParseDuration(const std::string& text, Duration lowest, Duration highest) {
  const Duration duration(ParseMillis(text));
  if (duration.count() < 0)
    return Error(Code::kInvalidArgument, "\"{}\" is not of the form 500ms, 30s, 5m or 24h", text);
  if (duration < lowest || duration > highest)
    return Error(Code::kInvalidArgument, "{} is not within {} and {}", text, ShowDuration(lowest),
                 ShowDuration(highest));
  return duration;
}

StatusOr<LogLevel> ParseLogLevel(const std::string& text) {
  for (const auto& [level, name] : kLevels)
    if (name == text) return level;
  return Error(Code::kInvalidArgument, "\"{}\" is none of debug, info, warning and error", text);
}

Status CheckListenAddress(const std::string& text) {
  if (text.starts_with("unix:")) {
    const std::string path = text.substr(5);
    if (!path.starts_with('/'))
      return Error(Code::kInvalidArgument, "\"{}\" holds no absolute path", text);
    constexpr std::size_t kPathMax = 107;  // of sockaddr_un, without its NUL
    if (path.size() > kPathMax)
      return Error(Code::kInvalidArgument, "{} has {} bytes: a socket's path has at most {}", path,
                   path.size(), kPathMax);
    return Ok();
  }
  const auto [host, port] = SplitAddress(text);
  if (host.empty() || !ParseInt(std::string(port), 0, 65'535).ok())
    return Error(Code::kInvalidArgument, "\"{}\" is neither host:port nor unix:/path", text);
  return Ok();
}

bool IsLocal(const std::string& address) {
  if (address.starts_with("unix:")) return true;
  const std::string_view host = SplitAddress(address).first;
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string ShowDuration(Duration duration) {
  const std::int64_t ms = duration.count();
  const Unit* largest = &kTimeUnits.front();  // that divides it
  for (const Unit& unit : kTimeUnits)
    if (ms != 0 && ms % unit.size == 0) largest = &unit;
  return fmt::format("{}{}", ms / largest->size, largest->name);
}

std::string ShowLogLevel(LogLevel level) {
  for (const auto& [value, name] : kLevels)
    if (value == level) return std::string(name);
  return "error";
}

}  // namespace fft
