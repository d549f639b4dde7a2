#include "server/rpc/workers_service.h"

#include "server/rpc/log_push.h"
#include "server/rpc/worker_stream.h"

namespace fft {

namespace v1 = ::fft::build::v1;

grpc::ServerBidiReactor<v1::WorkerMessage, v1::DaemonMessage>* WorkersService::Connect(
    Context* context) {
  return WorkerStream::Open(gate_, context);
}

grpc::ServerReadReactor<v1::PushLogsRequest>* WorkersService::PushLogs(Context* context,
                                                                       v1::PushLogsResponse*) {
  using In = Inflow<v1::PushLogsRequest>;
  return In::Open<LogPush>(gate_, context);
}

}  // namespace fft
