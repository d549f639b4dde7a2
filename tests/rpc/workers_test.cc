#include <thread>

#include <fft/build/v1/nodes.grpc.pb.h>
#include <fft/build/v1/workers.grpc.pb.h>

#include "tests/rpc/rpc_test.h"

namespace fft {
namespace {

WorkerOrders Orders(std::int64_t run, std::size_t arg_bytes = 10) {
  JobConfig config;
  config.frame = JobFrame{.job = "//:job"};
  config.outputs = {"a"};
  config.inputs = {{.kind = InputKind::kQuery, .identity = Identity::kContent, .ref = "in"}};
  config.args = {std::string(arg_bytes, 'x')};
  Grant grant;
  grant.lease.run = RunId{run};
  grant.lease.epoch = Epoch{2};
  grant.config = std::make_shared<const JobConfig>(config);
  grant.job = GrantedJob{.root_uri = "file:///data"};
  grant.input_uris = {"file:///in"};
  return {.worker = WorkerId{5},
          .epoch = Epoch{2},
          .grants = {grant},
          .kills = {},
          .acknowledged = {},
          .adopted = {}};
}

class WorkersTest : public RpcTest {
 protected:
  using Stream = std::unique_ptr<grpc::ClientReaderWriter<v1::WorkerMessage, v1::DaemonMessage>>;

  /// Says hello and hears the welcome.
  Stream Connect(grpc::ClientContext* context) {
    Stream stream = stub_->Connect(context);
    v1::WorkerMessage hello;
    hello.mutable_hello()->set_name("w1");
    hello.mutable_hello()->set_slots(2);
    hello.mutable_hello()->set_protocol(1);
    hello.mutable_hello()->add_held(77);
    EXPECT_TRUE(stream->Write(hello));
    v1::DaemonMessage welcome;
    EXPECT_TRUE(stream->Read(&welcome));
    EXPECT_EQ(welcome.welcome().worker(), 5);
    EXPECT_EQ(welcome.welcome().orphan_after().seconds(), 60);
    EXPECT_EQ(welcome.epoch(), 2);
    return stream;
  }
  std::shared_ptr<WorkerSession> Session() {
    const std::lock_guard lock(service_.mutex);
    return service_.session;
  }
  std::size_t NewsCount() {
    const std::lock_guard lock(service_.mutex);
    return service_.news.size();
  }
  bool IsGone() {
    const std::lock_guard lock(service_.mutex);
    return !service_.gone.empty();
  }

  std::unique_ptr<v1::Workers::Stub> stub_ = Stub<v1::Workers>();
};

TEST_F(WorkersTest, HelloWelcomeOrdersNews) {
  grpc::ClientContext context;
  const Stream stream = Connect(&context);
  EXPECT_EQ(service_.hello.name, "w1");
  EXPECT_EQ(service_.hello.held, std::vector<RunId>{RunId{77}});

  WorkerOrders orders = Orders(9);
  orders.kills = {RunId{1}};
  orders.acknowledged = {RunId{2}};
  orders.adopted = {RunId{77}};
  Session()->Send(orders);
  v1::DaemonMessage told;
  ASSERT_TRUE(stream->Read(&told));
  ASSERT_EQ(told.grants_size(), 1);
  EXPECT_EQ(told.grants(0).run(), 9);
  EXPECT_EQ(told.grants(0).config().inputs(0).identity(), v1::IDENTITY_CONTENT);
  EXPECT_EQ(told.grants(0).input_uris(0), "file:///in");
  EXPECT_EQ(told.grants(0).limits().wall_max().seconds(), 3600);
  EXPECT_EQ(told.kills(0), 1);
  EXPECT_EQ(told.acknowledged(0), 2);
  EXPECT_EQ(told.adopted(0), 77);

  v1::WorkerMessage said;
  said.add_started()->set_run(9);
  v1::RunReport& report = *said.add_reports();
  report.set_run(9);
  report.set_epoch(2);
  report.set_outcome(v1::OUTCOME_SUCCEEDED);
  report.set_message("two\nlines");
  v1::OutputReport& output = *report.add_outputs();
  output.set_ref("a");
  output.set_content(std::string(Sha256("x").view()));
  output.set_rows(3);
  said.set_heartbeat(true);
  said.add_held(9);
  ASSERT_TRUE(stream->Write(said));
  ASSERT_TRUE(stream->Read(&told));  // the answer to the heartbeat
  EXPECT_TRUE(told.heartbeat());
  EXPECT_EQ(told.epoch(), 2);
  ASSERT_EQ(NewsCount(), 1u);
  const WorkerNews& news = service_.news[0];
  EXPECT_EQ(news.worker.value, 5);
  EXPECT_EQ(news.started[0].first.value, 9);
  EXPECT_EQ(news.reports[0].outcome, Outcome::kSucceeded);
  EXPECT_EQ(news.reports[0].message, "two lines");
  EXPECT_EQ(news.reports[0].outputs[0].content, Sha256("x"));
  EXPECT_EQ(news.reports[0].outputs[0].rows, 3);
  EXPECT_TRUE(news.is_heartbeat);
  EXPECT_EQ(news.held, std::vector<RunId>{RunId{9}});

  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&told));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(Eventually([&] { return IsGone(); }));
  Session()->Send(Orders(10));  // is lost, harmlessly
}

TEST_F(WorkersTest, ALyingReportIsTheRunsFault) {
  grpc::ClientContext context;
  const Stream stream = Connect(&context);
  v1::WorkerMessage said;
  v1::RunReport& report = *said.add_reports();
  report.set_run(9);
  report.set_epoch(2);
  report.set_outcome(v1::OUTCOME_SUCCEEDED);
  report.add_outputs()->set_ref("a\nb");
  ASSERT_TRUE(stream->Write(said));
  ASSERT_TRUE(Eventually([&] { return NewsCount() == 1; }));
  EXPECT_EQ(service_.news[0].reports[0].run.value, 9);
  EXPECT_EQ(service_.news[0].reports[0].outcome, Outcome::kBadOutput);
  EXPECT_NE(service_.news[0].reports[0].message.find("reports[0].outputs[0].ref"),
            std::string::npos);
}

TEST_F(WorkersTest, TheFirstMessageMustBeHello) {
  grpc::ClientContext context;
  const Stream stream = stub_->Connect(&context);
  v1::WorkerMessage said;
  said.set_heartbeat(true);
  ASSERT_TRUE(stream->Write(said));
  v1::DaemonMessage told;
  EXPECT_FALSE(stream->Read(&told));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Decode(status).bad.field_violations(0).field(), "hello");
}

TEST_F(WorkersTest, OrdersFromManyThreadsArriveOnceEach) {
  grpc::ClientContext context;
  const Stream stream = Connect(&context);
  constexpr std::int64_t kThreads = 4, kEach = 2000;
  std::vector<std::thread> senders;
  for (std::int64_t t = 0; t < kThreads; ++t)
    senders.emplace_back([&, t] {
      for (std::int64_t i = 0; i < kEach; ++i) Session()->Send(Orders(t * kEach + i + 1));
    });
  std::vector<int> seen(kThreads * kEach + 1);
  int messages = 0;
  for (std::int64_t got = 0; got < kThreads * kEach; ++messages) {
    v1::DaemonMessage told;
    ASSERT_TRUE(stream->Read(&told));
    EXPECT_LT(told.ByteSizeLong(), 4u << 20);
    for (const v1::Grant& grant : told.grants()) ++seen[static_cast<std::size_t>(grant.run())];
    got += told.grants_size();
  }
  for (std::thread& sender : senders) sender.join();
  for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_EQ(seen[i], 1) << i;
  EXPECT_LT(messages, kThreads * kEach);  // what gathered left together
}

TEST_F(WorkersTest, LargeGrantsAreSplitAndHugeOnesReported) {
  grpc::ClientContext context;
  const Stream stream = Connect(&context);
  WorkerOrders orders = Orders(1, 900'000);
  for (std::int64_t run = 2; run <= 6; ++run)
    orders.grants.push_back(Orders(run, run == 4 ? 5'000'000 : 900'000).grants[0]);
  Session()->Send(orders);
  std::vector<std::int64_t> runs;
  while (runs.size() < 5) {
    v1::DaemonMessage told;
    ASSERT_TRUE(stream->Read(&told));
    for (const v1::Grant& grant : told.grants()) runs.push_back(grant.run());
  }
  EXPECT_EQ(runs, (std::vector<std::int64_t>{1, 2, 3, 5, 6}));
  v1::WorkerMessage said;
  said.set_heartbeat(true);
  ASSERT_TRUE(stream->Write(said));
  ASSERT_TRUE(Eventually([&] { return NewsCount() == 2; }));
  EXPECT_EQ(service_.news[1].reports[0].run.value, 4);
  EXPECT_EQ(service_.news[1].reports[0].outcome, Outcome::kFailed);
}

TEST_F(WorkersTest, AWorkerThatDoesNotReadIsCutOff) {
  grpc::ClientContext context;
  const Stream stream = Connect(&context);
  for (int i = 0; i < 120'000; ++i) Session()->Send(Orders(i + 1, 300));
  EXPECT_TRUE(Eventually([&] { return IsGone(); }));
  v1::DaemonMessage told;
  while (stream->Read(&told)) {
  }
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(WorkersTest, TheAppMayCloseTheStream) {
  grpc::ClientContext context;
  const Stream stream = Connect(&context);
  Session()->Close(Error(Code::kAborted, "another worker calls itself {}", "w1"));
  v1::DaemonMessage told;
  EXPECT_FALSE(stream->Read(&told));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "another worker calls itself w1");
}

TEST_F(WorkersTest, ManyWorkersComeAndGo) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        grpc::ClientContext context;
        const Stream stream = Connect(&context);
        Session()->Send(Orders(1));
        if (i % 2 == 0)
          context.TryCancel();
        else
          stream->WritesDone();
        v1::DaemonMessage told;
        while (stream->Read(&told)) {
        }
        stream->Finish();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(service_.mutex);
    return service_.gone.size() == 100;
  }));
  EXPECT_EQ(server_->View().streams, 0);
}

TEST_F(WorkersTest, LogsArePushedAndTailed) {
  service_.library.runs[9].is_live = true;
  const auto runs = Stub<v1::Runs>();
  grpc::ClientContext tail_context;
  v1::TailLogsRequest tail;
  tail.set_run(9);
  tail.set_follow(true);
  const auto tailing = runs->TailLogs(&tail_context, tail);

  grpc::ClientContext push_context;
  v1::PushLogsResponse done;
  const auto pushing = stub_->PushLogs(&push_context, &done);
  v1::PushLogsRequest piece;
  piece.set_run(9);
  std::string read;
  v1::TailLogsResponse got;
  for (const std::string text : {"one ", "two ", "three"}) {
    piece.set_offset(static_cast<std::int64_t>(read.size()));
    piece.set_data(text);
    ASSERT_TRUE(pushing->Write(piece));
    ASSERT_TRUE(tailing->Read(&got));
    EXPECT_EQ(got.offset(), static_cast<std::int64_t>(read.size()));
    read += got.data();
  }
  EXPECT_EQ(read, "one two three");
  piece.set_offset(4);  // again what was said
  piece.set_data("two ");
  ASSERT_TRUE(pushing->Write(piece));
  pushing->WritesDone();
  EXPECT_TRUE(pushing->Finish().ok());
  {
    const std::lock_guard lock(service_.library.mutex);
    service_.library.runs[9].is_live = false;
  }
  auto label = std::make_shared<NodeLabel>();
  service_.Commit({{.kind = EventKind::kNodesChanged,
                    .changes = {{.label = label, .state = NodeState::kSucceeded, .run = RunId{9}}},
                    .text = {}}});
  EXPECT_FALSE(tailing->Read(&got));
  EXPECT_TRUE(tailing->Finish().ok());
}

TEST_F(WorkersTest, ATailThatIsLeftIsForgotten) {
  service_.library.runs[9].is_live = true;
  const auto runs = Stub<v1::Runs>();
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    v1::TailLogsRequest tail;
    tail.set_run(9);
    tail.set_follow(true);
    const auto tailing = runs->TailLogs(&context, tail);
    Eventually([&] { return i % 2 == 0 || server_->View().streams > 0; });
    context.TryCancel();
    v1::TailLogsResponse got;
    while (tailing->Read(&got)) {
    }
    EXPECT_EQ(tailing->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(Eventually([&] { return server_->View().streams == 0; }));
}

TEST_F(WorkersTest, PushedLogsWaitForTheLibrary) {
  service_.refuses_reads = true;
  grpc::ClientContext context;
  v1::PushLogsResponse done;
  const auto pushing = stub_->PushLogs(&context, &done);
  v1::PushLogsRequest piece;
  piece.set_run(9);
  piece.set_data("text");
  ASSERT_TRUE(pushing->Write(piece));
  pushing->WritesDone();
  service_.refuses_reads = false;
  EXPECT_TRUE(pushing->Finish().ok());
  EXPECT_EQ(service_.library.logs[9], "text");
}

}  // namespace
}  // namespace fft
