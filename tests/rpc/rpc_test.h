#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fft/build/v1/types.pb.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "server/base/clock.h"
#include "server/rpc/server.h"
#include "tests/rpc/fake_service.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_folder.h"

namespace fft {

namespace v1 = ::fft::build::v1;

/// What an error's `grpc-status-details-bin` says.
struct RichError {
  google::rpc::ErrorInfo why;
  google::rpc::BadRequest bad;
  google::rpc::RetryInfo again;
  bool has_why = false, has_bad = false, has_again = false;
};

inline RichError Decode(const grpc::Status& status) {
  RichError error;
  google::rpc::Status rich;
  EXPECT_TRUE(rich.ParseFromString(status.error_details()));
  EXPECT_EQ(rich.code(), static_cast<int>(status.error_code()));
  for (const auto& any : rich.details()) {
    error.has_why = any.UnpackTo(&error.why) || error.has_why;
    error.has_bad = any.UnpackTo(&error.bad) || error.has_bad;
    error.has_again = any.UnpackTo(&error.again) || error.has_again;
  }
  return error;
}

/// A server on a unix socket in front of a fake service, and a channel to it.
class RpcTest : public ::testing::Test {
 protected:
  explicit RpcTest(std::size_t events_kept = 1000)
      : service_(events_kept), address_("unix:" + (folder_ / "fftd.sock")) {
    StartServer();
  }
  ~RpcTest() override { server_->Shutdown(std::chrono::milliseconds(5000)); }

  void StartServer() {
    server_ = std::make_unique<RpcServer>(
        service_, clock_, RpcOptions{.listen = {address_}, .version = "0.1", .farewell = farewell_},
        nullptr);
    const Status started = server_->Start();
    EXPECT_TRUE(started.ok()) << started;
    server_->SetServing(true, false);
  }

  std::shared_ptr<grpc::Channel> Channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  }
  template <class ServiceType>
  std::unique_ptr<typename ServiceType::Stub> Stub() const {
    return ServiceType::NewStub(Channel());
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  FakeService service_;
  const std::string address_;
  std::unique_ptr<RpcServer> server_;
  std::chrono::milliseconds farewell_{0};
};

}  // namespace fft
