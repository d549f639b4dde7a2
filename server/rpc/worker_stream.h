#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <fft/build/v1/workers.pb.h>
#include <grpcpp/support/server_callback.h>

#include "server/rpc/inflow.h"

namespace fft {

/// Workers.Connect: one worker's stream and, for the app, its session.
///
/// Reading: one message at a time, the first with `hello`; nothing more is read until the app has
/// welcomed the worker.  Writing: orders gather while a write is on its way and leave together with
/// the next, so at most one is outstanding.  Orders without an order answer a heartbeat.  A worker
/// that does not read is cut off when too much has gathered; what it was to be told comes again
/// when it returns. Safe from any thread; nothing is called with its lock held.  Lives until gRPC
/// is done with it and the app has let its session go.
class WorkerStream final
    : public grpc::ServerBidiReactor<build::v1::WorkerMessage, build::v1::DaemonMessage>,
      public WorkerSession,
      public OpenStream,
      public std::enable_shared_from_this<WorkerStream> {
 public:
  /// Orders that may gather: grants, kills, acknowledgements, adoptions.
  static constexpr std::size_t kPendingMax = 50'000;
  static constexpr std::size_t kMessageBytesMax = 1 << 20;
  /// What gRPC lets through by default.
  static constexpr std::size_t kGrantBytesMax = (4 << 20) - 4096;

  WorkerStream(Gate& gate, grpc::CallbackServerContext* context);
  static grpc::ServerBidiReactor<build::v1::WorkerMessage, build::v1::DaemonMessage>* Open(
      Gate& gate, grpc::CallbackServerContext* context);

  void Send(WorkerOrders orders) override;
  void Close(const Status& why) override;
  void Stop() override;

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  Status Greet();
  void Welcomed(const WorkerWelcome& welcome);
  Status Hear();
  /// Ends the stream with `why` as soon as no write is on its way; the first reason counts.
  void Leave(const Status& why);
  /// Writes or finishes, whatever is due.  Must not be called with the lock held.
  void Advance();
  /// What is due, when nothing is under way: the caller then has to do it.
  enum class Due { kNothing, kWrite, kFinish };
  Due TakeDue();
  void Fill();
  void AddGrants();
  void RefuseGrant(const Grant& grant, std::size_t bytes);

  Gate& gate_;
  const Pump::Instant entered_ = Pump::Now();
  CallHandle call_;
  std::shared_ptr<WorkerStream> self_;

  // Of the reading side.
  build::v1::WorkerMessage in_;
  bool is_greeted_ = false;

  // Of whoever writes.
  build::v1::DaemonMessage out_;
  WorkerOrders sending_;
  std::size_t grants_sent_ = 0;  // of sending_

  std::mutex mutex_;
  WorkerOrders pending_;
  std::size_t pending_count_ = 0;
  std::optional<WorkerWelcome> welcome_;
  std::vector<RunReport> refused_;  // grants that no message can carry
  bool is_welcome_sent_ = false;
  bool owes_heartbeat_ = false;
  bool has_more_ = false;  // sending_ is not through
  bool is_writing_ = false;
  bool is_finished_ = false;
  std::optional<Status> why_;  // it is to end
};

}  // namespace fft
