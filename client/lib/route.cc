#include "client/lib/route.h"

#include <algorithm>
#include <sstream>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr int kReconnectFirstMs = 50;
constexpr int kReconnectLongestMs = 2'000;
// Of one attempt: a daemon that is there and busy takes its time to greet.
constexpr int kConnectMs = 10'000;
// The daemon may refuse pings that come more often than each five minutes.
constexpr int kKeepaliveMs = 310'000;

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectLongestMs);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (address.rfind("unix:", 0) != 0) arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Route::Route(const std::string& addresses) {
  std::istringstream in(addresses);
  for (std::string address; std::getline(in, address, ',');)
    if (!address.empty()) addresses_.push_back(address);
  if (addresses_.empty()) addresses_.emplace_back();
  for (const std::string& address : addresses_) channels_.push_back(Connect(address));
}

std::shared_ptr<grpc::Channel> Route::channel() const {
  const std::lock_guard lock(mutex_);
  return channels_[at_];
}

std::string Route::address() const {
  const std::lock_guard lock(mutex_);
  return addresses_[at_];
}

std::size_t Route::size() const {
  const std::lock_guard lock(mutex_);
  return addresses_.size();
}

bool Route::Turn(const Failure& failure) {
  const std::lock_guard lock(mutex_);
  const std::size_t before = at_;
  if (failure.is_from_daemon) {
    const ErrorDetails details = DetailsOf(failure.status);
    const auto leader = details.metadata.find("address");
    if (details.reason != "NOT_LEADING" || leader == details.metadata.end() ||
        leader->second.empty())
      return false;
    const auto known = std::find(addresses_.begin(), addresses_.end(), leader->second);
    at_ = static_cast<std::size_t>(known - addresses_.begin());
    if (known == addresses_.end()) {
      addresses_.push_back(leader->second);
      channels_.push_back(Connect(leader->second));
    }
  } else if (failure.status.code() == Code::kUnavailable ||
             failure.status.code() == Code::kDeadlineExceeded) {
    at_ = (at_ + 1) % addresses_.size();
  }
  return at_ != before;
}

}  // namespace fft
