#include <fft/build/v1/admin.grpc.pb.h>
#include <grpcpp/impl/client_unary_call.h>

#include "tests/rpc/rpc_test.h"

namespace fft {
namespace {

/// A request by raw bytes: of services whose messages are not among ours.
grpc::Status CallRaw(grpc::Channel& channel, const std::string& method, const std::string& request,
                     std::string* response) {
  grpc::ClientContext context;
  const grpc::Slice bytes(request);
  const grpc::ByteBuffer in(&bytes, 1);
  grpc::ByteBuffer out;
  const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      &channel, rpc, &context, in, &out);
  std::vector<grpc::Slice> slices;
  if (status.ok() && out.Dump(&slices).ok())
    for (const grpc::Slice& slice : slices)
      response->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return status;
}

class ServerTest : public RpcTest {
 protected:
  /// grpc.health.v1: 1 serving, 2 not; -1: unknown service.
  int Health(const std::string& service) {
    const std::string request =
        service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service;
    std::string response;
    const grpc::Status status =
        CallRaw(*channel_, "/grpc.health.v1.Health/Check", request, &response);
    return status.ok() && response.size() == 2 ? response[1] : -1;
  }
  std::shared_ptr<grpc::Channel> channel_ = Channel();
};

TEST_F(ServerTest, HealthIsToldOverallAndPerService) {
  EXPECT_EQ(Health(""), 1);
  EXPECT_EQ(Health("fft.build.v1.Builds"), 1);
  EXPECT_EQ(Health("fft.build.v1.Workers"), 1);
  EXPECT_EQ(Health("no.such.Service"), -1);
  server_->SetServing(false, true);
  EXPECT_EQ(Health(""), 2);
  EXPECT_EQ(Health("fft.build.v1.Builds"), 2);
  EXPECT_EQ(Health("fft.build.v1.Catalog"), 1);
  server_->SetServing(false, false);
  EXPECT_EQ(Health("fft.build.v1.Catalog"), 2);
  EXPECT_EQ(Health(""), 2);
  EXPECT_EQ(Health("fft.build.v1.Builds"), 2);
}

// gRPC's own services do not know that they are to end; the patience is no wait for them.
TEST_F(ServerTest, WhoWatchesHealthIsToldAndHoldsNobodyUp) {
  grpc::ClientContext context;
  const grpc::internal::RpcMethod rpc("/grpc.health.v1.Health/Watch",
                                      grpc::internal::RpcMethod::SERVER_STREAMING);
  const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> watch(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(channel_.get(), rpc, &context,
                                                                    grpc::ByteBuffer(nullptr, 0)));
  const auto next = [&]() -> int {
    grpc::ByteBuffer bytes;
    std::vector<grpc::Slice> slices;
    if (!watch->Read(&bytes) || !bytes.Dump(&slices).ok() || slices.empty()) return -1;
    return slices[0].begin()[1];
  };
  EXPECT_EQ(next(), 1);
  server_->Shutdown(std::chrono::hours(1));
  EXPECT_EQ(next(), 2);
  EXPECT_EQ(next(), -1);
  EXPECT_FALSE(watch->Finish().ok());
}

TEST_F(ServerTest, HealthIsToldWhenItChangesAndOfNothingThatIsNotThere) {
  grpc::ClientContext context;
  const grpc::Slice name("\x0a\x06nosuch");
  const grpc::internal::RpcMethod rpc("/grpc.health.v1.Health/Watch",
                                      grpc::internal::RpcMethod::SERVER_STREAMING);
  const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> watch(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(channel_.get(), rpc, &context,
                                                                    grpc::ByteBuffer(&name, 1)));
  grpc::ByteBuffer bytes;
  ASSERT_TRUE(watch->Read(&bytes));  // unknown
  server_->SetServing(true, false);
  server_->SetServing(false, true);
  EXPECT_EQ(Health("nosuch"), -1);
  EXPECT_EQ(Health("fft.build.v1.Builds"), 2);
  context.TryCancel();
  EXPECT_FALSE(watch->Read(&bytes));
}

TEST_F(ServerTest, ReflectionListsTheServices) {
  grpc::ClientContext context;
  const grpc::internal::RpcMethod rpc(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      grpc::internal::RpcMethod::BIDI_STREAMING);
  const std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream(
      grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(
          channel_.get(), rpc, &context));
  const std::string list = "\x3a\x01*";  // list_services: "*"
  const grpc::Slice slice(list);
  ASSERT_TRUE(stream->Write(grpc::ByteBuffer(&slice, 1)));
  grpc::ByteBuffer answer;
  ASSERT_TRUE(stream->Read(&answer));
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(answer.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& part : slices)
    text.append(reinterpret_cast<const char*>(part.begin()), part.size());
  EXPECT_NE(text.find("fft.build.v1.Builds"), std::string::npos);
  EXPECT_NE(text.find("grpc.health.v1.Health"), std::string::npos);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, AnAddressThatIsTakenIsNamed) {
  RpcServer second(service_, clock_, RpcOptions{.listen = {address_}, .version = "0.1"});
  const Status taken = second.Start();
  EXPECT_EQ(taken.code(), Code::kFailedPrecondition);
  EXPECT_NE(Message(taken).find(address_), std::string::npos);

  RpcServer first_port(service_, clock_, RpcOptions{.listen = {"127.0.0.1:0"}, .version = "0.1"});
  ASSERT_TRUE(first_port.Start().ok());
  const std::string port = "127.0.0.1:" + std::to_string(first_port.ports()[0]);
  RpcServer other(service_, clock_, RpcOptions{.listen = {"127.0.0.1:0", port}, .version = "0.1"});
  const Status refused = other.Start();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_NE(Message(refused).find(port), std::string::npos) << refused;

  const std::string long_path = "unix:/" + std::string(200, 'x');
  RpcServer third(service_, clock_, RpcOptions{.listen = {long_path}, .version = "0.1"});
  EXPECT_NE(Message(third.Start()).find(long_path), std::string::npos);
}

TEST_F(ServerTest, UnixAndNetworkTogether) {
  const std::string socket = "unix:" + (folder_ / "two.sock");
  RpcServer both(service_, clock_,
                 RpcOptions{.listen = {"127.0.0.1:0", socket, "127.0.0.1:0"}, .version = "0.1"});
  ASSERT_TRUE(both.Start().ok());
  ASSERT_EQ(both.ports().size(), 3u);
  EXPECT_GT(both.ports()[0], 0);
  EXPECT_EQ(both.ports()[1], 0);
  EXPECT_NE(both.ports()[0], both.ports()[2]);
  for (const std::string& address : {"127.0.0.1:" + std::to_string(both.ports()[0]), socket,
                                     "127.0.0.1:" + std::to_string(both.ports()[2])}) {
    const auto stub =
        v1::Admin::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    v1::ServiceStatus status;
    EXPECT_TRUE(stub->GetStatus(&context, {}, &status).ok()) << address;
  }
}

TEST_F(ServerTest, ASocketThatWasLeftBehindIsTakenOver) {
  server_->Shutdown(std::chrono::milliseconds(1000));
  server_.reset();
  folder_.Write("fftd.sock.lock", "");
  StartServer();
  EXPECT_TRUE(Eventually([&] { return Health("") == 1; }));
}

TEST_F(ServerTest, BadPrincipalsAreRefusedAndAudited) {
  const auto stub = Stub<v1::Admin>();
  grpc::ClientContext context;
  context.AddMetadata("fft-principal", "an na");
  v1::ServiceStatus response;
  const grpc::Status status = stub->GetStatus(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(service_.library.mutex);
    return !service_.library.audit.empty();
  }));
  EXPECT_TRUE(service_.library.audit[0].starts_with("Admin.GetStatus: refused"));
}

class CountingObserver final : public CallObserver {
 public:
  void Finished(std::string_view method, Code code, std::chrono::microseconds) override {
    const std::lock_guard lock(mutex);
    calls.emplace_back(method, code);
  }
  std::mutex mutex;
  std::vector<std::pair<std::string, Code>> calls;
};

TEST_F(ServerTest, CallsAreObserved) {
  CountingObserver observer;
  const std::string socket = "unix:" + (folder_ / "three.sock");
  RpcServer server(service_, clock_, RpcOptions{.listen = {socket}, .version = "0.1"}, &observer);
  ASSERT_TRUE(server.Start().ok());
  const auto stub =
      v1::Admin::NewStub(grpc::CreateChannel(socket, grpc::InsecureChannelCredentials()));
  grpc::ClientContext one, two;
  v1::ServiceStatus status;
  EXPECT_TRUE(stub->GetStatus(&one, {}, &status).ok());
  v1::SetGrantResponse granted;
  EXPECT_FALSE(stub->SetGrant(&two, {}, &granted).ok());
  server.Shutdown(std::chrono::milliseconds(1000));
  ASSERT_EQ(observer.calls.size(), 2u);
  EXPECT_EQ(observer.calls[0], std::pair(std::string("Admin.GetStatus"), Code::kOk));
  EXPECT_EQ(observer.calls[1], std::pair(std::string("Admin.SetGrant"), Code::kUnimplemented));
}

}  // namespace
}  // namespace fft
