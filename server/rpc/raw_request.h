#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "server/base/status.h"

namespace fft {

/// The request of a method whose answers are written as bytes.
template <class Request>
StatusOr<Request> ParseRequest(const grpc::ByteBuffer& raw) {
  Request request;
  grpc::ByteBuffer bytes(raw);  // shares the slices; deserialising consumes it
  const grpc::Status parsed = grpc::SerializationTraits<Request>::Deserialize(&bytes, &request);
  if (!parsed.ok()) return Error(Code::kInvalidArgument, "the request is no {}", "message");
  return request;
}

}  // namespace fft
