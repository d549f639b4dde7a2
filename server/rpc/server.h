#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/app/service.h"
#include "server/rpc/observer.h"

namespace fft {

struct RpcOptions {
  /// `unix:/path`, `127.0.0.1:port`, `[::1]:port`; port 0: any that is free.
  std::vector<std::string> listen;
  std::string version;
  /// Connections of network addresses are asked to come anew after this long: so that clients
  /// find another daemon.  Streams may go on for the grace.
  std::chrono::milliseconds connection_age_max{30 * 60 * 1000};
  std::chrono::milliseconds connection_age_grace{10 * 60 * 1000};
  std::chrono::milliseconds keepalive_every{30 * 1000};
  std::chrono::milliseconds keepalive_patience{10 * 1000};
  /// How long, of Shutdown()'s patience, calls are still taken in order to be told that it stops.
  std::chrono::milliseconds farewell{300};
};

/// What the server carries just now, for metrics.
struct RpcView {
  std::int64_t streams = 0;
  std::int64_t watchers = 0;
  std::int64_t lag_max = 0;  // events that the slowest watcher is behind
};

/// The gRPC server: all services of fft.build.v1, health v1 and reflection.
///
/// Used by one thread, but for SetServing() and View(), which are safe from any.  `service` and
/// `clock` outlive it.  After Start() it answers NOT_SERVING to health checks until
/// SetServing(true, ...); other calls are answered all the while.
class RpcServer {
 public:
  RpcServer(Service& service, const Clock& clock, RpcOptions options,
            CallObserver* observer = nullptr);
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  /// Listens on all addresses or on none.
  ///   FAILED_PRECONDITION  an address cannot be had; the message names it
  Status Start();
  /// Parallel to the addresses; 0 for a unix socket.
  const std::vector<int>& ports() const;
  /// What health checks are told: overall and of services that write, whether this daemon leads; of
  /// those that only read, whether it leads or stands by.
  void SetServing(bool is_leading, bool is_standby);
  /// Takes no more calls, ends streams with UNAVAILABLE (STOPPING), waits for the others as long as
  /// `patience`, then cuts them off.  Does nothing the second time.
  void Shutdown(std::chrono::milliseconds patience);
  RpcView View() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace fft
