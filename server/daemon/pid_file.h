#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "server/base/status.h"
#include "server/daemon/descriptor.h"

namespace fft {

/// The lock of a data folder: held by one process at a time, and by nobody once that is gone,
/// however it ended.  The file holds the holder's process number.
class PidFile {
 public:
  /// Takes the lock of `folder`, which exists.
  ///   FAILED_PRECONDITION  another process holds it; the message names it
  static StatusOr<PidFile> Take(const std::string& folder);

  /// The process that holds the lock of `folder`; none when nobody does.
  static std::optional<pid_t> Holder(const std::string& folder);

 private:
  explicit PidFile(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace fft
