#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <utility>

#include <grpcpp/support/server_callback.h>

#include "server/rpc/baton.h"
#include "server/rpc/error.h"
#include "server/rpc/gate.h"

namespace fft {

/// A stream from us to a client: at most one message is on its way, so a client that does not read
/// costs that message.
///
/// There is one turn, and whoever has it ends it with one Write(), one Close(), or by handing it to
/// somebody else: a read thread, the pump, a log that wakes it.  Step() is such a turn; after a
/// Write() it comes back.  Cancellation takes the turn away from nobody: it is seen at the next
/// Step(), and Interrupted() lets a stream that waits somewhere fetch its turn back.
/// Lives until gRPC is done with it and nobody holds it any more.
template <class Message>
class Outflow : public grpc::ServerWriteReactor<Message>, public OpenStream {
 public:
  Outflow(Gate& gate, std::string_view method) : gate_(gate), method_(method) {}

  /// Opens a stream and gives it its first turn.
  template <class Stream, class... Args>
  static grpc::ServerWriteReactor<Message>* Open(Gate& gate, Args&&... args) {
    const auto stream = std::make_shared<Stream>(gate, std::forward<Args>(args)...);
    Outflow& base = *stream;
    base.self_ = stream;
    if (!gate.streams().Add(stream)) base.is_stopping_ = true;
    base.Turn();
    return stream.get();
  }

  void Stop() final {
    is_stopping_ = true;
    Interrupted();
  }
  /// Whoever had the turn dropped it.
  void Drop() { Close(Stopping()); }

 protected:
  virtual void Step() = 0;
  /// The client left, or the daemon stops; on any thread, perhaps amid a turn.
  virtual void Interrupted() {}

  /// The next turn: what a thread that was handed the turn calls.
  void Turn() {
    if (is_cancelled_) return Close(Error(Code::kCancelled, "the client left"));
    if (is_stopping_) return Close(Stopping());
    Step();
  }
  /// Sends message().
  void Write() { this->StartWrite(&message_); }
  void Close(const Status& status) {
    gate_.Leave(method_, status, entered_);
    this->Finish(ToGrpc(status));
  }
  bool is_interrupted() const { return is_cancelled_ || is_stopping_; }

  Gate& gate() { return gate_; }
  Message& message() { return message_; }
  /// Keeps the stream alive while somebody else has its turn.
  std::shared_ptr<Outflow> self() const { return self_; }

  /// Hands the turn to a read thread; when there is none to be had, tries again a little later.
  template <class Read>
  void ReadLater(Read read) {
    HandToReader(gate_, self_, read, [this] { Turn(); });
  }

 private:
  void OnWriteDone(bool ok) final {
    if (!ok) is_cancelled_ = true;
    Turn();
  }
  void OnCancel() final {
    is_cancelled_ = true;
    Interrupted();
  }
  void OnDone() final {
    gate_.streams().Remove(this);
    const auto last = std::move(self_);
  }

  Gate& gate_;
  const std::string_view method_;
  const Pump::Instant entered_ = Pump::Now();
  std::atomic<bool> is_cancelled_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::shared_ptr<Outflow> self_;
  Message message_;
};

/// A stream that ends at once.
template <class Message>
class Refusal final : public Outflow<Message> {
 public:
  Refusal(Gate& gate, std::string_view method, Status why)
      : Outflow<Message>(gate, method), why_(std::move(why)) {}

 private:
  void Step() override { this->Close(why_); }
  const Status why_;
};

template <class Message>
grpc::ServerWriteReactor<Message>* Refuse(Gate& gate, std::string_view method, const Status& why) {
  return Outflow<Message>::template Open<Refusal<Message>>(gate, method, why);
}

}  // namespace fft
