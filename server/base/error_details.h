#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// What an error says to programs: one of the reasons in docs/api.md, and what it concerns.
struct ErrorDetails {
  std::string reason;                           // UPPER_SNAKE_CASE
  std::map<std::string, std::string> metadata;  // small: names the culprit
  /// For INVALID_ARGUMENT: the field, and what is wrong with it.
  std::vector<std::pair<std::string, std::string>> fields;
  bool operator==(const ErrorDetails&) const = default;
};

/// `status` with details.  What it had before is replaced.
Status WithDetails(Status status, const ErrorDetails& details);

/// The details of `status`; an empty reason when it has none.
ErrorDetails DetailsOf(const Status& status);

/// INVALID_ARGUMENT for one field of a request.
Status InvalidField(const std::string& field, const std::string& what);

}  // namespace fft
