#pragma once

#include <fft/build/v1/workers.pb.h>

#include "server/rpc/inflow.h"

namespace fft {

/// Workers.PushLogs: appends one message after the other; the next is read when the last is
/// written.
class LogPush final : public Inflow<build::v1::PushLogsRequest> {
 public:
  LogPush(Gate& gate, grpc::CallbackServerContext* context)
      : Inflow(gate, context, "Workers.PushLogs") {}

 private:
  void Take() override;
  void Ended() override { Close(Ok()); }
};

}  // namespace fft
