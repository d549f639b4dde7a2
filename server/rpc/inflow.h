#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <grpcpp/support/server_callback.h>

#include "server/rpc/baton.h"
#include "server/rpc/error.h"
#include "server/rpc/gate.h"

namespace fft {

/// Cancels a call from outside as long as there is one.  Safe from any thread.
class CallHandle {
 public:
  explicit CallHandle(grpc::CallbackServerContext* context) : context_(context) {}
  void Cancel() {
    const std::lock_guard lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  /// The call is over.
  void Drop() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }

 private:
  std::mutex mutex_;
  grpc::CallbackServerContext* context_;
};

/// A stream from a client to us, read one message at a time: nothing more is read before what was
/// read has been dealt with, so a client that is faster than the library waits.
///
/// There is one turn, as in Outflow: Take() and Ended() end with one Next(), one Close(), or by
/// handing the turn to somebody else.
template <class Request>
class Inflow : public grpc::ServerReadReactor<Request>, public OpenStream {
 public:
  Inflow(Gate& gate, grpc::CallbackServerContext* context, std::string_view method)
      : gate_(gate), method_(method), call_(context) {}

  template <class Stream, class... Args>
  static grpc::ServerReadReactor<Request>* Open(Gate& gate, grpc::CallbackServerContext* context,
                                                Args&&... args) {
    const auto stream = std::make_shared<Stream>(gate, context, std::forward<Args>(args)...);
    Inflow& base = *stream;
    base.self_ = stream;
    const bool is_open = gate.streams().Add(stream);
    const auto principal = gate.Enter(*context, base.method_);
    if (!principal.ok())
      base.Close(principal.status());
    else if (!is_open)
      base.Close(Stopping());
    else
      base.Next();
    return stream.get();
  }

  void Stop() final {
    is_stopping_ = true;
    call_.Cancel();
  }
  /// Whoever had the turn dropped it.
  void Drop() { Close(Stopping()); }

 protected:
  /// message() has come.
  virtual void Take() = 0;
  /// The client has said all.
  virtual void Ended() = 0;

  void Next() { this->StartRead(&message_); }
  void Close(const Status& status) {
    gate_.Leave(method_, status, entered_);
    this->Finish(ToGrpc(status));
  }
  /// Hands the turn to a read thread; when there is none to be had, tries again a little later.
  template <class Read>
  void ReadLater(Read read) {
    HandToReader(gate_, self_, read, [this, read] {
      if (is_interrupted())
        CloseInterrupted();
      else
        ReadLater(read);
    });
  }

  Gate& gate() { return gate_; }
  Request& message() { return message_; }

 private:
  bool is_interrupted() const { return is_cancelled_ || is_stopping_; }
  void CloseInterrupted() {
    Close(is_stopping_ ? Stopping() : Error(Code::kCancelled, "the client left"));
  }
  void OnReadDone(bool ok) final {
    if (is_interrupted()) return CloseInterrupted();
    if (ok)
      Take();
    else
      Ended();
  }
  void OnCancel() final { is_cancelled_ = true; }
  void OnDone() final {
    call_.Drop();
    gate_.streams().Remove(this);
    const auto last = std::move(self_);
  }

  Gate& gate_;
  const std::string_view method_;
  const Pump::Instant entered_ = Pump::Now();
  CallHandle call_;
  std::atomic<bool> is_cancelled_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::shared_ptr<Inflow> self_;
  Request message_;
};

}  // namespace fft
