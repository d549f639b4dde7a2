#pragma once

#include <fft/build/v1/builds.grpc.pb.h>

#include "server/rpc/gate.h"

namespace fft {

/// fft.build.v1.Builds.
class BuildsService final : public build::v1::Builds::WithRawCallbackMethod_WatchBuild<
                                build::v1::Builds::CallbackService> {
 public:
  explicit BuildsService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* CreateBuild(Context* context, const build::v1::CreateBuildRequest* request,
                     build::v1::Build* response) override;
  Unary* GetBuild(Context* context, const build::v1::GetBuildRequest* request,
                  build::v1::Build* response) override;
  Unary* ListBuilds(Context* context, const build::v1::ListBuildsRequest* request,
                    build::v1::ListBuildsResponse* response) override;
  Unary* UpdateBuild(Context* context, const build::v1::UpdateBuildRequest* request,
                     build::v1::Build* response) override;
  Unary* CancelBuild(Context* context, const build::v1::CancelBuildRequest* request,
                     build::v1::CancelBuildResponse* response) override;
  Unary* RetryBuild(Context* context, const build::v1::RetryBuildRequest* request,
                    build::v1::Build* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchBuild(Context* context,
                                                         const grpc::ByteBuffer* request) override;

  Gate& gate_;
};

}  // namespace fft
