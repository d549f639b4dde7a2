#include "server/base/error_details.h"

#include <absl/strings/cord.h>
#include <nlohmann/json.hpp>

namespace fft {

namespace {
constexpr char kPayload[] = "fft/error-details";
}

Status WithDetails(Status status, const ErrorDetails& details) {
  if (status.ok()) return status;
  const nlohmann::json json = {
      {"reason", details.reason}, {"metadata", details.metadata}, {"fields", details.fields}};
  status.SetPayload(
      kPayload, absl::Cord(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  return status;
}

ErrorDetails DetailsOf(const Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return {};
  const auto json = nlohmann::json::parse(std::string(*payload));
  ErrorDetails details;
  json.at("reason").get_to(details.reason);
  json.at("metadata").get_to(details.metadata);
  json.at("fields").get_to(details.fields);
  return details;
}

Status InvalidField(const std::string& field, const std::string& what) {
  return WithDetails(
      Error(Code::kInvalidArgument, "{}: {}", field, what),
      {.reason = "INVALID_FIELD", .metadata = {{"field", field}}, .fields = {{field, what}}});
}

}  // namespace fft
