#pragma once

#include <string>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/core.h>

namespace fft {

// How a call says that it did not do what was asked.  Nothing outside base/ and rpc/ names absl:
// Debian builds it with a string_view and an optional of its own, which do not mix with std's.
using Code = absl::StatusCode;
using Status = absl::Status;
template <class T>
using StatusOr = absl::StatusOr<T>;

inline Status Ok() { return absl::OkStatus(); }

template <class... Args>
Status Error(Code code, fmt::format_string<Args...> text, Args&&... args) {
  return Status(code, fmt::format(text, std::forward<Args>(args)...));
}

/// The message alone, without the code.
inline std::string Message(const Status& status) { return std::string(status.message()); }

/// `NOT_FOUND` and so on.
inline std::string CodeName(Code code) { return absl::StatusCodeToString(code); }

}  // namespace fft
