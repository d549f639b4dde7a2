#pragma once

#include <optional>
#include <string>

#include <grpcpp/support/status.h>

#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

/// A call that did not succeed, decoded.
struct Failure {
  Status status;                        // with ErrorDetails where the daemon sent some
  std::optional<Duration> retry_after;  // what the daemon asks for
  /// The daemon itself said so; otherwise the way to it is broken.
  bool is_from_daemon = false;
};

/// `status` must not be OK.  Reads google.rpc.Status in the details: ErrorInfo, BadRequest,
/// RetryInfo.
Failure Decode(const grpc::Status& status);

/// Worth trying again: the daemon is away, starts, or has too much to do.
bool IsTransient(const Failure& failure);

/// UNAVAILABLE with the reason that makes `fftctl` exit with 3.
Status Unreachable(const std::string& address, const Status& why);
bool IsUnreachable(const Status& status);

}  // namespace fft
