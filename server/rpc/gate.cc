#include "server/rpc/gate.h"

#include <utility>

#include "server/base/log.h"
#include "server/rpc/error.h"
#include "server/rpc/principal.h"

namespace fft {

Gate::Gate(Service& service, const Clock& clock, CallObserver* observer, std::string version)
    : service_(service),
      clock_(clock),
      observer_(observer),
      version_(std::move(version)),
      logs_(service.events(), pump_) {}

StatusOr<std::string> Gate::Enter(const grpc::ServerContextBase& context, std::string_view method) {
  if (streams_.is_stopping()) return Stopping();
  StatusOr<std::string> principal = PrincipalOf(context);
  if (principal.ok()) return principal;
  const Status read =
      service_.Read([who = Clean(context.peer(), 200), method = std::string(method),
                     why = Message(principal.status()), at = clock_.Now()](Library& library) {
        const Status written = library.Audit(who, method, "refused: " + why, at);
        if (!written.ok()) LogWarning("no audit row of a refused {}: {}", method, Message(written));
      });
  if (!read.ok()) LogWarning("no audit row of a refused {}: {}", method, Message(read));
  return principal;
}

void Gate::Leave(std::string_view method, const Status& status, Pump::Instant entered) {
  if (status.code() == Code::kInternal || status.code() == Code::kDataLoss)
    LogError("{}: {}", method, Message(status));
  if (observer_ == nullptr) return;
  observer_->Finished(method, status.code(),
                      std::chrono::duration_cast<std::chrono::microseconds>(Pump::Now() - entered));
}

/// Lives until gRPC is done with it.
class CallEnd::Call final : public grpc::ServerUnaryReactor {
 public:
  explicit Call(OpenStreams& open) : open_(open) { open_.CallBegan(); }
  ~Call() override { open_.CallEnded(); }

  std::weak_ptr<State> state;

 private:
  void OnCancel() override;
  void OnDone() override { delete this; }

  OpenStreams& open_;
};

struct CallEnd::State {
  ~State() {
    if (!is_claimed.exchange(true)) Finish(Stopping());
  }

  void Finish(const Status& status) const {
    gate.Leave(method, status, entered);
    call->Finish(ToGrpc(status));
  }

  Gate& gate;
  const std::string_view method;
  Call* const call;
  const Pump::Instant entered = Pump::Now();
  std::atomic<bool> is_claimed = false;
};

void CallEnd::Call::OnCancel() {
  const auto open = state.lock();
  if (open != nullptr && !open->is_claimed.exchange(true))
    open->Finish(Error(Code::kCancelled, "the client left"));
}

CallEnd::CallEnd(Gate& gate, std::string_view method)
    : state_(new State{.gate = gate, .method = method, .call = new Call(gate.streams())}) {
  state_->call->state = state_;
}

bool CallEnd::Claim() const { return !state_->is_claimed.exchange(true); }
void CallEnd::Finish(const Status& status) const { state_->Finish(status); }
grpc::ServerUnaryReactor* CallEnd::reactor() const { return state_->call; }

}  // namespace fft
