#pragma once

#include <cstdint>
#include <string>

#include "server/base/log.h"
#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

// Values as people write them.  Errors say what was expected; the caller adds the key and place.

StatusOr<bool> ParseBool(const std::string& text);
/// Decimal, within [lowest, highest].
StatusOr<std::int64_t> ParseInt(const std::string& text, std::int64_t lowest, std::int64_t highest);
/// A number with a unit: `500ms`, `30s`, `5m`, `24h`, `1.5s`; within [lowest, highest].
StatusOr<Duration> ParseDuration(const std::string& text, Duration lowest, Duration highest);
StatusOr<LogLevel> ParseLogLevel(const std::string& text);
/// `unix:/absolute/path` or `host:port`, IPv6 hosts in brackets.
Status CheckListenAddress(const std::string& text);
/// Whether only this machine can reach `address`, which CheckListenAddress() accepts.
bool IsLocal(const std::string& address);

/// The shortest text that reads back as the same value.
std::string ShowDuration(Duration duration);
std::string ShowLogLevel(LogLevel level);

/// `conninfo`, keywords or URI, with passwords replaced by `***`.
std::string WithoutPassword(const std::string& conninfo);
/// `conninfo` with this password added.
std::string WithPassword(const std::string& conninfo, const std::string& password);

}  // namespace fft
