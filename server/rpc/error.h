#pragma once

#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

#include "server/base/status.h"

namespace fft {

/// The one way from our Status to what a caller sees.  Every error carries a google.rpc.ErrorInfo
/// (domain "fft.build"); bad input also a BadRequest; what is worth asking again a RetryInfo.
/// Long texts are cut, so that all of it fits the 8 KiB that gRPC allows for trailing metadata.
grpc::Status ToGrpc(const Status& status);

/// At most `bytes_max` of `text`, as valid UTF-8: what is not becomes `?`, what is cut ends in
/// `...`.
std::string Clean(std::string_view text, std::size_t bytes_max);

/// UNIMPLEMENTED with what to use instead.
Status NotOffered(std::string_view method, std::string_view instead);

/// UNAVAILABLE: the daemon is about to end; ask again.
Status Stopping();

}  // namespace fft
