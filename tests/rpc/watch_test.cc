#include <atomic>
#include <thread>

#include <fft/build/v1/admin.grpc.pb.h>
#include <fft/build/v1/builds.grpc.pb.h>
#include <fft/build/v1/catalog.grpc.pb.h>

#include "tests/rpc/rpc_test.h"

namespace fft {
namespace {

NodeLabelPtr Label(std::int64_t id, const std::string& ns = "demo") {
  auto label = std::make_shared<NodeLabel>();
  label->id = NodeId{id};
  label->ns = ns;
  label->job = "//:job";
  label->outputs = {"out/" + std::to_string(id)};
  return label;
}

NodeChange Change(std::int64_t id, NodeState state = NodeState::kRunning,
                  const std::string& ns = "demo") {
  return {.label = Label(id, ns), .state = state, .message = {}};
}

Event Changed(std::vector<NodeChange> changes) {
  return {.kind = EventKind::kNodesChanged, .changes = std::move(changes), .text = {}};
}

Event Attached(std::int64_t build, std::vector<NodeChange> changes) {
  return {.kind = EventKind::kNodesAttached,
          .build = BuildId{build},
          .changes = std::move(changes),
          .text = {}};
}

Event BuildIs(std::int64_t id, BuildState state, const std::string& ns = "demo") {
  auto build = std::make_shared<Build>();
  build->id = BuildId{id};
  build->state = state;
  build->ns = ns;
  return {.kind = EventKind::kBuildChanged, .build = BuildId{id}, .snapshot = build, .text = {}};
}

Event Text(const std::string& text) { return {.kind = EventKind::kGraphDeployed, .text = text}; }

/// What a watcher is shown, event by event.
template <class Request>
class Watching {
 public:
  using Reader = std::unique_ptr<grpc::ClientReader<v1::WatchResponse>>;
  Watching() = default;

  /// The next event, over progress marks; null at the end.
  const v1::Event* Next() {
    while (at_ == message_.events_size()) {
      at_ = 0;
      message_.Clear();
      if (!reader->Read(&message_)) return nullptr;
      if (!message_.resume_token().empty()) token = message_.resume_token();
      if (message_.events_size() == 0) ++marks;
      up_to = message_.up_to();
    }
    return &message_.events(at_++);
  }
  /// Whether all of the message was looked at, so that `token` stands for what was seen.
  bool is_at_token() const { return at_ == message_.events_size(); }
  grpc::Status Leave() {
    context.TryCancel();
    while (reader->Read(&message_)) {
    }
    return reader->Finish();
  }

  grpc::ClientContext context;
  Reader reader;
  std::string token;
  std::int64_t up_to = 0;
  int marks = 0;

 private:
  v1::WatchResponse message_;
  int at_ = 0;
};

class WatchTest : public RpcTest {
 protected:
  WatchTest() : RpcTest(200) {}  // the ring is small: who is slow meets the library

  using LogWatch = Watching<v1::WatchEventsRequest>;
  using BuildWatch = Watching<v1::WatchBuildRequest>;

  std::unique_ptr<LogWatch> WatchLog(v1::Catalog::Stub& stub,
                                     const v1::WatchEventsRequest& request) {
    auto watch = std::make_unique<LogWatch>();
    watch->reader = stub.WatchEvents(&watch->context, request);
    return watch;
  }
  std::unique_ptr<LogWatch> WatchLog(const v1::WatchEventsRequest& request) {
    return WatchLog(*catalog_, request);
  }
  std::unique_ptr<BuildWatch> WatchBuild(std::int64_t id, const std::string& token = "") {
    auto watch = std::make_unique<BuildWatch>();
    v1::WatchBuildRequest request;
    request.set_id(id);
    request.set_resume_token(token);
    watch->reader = builds_->WatchBuild(&watch->context, request);
    return watch;
  }
  static v1::WatchEventsRequest After(std::int64_t seq) {
    v1::WatchEventsRequest request;
    request.set_after(seq);
    return request;
  }
  /// Build 3 as of now, with nodes 1 to `nodes`.
  void Snapshot(int nodes, BuildState state = BuildState::kExecuting) {
    BuildSnapshot snapshot;
    snapshot.build.id = BuildId{3};
    snapshot.build.state = state;
    snapshot.build.counts.cached = 4;
    snapshot.as_of = service_.events().last();
    snapshot.build.ended_event = IsTerminal(state) ? snapshot.as_of : EventSeq{};
    Attachment attachment{.build = BuildId{3}, .opened_by = EventSeq{2}, .nodes = {}};
    for (int i = 1; i <= nodes; ++i) {
      attachment.nodes.push_back(NodeId{i});
      snapshot.nodes.push_back(Change(i, NodeState::kWaiting));
    }
    snapshot.attachments.push_back(attachment);
    const std::lock_guard lock(service_.library.mutex);
    service_.library.snapshots[3] = snapshot;
  }

  std::unique_ptr<v1::Catalog::Stub> catalog_ = Stub<v1::Catalog>();
  std::unique_ptr<v1::Builds::Stub> builds_ = Stub<v1::Builds>();
};

TEST_F(WatchTest, ManyReadersWhoLeaveEarlyMissNothing) {
  constexpr std::int64_t kAll = 6000;
  std::thread writer([&] {
    for (std::int64_t i = 0; i < kAll / 3; ++i)
      service_.Commit({Text("a"), Changed({Change(i)}), Text(std::string(500, 'x'))});
  });
  std::vector<std::thread> readers;
  for (int r = 0; r < 6; ++r)
    readers.emplace_back([&, r] {
      const auto stub = Stub<v1::Catalog>();
      std::string token;
      std::int64_t want = 0;
      int take = 40 + 111 * r;
      while (want < kAll) {
        v1::WatchEventsRequest request;
        if (token.empty())
          request.set_start(true);
        else
          request.set_resume_token(token);
        const auto watch = WatchLog(*stub, request);
        for (int taken = 0; want < kAll; ++taken) {
          const v1::Event* event = watch->Next();
          ASSERT_NE(event, nullptr);
          ASSERT_EQ(event->seq(), ++want);
          if (taken >= take && watch->is_at_token()) break;
        }
        ASSERT_EQ(watch->up_to, want);
        token = watch->token;
        take += 300;
        EXPECT_EQ(watch->Leave().error_code(), grpc::StatusCode::CANCELLED);
      }
    });
  writer.join();
  for (std::thread& reader : readers) reader.join();
  EXPECT_TRUE(Eventually([&] { return server_->View().streams == 0; }));
}

TEST_F(WatchTest, AParkedReaderThatLeavesIsForgotten) {
  service_.Commit({Text("a")});
  for (int i = 0; i < 50; ++i) {
    v1::WatchEventsRequest request;
    request.set_now(true);
    const auto watch = WatchLog(request);
    std::thread canceller([&] {
      if (i % 2 == 0) Eventually([&] { return server_->View().watchers > 0; });
      watch->context.TryCancel();
    });
    EXPECT_EQ(watch->Next(), nullptr);
    canceller.join();
    EXPECT_EQ(watch->reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(Eventually([&] { return server_->View().streams == 0; }));
  service_.Commit({Text("b")});  // wakes nobody that is gone
}

TEST_F(WatchTest, ASlowWatcherSlowsNobodyAndCatchesUp) {
  const auto slow = WatchLog(After(0));
  service_.Commit({Text("first")});
  ASSERT_NE(slow->Next(), nullptr);
  const std::string big(10'000, 'x');
  for (int i = 0; i < 3000; ++i) service_.Commit({Text(big)});  // 30 MB, and it reads nothing
  const auto quick = WatchLog(After(2999));
  EXPECT_EQ(quick->Next()->seq(), 3000);
  EXPECT_GT(server_->View().lag_max, 2000);  // the rest of it is in the log, not in memory
  for (std::int64_t want = 2; want <= 3001; ++want) ASSERT_EQ(slow->Next()->seq(), want);
  EXPECT_GT(service_.library.event_reads, 0);
}

TEST_F(WatchTest, NowTellsAtOnceWhereItBegins) {
  service_.Commit({Text("a"), Text("b")});
  v1::WatchEventsRequest request;
  request.set_now(true);
  const auto watch = WatchLog(request);
  v1::WatchResponse mark;
  ASSERT_TRUE(watch->reader->Read(&mark));
  EXPECT_EQ(mark.events_size(), 0);
  EXPECT_EQ(mark.up_to(), 2);
  service_.Commit({Text("c")});
  EXPECT_EQ(watch->Next()->seq(), 3);
  v1::WatchEventsRequest resumed;
  resumed.set_resume_token(mark.resume_token());
  EXPECT_EQ(WatchLog(resumed)->Next()->seq(), 3);
}

TEST_F(WatchTest, DroppedEventsAreSaid) {
  for (int i = 0; i < 400; ++i) service_.Commit({Text("a")});
  service_.library.oldest_event = EventSeq{101};
  const auto late = WatchLog(After(50));
  EXPECT_EQ(late->Next(), nullptr);
  const grpc::Status status = late->reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(Decode(status).why.reason(), "EVENTS_DROPPED");
  EXPECT_EQ(Decode(status).why.metadata().at("oldest"), "101");
  v1::WatchEventsRequest start;
  start.set_start(true);
  EXPECT_EQ(WatchLog(start)->Next()->seq(), 101);
}

TEST_F(WatchTest, FiltersByNamespaceAndGlobWithMarks) {
  std::vector<Event> noise(1500, Text("x"));
  service_.Commit(noise);
  service_.Commit({Changed({Change(1), Change(2, NodeState::kRunning, "other"), Change(12)}),
                   BuildIs(1, BuildState::kReceived), BuildIs(2, BuildState::kReceived, "other")});
  v1::WatchEventsRequest request = After(0);
  request.set_namespace_("demo");
  const auto by_name = WatchLog(request);
  const v1::Event* changed = by_name->Next();
  ASSERT_EQ(changed->nodes_changed().changes_size(), 2);
  EXPECT_EQ(changed->nodes_changed().changes(0).node(), 1);
  EXPECT_EQ(changed->nodes_changed().state(), v1::NODE_RUNNING);
  EXPECT_EQ(by_name->Next()->build_changed().build().id(), 1);
  EXPECT_GE(by_name->marks, 1);  // after so many that it was spared

  request.set_ref_glob("out/1?");
  const auto by_glob = WatchLog(request);
  changed = by_glob->Next();
  ASSERT_EQ(changed->nodes_changed().changes_size(), 1);
  EXPECT_EQ(changed->nodes_changed().changes(0).node(), 12);

  // A quiet filter still moves on.
  service_.Commit({Text("noise")});
  v1::WatchResponse mark;
  do {
    ASSERT_TRUE(by_glob->reader->Read(&mark));
    EXPECT_EQ(mark.events_size(), 0);
  } while (mark.up_to() < 1504);
}

TEST_F(WatchTest, ATokenOfAnotherStreamIsRefused) {
  service_.Commit({Text("a")});
  v1::WatchEventsRequest request = After(0);
  const auto watch = WatchLog(request);
  ASSERT_NE(watch->Next(), nullptr);
  request.set_resume_token(watch->token);
  request.set_namespace_("demo");
  const auto other = WatchLog(request);
  EXPECT_EQ(other->Next(), nullptr);
  const grpc::Status status = other->reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Decode(status).bad.field_violations(0).field(), "resume_token");
}

TEST_F(WatchTest, TaintsNameTheirRefs) {
  Partition partition;
  partition.id = PartitionId{4};
  partition.ref = "a/b";
  service_.library.partitions = {partition};
  const auto watch = WatchLog(After(0));
  Event taint{.kind = EventKind::kPartitionsTainted, .partitions = {PartitionId{4}}, .text = "bad"};
  service_.Commit({Text("before"), taint, Text("after")});
  EXPECT_EQ(watch->Next()->graph_deployed().text(), "before");
  const v1::Event* tainted = watch->Next();
  ASSERT_EQ(tainted->partitions_tainted().refs_size(), 1);
  EXPECT_EQ(tainted->partitions_tainted().refs(0), "a/b");
  EXPECT_EQ(watch->Next()->graph_deployed().text(), "after");
}

TEST_F(WatchTest, ABuildIsShownAsItIsThenToItsEnd) {
  service_.Commit({BuildIs(3, BuildState::kExecuting), Attached(3, {Change(1), Change(2)})});
  Snapshot(1200);
  const auto watch = WatchBuild(3);
  const v1::Event* event = watch->Next();
  EXPECT_EQ(event->seq(), 2);
  EXPECT_EQ(event->build_changed().build().state(), v1::BUILD_EXECUTING);
  EXPECT_EQ(watch->Next()->nodes_skipped().count(), 4);
  int nodes = 0;
  for (const int many : {500, 500, 200}) {
    event = watch->Next();
    ASSERT_EQ(event->nodes_attached().changes_size(), many);
    nodes += many;
  }
  EXPECT_EQ(nodes, 1200);
  // Then the tail: own nodes alone, and those that an event attaches.
  service_.Commit({Changed({Change(7), Change(5000)}), Changed({Change(5000)}),
                   Attached(3, {Change(5000)}), Changed({Change(5000, NodeState::kSucceeded)}),
                   BuildIs(4, BuildState::kSucceeded), BuildIs(3, BuildState::kSucceeded),
                   Changed({Change(7)})});
  event = watch->Next();
  EXPECT_EQ(event->seq(), 3);
  ASSERT_EQ(event->nodes_changed().changes_size(), 1);
  EXPECT_EQ(event->nodes_changed().changes(0).node(), 7);
  EXPECT_EQ(watch->Next()->nodes_attached().changes(0).node(), 5000);
  EXPECT_EQ(watch->Next()->nodes_changed().state(), v1::NODE_SUCCEEDED);
  EXPECT_EQ(watch->Next()->build_changed().build().state(), v1::BUILD_SUCCEEDED);
  EXPECT_EQ(watch->Next(), nullptr);
  EXPECT_TRUE(watch->reader->Finish().ok());
}

TEST_F(WatchTest, ABuildResumesExactlyAfterItsToken) {
  service_.Commit({BuildIs(3, BuildState::kExecuting), Attached(3, {Change(1)})});
  Snapshot(1);
  const auto first = WatchBuild(3);
  for (int i = 0; i < 3; ++i) ASSERT_NE(first->Next(), nullptr);
  service_.Commit({Changed({Change(1)})});
  ASSERT_EQ(first->Next()->seq(), 3);
  const std::string token = first->token;
  first->Leave();
  service_.Commit({Changed({Change(2)}), Attached(3, {Change(2)}), Changed({Change(2)}),
                   BuildIs(3, BuildState::kFailed)});
  Snapshot(1, BuildState::kFailed);
  {
    const std::lock_guard lock(service_.library.mutex);
    service_.library.snapshots[3].attachments.push_back(
        {.build = BuildId{3}, .opened_by = EventSeq{5}, .nodes = {NodeId{2}}});
  }
  const auto second = WatchBuild(3, token);
  // Number 4 is of node 2 before the build had it.
  for (const std::int64_t seq : {5, 6, 7}) ASSERT_EQ(second->Next()->seq(), seq);
  EXPECT_EQ(second->Next(), nullptr);
  EXPECT_TRUE(second->reader->Finish().ok());
  // After the end there is nothing more; and another build's token is none.
  const auto third = WatchBuild(3, second->token);
  EXPECT_EQ(third->Next(), nullptr);
  EXPECT_TRUE(third->reader->Finish().ok());
  const auto wrong = WatchBuild(4, second->token);
  EXPECT_EQ(wrong->Next(), nullptr);
  EXPECT_EQ(wrong->reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WatchTest, ABuildThatAttachedWithOthersIsToldByTheirEvent) {
  service_.Commit({BuildIs(3, BuildState::kPlanning)});
  Snapshot(0);
  const auto watch = WatchBuild(3);
  for (int i = 0; i < 2; ++i) ASSERT_NE(watch->Next(), nullptr);
  Event theirs = Attached(2, {Change(8)});
  theirs.also = {BuildId{3}, BuildId{4}};
  Event others = Attached(5, {Change(9)});
  others.also = {BuildId{6}};
  service_.Commit({theirs, others, Changed({Change(8), Change(9)})});
  const v1::NodesAttached attached = watch->Next()->nodes_attached();
  EXPECT_EQ(attached.build(), 2);
  ASSERT_EQ(attached.also_size(), 2);
  EXPECT_EQ(attached.also(0), 3);
  EXPECT_EQ(watch->Next()->nodes_changed().changes_size(), 1);
  watch->Leave();
}

TEST_F(WatchTest, ABuildHearsNoMoreOfWhatItWithdrewFrom) {
  service_.Commit({BuildIs(3, BuildState::kExecuting), Attached(3, {Change(1), Change(2)})});
  Snapshot(2);
  const auto watch = WatchBuild(3);
  for (int i = 0; i < 3; ++i) ASSERT_NE(watch->Next(), nullptr);
  service_.Commit({Changed({Change(1), Change(2)})});
  ASSERT_EQ(watch->Next()->nodes_changed().changes_size(), 2);
  const std::string before = watch->token;
  Event theirs = Attached(2, {Change(1, NodeState::kCancelled)});
  theirs.kind = EventKind::kNodesWithdrawn;
  theirs.also = {BuildId{3}};
  service_.Commit({theirs});
  ASSERT_EQ(watch->Next()->nodes_withdrawn().changes(0).state(), v1::NODE_CANCELLED);
  const std::string after = watch->token;
  const Event ended = Changed({Change(1, NodeState::kSucceeded), Change(2, NodeState::kSucceeded)});
  service_.Commit({ended, BuildIs(3, BuildState::kFailed)});
  {
    const std::lock_guard lock(service_.library.mutex);
    service_.library.snapshots[3].withdrawals = {
        {.build = BuildId{3}, .node = NodeId{1}, .closed_by = EventSeq{4}}};
  }
  const auto resumed_before = WatchBuild(3, before), resumed_after = WatchBuild(3, after);
  EXPECT_EQ(resumed_before->Next()->nodes_withdrawn().also(0), 3);
  for (const auto& each : {&watch, &resumed_before, &resumed_after}) {
    const v1::Event* event = (*each)->Next();
    ASSERT_EQ(event->nodes_changed().changes_size(), 1);
    EXPECT_EQ(event->nodes_changed().changes(0).node(), 2);
    EXPECT_EQ((*each)->Next()->build_changed().build().state(), v1::BUILD_FAILED);
    EXPECT_EQ((*each)->Next(), nullptr);
  }
}

TEST_F(WatchTest, ABuildThatIsOverIsShownAndClosed) {
  service_.Commit({BuildIs(3, BuildState::kSucceeded)});
  Snapshot(2, BuildState::kSucceeded);
  const auto watch = WatchBuild(3);
  EXPECT_EQ(watch->Next()->build_changed().build().state(), v1::BUILD_SUCCEEDED);
  EXPECT_EQ(watch->Next()->nodes_skipped().count(), 4);
  EXPECT_EQ(watch->Next()->nodes_attached().changes_size(), 2);
  EXPECT_EQ(watch->Next(), nullptr);
  EXPECT_TRUE(watch->reader->Finish().ok());
  const auto unknown = WatchBuild(99);
  EXPECT_EQ(unknown->Next(), nullptr);
  EXPECT_EQ(unknown->reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(WatchTest, TheSnapshotMayBeAheadOfTheLog) {
  Snapshot(1);
  {
    const std::lock_guard lock(service_.library.mutex);
    service_.library.snapshots[3].as_of = EventSeq{2};  // committed, not shown to watchers yet
  }
  const auto watch = WatchBuild(3);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(watch->Next()->seq(), 2);
  service_.Commit({Changed({Change(1)}), Changed({Change(1)}), Changed({Change(1)})});
  EXPECT_EQ(watch->Next()->seq(), 3);
}

TEST_F(WatchTest, StoppingEndsStreamsWithAReason) {
  const auto watch = WatchLog(After(0));
  service_.Commit({Text("a")});
  ASSERT_NE(watch->Next(), nullptr);
  server_->Shutdown(std::chrono::milliseconds(5000));
  EXPECT_EQ(watch->Next(), nullptr);
  const grpc::Status status = watch->reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Decode(status).why.reason(), "STOPPING");
}

TEST_F(WatchTest, WhoComesBackWhileItStopsIsToldSo) {
  server_.reset();
  farewell_ = std::chrono::hours(1);  // no longer than the patience
  StartServer();
  const auto watch = WatchLog(After(0));
  service_.Commit({Text("a")});
  ASSERT_NE(watch->Next(), nullptr);
  const auto stub = Stub<v1::Admin>();
  grpc::ClientContext before, after;
  v1::ServiceStatus response;
  ASSERT_TRUE(stub->GetStatus(&before, {}, &response).ok());
  std::jthread stopping([this] { server_->Shutdown(std::chrono::milliseconds(1000)); });
  EXPECT_EQ(watch->Next(), nullptr);  // its stream has ended
  const grpc::Status status = stub->GetStatus(&after, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Decode(status).why.reason(), "STOPPING");
}

}  // namespace
}  // namespace fft
