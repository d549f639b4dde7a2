#pragma once

#include <fft/build/v1/graphs.grpc.pb.h>

#include "server/rpc/gate.h"

namespace fft {

/// fft.build.v1.Graphs.
class GraphsService final : public build::v1::Graphs::CallbackService {
 public:
  explicit GraphsService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* DeployGraph(Context* context, const build::v1::DeployGraphRequest* request,
                     build::v1::Graph* response) override;
  Unary* GetGraph(Context* context, const build::v1::GetGraphRequest* request,
                  build::v1::Graph* response) override;
  Unary* ListGraphs(Context* context, const build::v1::ListGraphsRequest* request,
                    build::v1::ListGraphsResponse* response) override;
  Unary* LookupRefs(Context* context, const build::v1::LookupRefsRequest* request,
                    build::v1::LookupRefsResponse* response) override;
  grpc::ServerWriteReactor<build::v1::PlanBuildResponse>* PlanBuild(
      Context* context, const build::v1::PlanBuildRequest* request) override;
  Unary* CompileGraph(Context* context, const build::v1::PlanBuildRequest* request,
                      build::v1::CompileGraphResponse* response) override;
  Unary* PauseGraph(Context* context, const build::v1::PauseGraphRequest* request,
                    build::v1::Graph* response) override;

  Gate& gate_;
};

}  // namespace fft
