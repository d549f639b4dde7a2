#include "server/rpc/error.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr std::string_view kDomain = "fft.build";
constexpr std::size_t kMessageMax = 1000;
constexpr std::size_t kValueMax = 256;
constexpr std::size_t kViolationsMax = 4;
constexpr std::size_t kMetadataMax = 8;

/// How many bytes a well-formed UTF-8 character at the head of `text` takes; 0: it is not one.
std::size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t bytes = first >= 0xF0 && first < 0xF5   ? 4
                            : first >= 0xE0 && first < 0xF0 ? 3
                            : first >= 0xC2 && first < 0xE0 ? 2
                                                            : 0;
  if (bytes == 0 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (first == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
  if (first == 0xED && byte(1) >= 0xA0) return 0;  // a surrogate
  if (first == 0xF0 && byte(1) < 0x90) return 0;   // overlong
  if (first == 0xF4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
  return bytes;
}

std::string DefaultReason(Code code) {
  switch (code) {
    case Code::kCancelled: return "CANCELLED";
    case Code::kInvalidArgument: return "INVALID_ARGUMENT";
    case Code::kDeadlineExceeded: return "DEADLINE_EXCEEDED";
    case Code::kNotFound: return "NOT_FOUND";
    case Code::kAlreadyExists: return "ALREADY_EXISTS";
    case Code::kPermissionDenied: return "PERMISSION_DENIED";
    case Code::kResourceExhausted: return "RESOURCE_EXHAUSTED";
    case Code::kFailedPrecondition: return "FAILED_PRECONDITION";
    case Code::kAborted: return "ABORTED";
    case Code::kOutOfRange: return "OUT_OF_RANGE";
    case Code::kUnimplemented: return "UNIMPLEMENTED";
    case Code::kInternal: return "INTERNAL";
    case Code::kUnavailable: return "UNAVAILABLE";
    case Code::kDataLoss: return "DATA_LOSS";
    case Code::kUnauthenticated: return "UNAUTHENTICATED";
    default: return "UNKNOWN";
  }
}

std::int64_t RetryDelayMs(Code code, const ErrorDetails& details) {
  const auto said = details.metadata.find("retry_after_ms");
  if (said != details.metadata.end()) {
    std::int64_t ms = 0;
    const std::string& text = said->second;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), ms);
    if (parsed.ec == std::errc() && ms > 0) return ms;
  }
  const bool is_full = details.reason.ends_with("_FULL") || details.reason == "BLOBS_IN_TRANSIT";
  if (code == Code::kResourceExhausted) return is_full ? 100 : 0;  // others will not pass either
  return code == Code::kUnavailable ? 1000 : 0;
}

void AddBadRequest(const ErrorDetails& details, google::rpc::Status* rich) {
  google::rpc::BadRequest bad;
  for (const auto& [field, what] : details.fields) {
    if (static_cast<std::size_t>(bad.field_violations_size()) == kViolationsMax) break;
    auto* violation = bad.add_field_violations();
    violation->set_field(Clean(field, kValueMax));
    violation->set_description(Clean(what, kValueMax));
  }
  rich->add_details()->PackFrom(bad);
}

}  // namespace

std::string Clean(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view kCut = "...";
  const bool is_cut = text.size() > bytes_max;
  const std::size_t room = is_cut ? bytes_max - std::min(bytes_max, kCut.size()) : bytes_max;
  std::string clean;
  while (!text.empty()) {
    const std::size_t bytes = CharacterBytes(text);
    if (clean.size() + std::max<std::size_t>(bytes, 1) > room) break;
    if (bytes == 0)
      clean += '?';
    else
      clean += text.substr(0, bytes);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return is_cut ? clean.append(kCut) : clean;
}

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const ErrorDetails details = DetailsOf(status);
  const Code code = status.code();
  const std::string message = Clean(Message(status), kMessageMax);

  google::rpc::Status rich;
  rich.set_code(static_cast<int>(code));
  rich.set_message(Clean(message, kValueMax));
  google::rpc::ErrorInfo why;
  why.set_reason(details.reason.empty() ? DefaultReason(code) : Clean(details.reason, kValueMax));
  why.set_domain(std::string(kDomain));
  for (const auto& [key, value] : details.metadata) {
    if (why.metadata().size() == kMetadataMax) break;
    (*why.mutable_metadata())[Clean(key, 64)] = Clean(value, kValueMax);
  }
  rich.add_details()->PackFrom(why);
  if (!details.fields.empty()) AddBadRequest(details, &rich);
  if (const std::int64_t ms = RetryDelayMs(code, details); ms > 0) {
    google::rpc::RetryInfo again;
    again.mutable_retry_delay()->set_seconds(ms / 1000);
    again.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>(ms % 1000) * 1'000'000);
    rich.add_details()->PackFrom(again);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(code), message, rich.SerializeAsString());
}

Status NotOffered(std::string_view method, std::string_view instead) {
  return WithDetails(
      Error(Code::kUnimplemented, "{} is not offered yet; {}", method, instead),
      {.reason = "NOT_OFFERED",
       .metadata = {{"method", std::string(method)}, {"instead", std::string(instead)}},
       .fields = {}});
}

Status Stopping() {
  return WithDetails(Error(Code::kUnavailable, "the daemon is stopping"),
                     {.reason = "STOPPING", .metadata = {}, .fields = {}});
}

}  // namespace fft
