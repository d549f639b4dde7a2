#pragma once

#include <fft/build/v1/admin.grpc.pb.h>

#include "server/rpc/gate.h"

namespace fft {

/// fft.build.v1.Admin.
class AdminService final : public build::v1::Admin::CallbackService {
 public:
  explicit AdminService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetStatus(Context* context, const build::v1::GetStatusRequest* request,
                   build::v1::ServiceStatus* response) override;
  Unary* ListWorkers(Context* context, const build::v1::ListWorkersRequest* request,
                     build::v1::ListWorkersResponse* response) override;
  Unary* DrainWorker(Context* context, const build::v1::DrainWorkerRequest* request,
                     build::v1::Worker* response) override;
  Unary* MarkWorkerDead(Context* context, const build::v1::MarkWorkerDeadRequest* request,
                        build::v1::Worker* response) override;
  Unary* ListPools(Context* context, const build::v1::ListPoolsRequest* request,
                   build::v1::ListPoolsResponse* response) override;
  Unary* SetPool(Context* context, const build::v1::SetPoolRequest* request,
                 build::v1::Pool* response) override;
  Unary* SetSecret(Context* context, const build::v1::SetSecretRequest* request,
                   build::v1::SetSecretResponse* response) override;
  Unary* SetGrant(Context* context, const build::v1::SetGrantRequest* request,
                  build::v1::SetGrantResponse* response) override;
  Unary* NotYet(Context* context, std::string_view method, std::string_view instead);

  Gate& gate_;
};

}  // namespace fft
