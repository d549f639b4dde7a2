#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "server/app/service.h"
#include "server/rpc/event_encoder.h"
#include "server/rpc/log_hub.h"
#include "server/rpc/observer.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/pump.h"

namespace fft {

/// What every call passes: it says who calls, counts and audits, and holds what calls share.
/// One a server; it outlives all calls.  Safe from any thread.
class Gate {
 public:
  /// `observer` may be null.
  Gate(Service& service, const Clock& clock, CallObserver* observer, std::string version);
  ~Gate() { pump_.End(); }

  /// Who calls.  A refusal is audited.
  StatusOr<std::string> Enter(const grpc::ServerContextBase& context, std::string_view method);
  void Leave(std::string_view method, const Status& status, Pump::Instant entered);

  Service& service() { return service_; }
  const Clock& clock() const { return clock_; }
  const std::string& version() const { return version_; }
  OpenStreams& streams() { return streams_; }
  EventEncoder& encoder() { return encoder_; }
  LogHub& logs() { return logs_; }
  Pump& pump() { return pump_; }
  /// Bytes of blobs that are in memory just now.
  std::atomic<std::int64_t>& blob_bytes() { return blob_bytes_; }

 private:
  Service& service_;
  const Clock& clock_;
  CallObserver* const observer_;
  const std::string version_;
  OpenStreams streams_;
  EventEncoder encoder_;
  std::atomic<std::int64_t> blob_bytes_ = 0;
  Pump pump_;
  LogHub logs_;
};

/// The end of a unary call: it is answered once, by whoever claims it first.  A call that is
/// cancelled before is answered by that; what was begun for it goes on.  When all copies are gone
/// and none answered, the call ends UNAVAILABLE, so that no caller waits for ever.
class CallEnd {
 public:
  CallEnd(Gate& gate, std::string_view method);

  /// True for one caller: the response is valid until it calls Finish().
  bool Claim() const;
  void Finish(const Status& status) const;
  /// Both, for what leaves no response.
  void operator()(const Status& status) const {
    if (Claim()) Finish(status);
  }
  grpc::ServerUnaryReactor* reactor() const;

 private:
  class Call;
  struct State;
  std::shared_ptr<State> state_;
};

/// Lets `begin(principal, answer)` serve the call, unless the caller is refused.
template <class Begin>
grpc::ServerUnaryReactor* Serve(Gate& gate, grpc::CallbackServerContext* context,
                                std::string_view method, Begin begin) {
  const CallEnd answer(gate, method);
  grpc::ServerUnaryReactor* const reactor = answer.reactor();
  const StatusOr<std::string> principal = gate.Enter(*context, method);
  if (principal.ok())
    begin(*principal, answer);
  else
    answer(principal.status());
  return reactor;
}

/// Serves the call by `read(library)` on a read thread.
template <class Read>
grpc::ServerUnaryReactor* ServeRead(Gate& gate, grpc::CallbackServerContext* context,
                                    std::string_view method, Read read) {
  return Serve(gate, context, method, [&](const std::string&, const CallEnd& answer) {
    const Status begun = gate.service().Read([answer, read](Library& library) {
      if (answer.Claim()) answer.Finish(read(library));
    });
    if (!begun.ok()) answer(begun);
  });
}

/// A Reply that fills the response by `fill(value)`, which says whether it fits, and ends the call.
template <class T, class Fill>
Reply<T> Answering(const CallEnd& answer, Fill fill) {
  return [answer, fill](StatusOr<T> value) {
    if (!answer.Claim()) return;
    answer.Finish(value.ok() ? fill(*value) : value.status());
  };
}

}  // namespace fft
