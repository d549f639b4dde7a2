#include "server/rpc/server.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/core.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "server/base/error_details.h"
#include "server/rpc/admin_service.h"
#include "server/rpc/blobs_service.h"
#include "server/rpc/builds_service.h"
#include "server/rpc/catalog_service.h"
#include "server/rpc/graphs_service.h"
#include "server/rpc/listener.h"
#include "server/rpc/nodes_service.h"
#include "server/rpc/socket.h"
#include "server/rpc/workers_service.h"

namespace fft {

namespace {

constexpr int kMessageMax = 4 << 20;
constexpr std::chrono::milliseconds kLastWords{100};

/// A gRPC server with services of its own: unix sockets and network ports differ in channel
/// arguments, which belong to a server.
class Endpoint {
 public:
  Endpoint(Gate& gate, const RpcOptions& options, bool is_network)
      : builds_(gate),
        nodes_(gate),
        runs_(gate),
        graphs_(gate),
        catalog_(gate),
        blobs_(gate),
        workers_(gate),
        admin_(gate) {
    for (grpc::Service* service : All()) builder_.RegisterService(service);
    SetArguments(options, is_network);
  }

  void Listen(std::string address) { addresses_.push_back(std::move(address)); }

  Status Start() {
    for (const std::string& address : addresses_) {
      auto listener = Listener::Open(address);
      if (!listener.ok()) return listener.status();
      listeners_.push_back(*std::move(listener));
      acceptors_.push_back(builder_.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
          grpc::InsecureServerCredentials()));
    }
    server_ = builder_.BuildAndStart();
    if (server_ == nullptr)
      return Error(Code::kFailedPrecondition, "cannot serve at {}", addresses_.front());
    for (std::size_t i = 0; i < listeners_.size(); ++i)
      listeners_[i]->Accept([acceptor = acceptors_[i].get()](int fd) {
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
        connection.fd = fd;
        acceptor->HandleNewConnection(&connection);
      });
    return Ok();
  }

  /// New connections wait with the kernel from here on.
  void StopAccepting() {
    for (const auto& listener : listeners_) listener->Stop();
  }

  /// Tells who watches health what has changed, and of services that there are alone: told of all
  /// at once, gRPC would tell it of names that it has only been asked for, too.
  void SetServing(bool is_leading, bool is_standby) {
    if (std::exchange(told_, std::pair(is_leading, is_standby)) ==
        std::pair(is_leading, is_standby))
      return;
    grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
    health->SetServingStatus("", is_leading);
    for (const char* name : {"Builds", "Graphs", "Workers", "Admin"})
      health->SetServingStatus(fmt::format("fft.build.v1.{}", name), is_leading);
    for (const char* name : {"Nodes", "Runs", "Catalog", "Blobs"})
      health->SetServingStatus(fmt::format("fft.build.v1.{}", name), is_leading || is_standby);
  }

  grpc::Server* server() { return server_.get(); }
  const std::vector<std::string>& addresses() const { return addresses_; }
  int port(std::size_t i) const { return listeners_[i]->port(); }

 private:
  std::vector<grpc::Service*> All() {
    return {&builds_, &nodes_, &runs_, &graphs_, &catalog_, &blobs_, &workers_, &admin_};
  }

  void SetArguments(const RpcOptions& options, bool is_network) {
    const auto ms = [](std::chrono::milliseconds time) { return static_cast<int>(time.count()); };
    builder_.SetMaxReceiveMessageSize(kMessageMax);
    builder_.SetMaxSendMessageSize(kMessageMax);
    builder_.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, ms(options.keepalive_every));
    builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(options.keepalive_patience));
    builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder_.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
    if (!is_network) return;
    builder_.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, ms(options.connection_age_max));
    builder_.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                                ms(options.connection_age_grace));
  }

  BuildsService builds_;
  NodesService nodes_;
  RunsService runs_;
  GraphsService graphs_;
  CatalogService catalog_;
  BlobsService blobs_;
  WorkersService workers_;
  AdminService admin_;
  std::optional<std::pair<bool, bool>> told_;  // by SetServing()
  grpc::ServerBuilder builder_;
  std::vector<std::string> addresses_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor>> acceptors_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // parallel to addresses_; they end first
};

}  // namespace

class RpcServer::State {
 public:
  State(Service& service, const Clock& clock, RpcOptions options, CallObserver* observer)
      : options_(std::move(options)), gate_(service, clock, observer, options_.version) {}
  ~State() { Shutdown(std::chrono::milliseconds(0)); }

  Status Start() {
    if (options_.listen.empty())
      return Error(Code::kFailedPrecondition, "there is no address to listen on");
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    for (const std::string& address : options_.listen) {
      if (const Status usable = CheckAddress(address); !usable.ok()) return usable;
      EndpointFor(address).Listen(address);
    }
    for (const auto& endpoint : {&local_, &network_}) {
      if (*endpoint == nullptr) continue;
      if (const Status started = (*endpoint)->Start(); !started.ok()) return started;
      (*endpoint)->SetServing(false, false);
    }
    FindPorts();
    return Ok();
  }

  void SetServing(bool is_leading, bool is_standby) {
    for (Endpoint* endpoint : Running()) endpoint->SetServing(is_leading, is_standby);
  }

  void Shutdown(std::chrono::milliseconds patience) {
    if (is_shut_down_) return;
    is_shut_down_ = true;
    SetServing(false, false);
    for (Endpoint* endpoint : Running()) endpoint->StopAccepting();
    gate_.streams().StopAll();
    // Whose stream has ended comes back at once, on the connection that he has: he is told what
    // happens, where gRPC's own shutdown says CANCELLED and nothing else.
    const auto begin = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::min(patience, options_.farewell));
    gate_.streams().WaitUntilNone(begin + patience);
    // What may be open yet is gRPC's own, which does not know that it is to end: whoever watches
    // health has been told.
    const auto deadline = std::chrono::system_clock::now() + kLastWords;
    std::vector<std::jthread> waiting;  // both at once
    for (Endpoint* endpoint : Running())
      waiting.emplace_back([endpoint, deadline] { endpoint->server()->Shutdown(deadline); });
  }

  RpcView View() const {
    const StreamsView view = gate_.streams().View(gate_.service().events().last());
    return {.streams = view.streams, .watchers = view.watchers, .lag_max = view.lag_max};
  }

  const std::vector<int>& ports() const { return ports_; }

 private:
  Endpoint& EndpointFor(const std::string& address) {
    const bool is_network = !IsUnixAddress(address);
    auto& endpoint = is_network ? network_ : local_;
    if (endpoint == nullptr) endpoint = std::make_unique<Endpoint>(gate_, options_, is_network);
    return *endpoint;
  }

  std::vector<Endpoint*> Running() {
    std::vector<Endpoint*> running;
    for (const auto& endpoint : {&local_, &network_})
      if (*endpoint != nullptr && (*endpoint)->server() != nullptr)
        running.push_back(endpoint->get());
    return running;
  }

  void FindPorts() {
    std::size_t network = 0;
    for (const std::string& address : options_.listen)
      ports_.push_back(IsUnixAddress(address) ? 0 : network_->port(network++));
  }

  const RpcOptions options_;
  mutable Gate gate_;
  std::unique_ptr<Endpoint> local_, network_;
  std::vector<int> ports_;
  bool is_shut_down_ = false;
};

RpcServer::RpcServer(Service& service, const Clock& clock, RpcOptions options,
                     CallObserver* observer)
    : state_(std::make_unique<State>(service, clock, std::move(options), observer)) {}

RpcServer::~RpcServer() = default;
Status RpcServer::Start() { return state_->Start(); }
const std::vector<int>& RpcServer::ports() const { return state_->ports(); }
void RpcServer::SetServing(bool is_leading, bool is_standby) {
  state_->SetServing(is_leading, is_standby);
}
void RpcServer::Shutdown(std::chrono::milliseconds patience) { state_->Shutdown(patience); }
RpcView RpcServer::View() const { return state_->View(); }

}  // namespace fft
