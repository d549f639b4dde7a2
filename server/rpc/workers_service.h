#pragma once

#include <fft/build/v1/workers.grpc.pb.h>

#include "server/rpc/gate.h"

namespace fft {

/// fft.build.v1.Workers.
class WorkersService final : public build::v1::Workers::CallbackService {
 public:
  explicit WorkersService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerBidiReactor<build::v1::WorkerMessage, build::v1::DaemonMessage>* Connect(
      Context* context) override;
  grpc::ServerReadReactor<build::v1::PushLogsRequest>* PushLogs(
      Context* context, build::v1::PushLogsResponse* response) override;

  Gate& gate_;
};

}  // namespace fft
