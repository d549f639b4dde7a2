#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include "client/lib/failure.h"
#include "client/lib/route.h"
#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

/// Waits; false when the stop token was asked in between.
using Pause = std::function<bool(Duration, const std::stop_token&)>;

struct ClientOptions {
  std::string address;                // gRPC targets parted by commas; AddressOf() makes them
  std::string principal;              // who asks
  Duration call_limit{30'000};        // of one attempt at a call that is no stream
  Duration patience{30'000};          // how long a call is tried again in vain
  Duration stream_patience{300'000};  // the same for a stream that broke
  Pause pause;                        // empty: waits by the clock
};

/// The way to the daemon that leads: a channel, and calls over it with deadlines and second
/// attempts. Safe from any thread.  One that stands by says who leads, and the call goes there.
/// Calls are tried again while that can help: every call of the API is idempotent, those that
/// create something by their request_id.  A daemon that never answered is UNREACHABLE at once; one
/// that did is waited for, as it may just be restarted.
class Client {
 public:
  explicit Client(ClientOptions options);

  const ClientOptions& options() const { return options_; }
  /// To the daemon that was found last: ask in each attempt.
  std::shared_ptr<grpc::Channel> channel() const { return route_.channel(); }

  /// One call: `client.Call(&v1::Builds::Stub::GetBuild, request)`.
  template <class Stub, class Request, class Reply>
  StatusOr<Reply> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                       const std::type_identity_t<Request>& request) {
    Reply reply;
    const Status status = Attempt([&](grpc::ClientContext& context) {
      Stub stub(channel());
      reply.Clear();
      return (stub.*method)(&context, request, &reply);
    });
    if (!status.ok()) return status;
    return reply;
  }

  /// Reads a stream to its end.  `take` is handed each message, and the request, in which it notes
  /// where to go on: a stream that breaks is opened again with it.  CANCELLED when `stop` asked.
  template <class Stub, class Request, class Reply>
  Status Read(std::unique_ptr<grpc::ClientReader<Reply>> (Stub::*open)(grpc::ClientContext*,
                                                                       const Request&),
              std::type_identity_t<Request> request,
              const std::type_identity_t<std::function<void(const Reply&, Request&)>>& take,
              const std::stop_token& stop = {}) {
    return Stream(
        [&](grpc::ClientContext& context, const std::function<void()>& advanced) {
          Stub stub(channel());
          const auto stream = (stub.*open)(&context, request);
          Reply message;
          while (stream->Read(&message)) {
            advanced();
            take(message, request);
          }
          return stream->Finish();
        },
        stop);
  }

  /// Tries `call` until it succeeds or trying again is no use; `limit` is one attempt's, zero: the
  /// usual one.
  Status Attempt(const std::function<grpc::Status(grpc::ClientContext&)>& call,
                 Duration limit = Duration::zero());

  /// Told of a stream that broke and is opened again; by the thread that reads it.
  void OnBroken(std::function<void(const Status& why)> told) { told_ = std::move(told); }

 private:
  using StreamBody =
      std::function<grpc::Status(grpc::ClientContext&, const std::function<void()>&)>;

  Status Stream(const StreamBody& body, const std::stop_token& stop);
  void Prepare(grpc::ClientContext& context) const;
  /// What a failure that is not tried again means to the caller.
  Status Final(const Failure& failure, Duration limit) const;
  bool IsWorthAnother(const Failure& failure) const;
  bool Turn(const Failure& failure, std::size_t* turns);

  ClientOptions options_;
  Route route_;
  std::function<void(const Status&)> told_;
  std::atomic<bool> was_reached_ = false;
};

/// 32 random hexadecimal digits.
std::string NewRequestId();

}  // namespace fft
