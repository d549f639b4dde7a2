#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/channel.h>

#include "client/lib/failure.h"

namespace fft {

/// The daemons that one may speak with, of which one leads, and the one with which one does.  Safe
/// from any thread.
class Route {
 public:
  /// gRPC targets parted by commas, at least one.
  explicit Route(const std::string& addresses);

  std::shared_ptr<grpc::Channel> channel() const;
  std::string address() const;
  /// How many there are to try.
  std::size_t size() const;
  /// After a failure: to the leader that the daemon named, or, when it cannot be reached, to the
  /// next. False: it is the same daemon still.
  bool Turn(const Failure& failure);

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> addresses_;
  std::size_t at_ = 0;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;  // parallel to addresses_
};

}  // namespace fft
