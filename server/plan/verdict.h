#pragma once

#include <cstdint>
#include <string>

#include "server/base/digest.h"
#include "server/domain/reason.h"

namespace fft {

/// What a planner has made of a config so far.
struct Verdict {
  enum class Kind : std::uint8_t { kUnneeded, kDemanded, kHit, kExecute, kUndecided };
  Kind kind = Kind::kUnneeded;
  bool must_run = false;
  Reason reason = Reason::kNone;
  Digest joined_key;  // of the pending node that does the same; zeros: none
  std::string evidence;
};

}  // namespace fft
