#include "client/lib/failure.h"

#include <google/protobuf/any.pb.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr char kUnreachable[] = "UNREACHABLE";

Duration ToDuration(const google::protobuf::Duration& length) {
  return Duration(length.seconds() * 1000 + length.nanos() / 1'000'000);
}

void Read(const google::protobuf::Any& any, ErrorDetails& details, Failure& failure) {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  google::rpc::RetryInfo retry;
  if (any.UnpackTo(&info)) {
    details.reason = info.reason();
    for (const auto& [key, value] : info.metadata()) details.metadata[key] = value;
  } else if (any.UnpackTo(&bad)) {
    for (const auto& field : bad.field_violations())
      details.fields.emplace_back(field.field(), field.description());
  } else if (any.UnpackTo(&retry)) {
    failure.retry_after = ToDuration(retry.retry_delay());
  }
}

/// What the system said, without the layers of gRPC around it.
std::string LastPart(const std::string& text) {
  const std::size_t at = text.rfind(": ");
  return at == std::string::npos ? text : text.substr(at + 2);
}

}  // namespace

Failure Decode(const grpc::Status& status) {
  Failure failure;
  failure.status = Status(static_cast<Code>(status.error_code()), status.error_message());
  google::rpc::Status rich;
  if (status.error_details().empty() || !rich.ParseFromString(status.error_details()))
    return failure;
  ErrorDetails details;
  for (const auto& any : rich.details()) Read(any, details, failure);
  failure.is_from_daemon = !details.reason.empty();
  if (failure.is_from_daemon || !details.fields.empty())
    failure.status = WithDetails(failure.status, details);
  return failure;
}

bool IsTransient(const Failure& failure) {
  if (failure.retry_after) return true;
  switch (failure.status.code()) {
    case Code::kUnavailable: return true;
    // A connection that breaks at a bad moment shows as one of these, and so does a call that meets
    // a server about to end: nobody here cancels a call without saying stop first.
    case Code::kCancelled:
    case Code::kInternal:
    case Code::kResourceExhausted:
    case Code::kUnknown: return !failure.is_from_daemon;
    default: return false;
  }
}

Status Unreachable(const std::string& address, const Status& why) {
  return WithDetails(
      Error(Code::kUnavailable, "cannot reach fftd at {}: {}", address, LastPart(Message(why))),
      {.reason = kUnreachable, .metadata = {{"address", address}}, .fields = {}});
}

bool IsUnreachable(const Status& status) { return DetailsOf(status).reason == kUnreachable; }

}  // namespace fft
