#pragma once

#include <fft/build/v1/nodes.grpc.pb.h>

#include "server/rpc/gate.h"

namespace fft {

/// fft.build.v1.Nodes.
class NodesService final : public build::v1::Nodes::CallbackService {
 public:
  explicit NodesService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetNode(Context* context, const build::v1::GetNodeRequest* request,
                 build::v1::Node* response) override;
  Unary* ListNodes(Context* context, const build::v1::ListNodesRequest* request,
                   build::v1::ListNodesResponse* response) override;
  Unary* ExplainNode(Context* context, const build::v1::ExplainNodeRequest* request,
                     build::v1::ExplainNodeResponse* response) override;

  Gate& gate_;
};

/// fft.build.v1.Runs.
class RunsService final : public build::v1::Runs::CallbackService {
 public:
  explicit RunsService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetRun(Context* context, const build::v1::GetRunRequest* request,
                build::v1::Run* response) override;
  Unary* BatchGetRuns(Context* context, const build::v1::BatchGetRunsRequest* request,
                      build::v1::BatchGetRunsResponse* response) override;
  Unary* ListRuns(Context* context, const build::v1::ListRunsRequest* request,
                  build::v1::ListRunsResponse* response) override;
  grpc::ServerWriteReactor<build::v1::TailLogsResponse>* TailLogs(
      Context* context, const build::v1::TailLogsRequest* request) override;

  Gate& gate_;
};

}  // namespace fft
