#pragma once

#include <string>

#include <fmt/core.h>

namespace fft {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Writes one line to the process's log.  Safe from any thread; never blocks on a slow reader
/// longer than the write itself.  The sink (text or JSON, level) is set once in main by SetUpLog().
void LogLine(LogLevel level, const std::string& text);

/// `json`: one JSON object a line instead of text.  To standard error.
void SetUpLog(LogLevel lowest, bool json, const std::string& program);

template <class... Args>
void LogDebug(fmt::format_string<Args...> text, Args&&... args) {
  LogLine(LogLevel::kDebug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void LogInfo(fmt::format_string<Args...> text, Args&&... args) {
  LogLine(LogLevel::kInfo, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void LogWarning(fmt::format_string<Args...> text, Args&&... args) {
  LogLine(LogLevel::kWarning, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void LogError(fmt::format_string<Args...> text, Args&&... args) {
  LogLine(LogLevel::kError, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace fft
