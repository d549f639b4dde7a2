#include <fft/build/v1/admin.grpc.pb.h>
#include <fft/build/v1/blobs.grpc.pb.h>
#include <fft/build/v1/catalog.grpc.pb.h>
#include <fft/build/v1/graphs.grpc.pb.h>
#include <fft/build/v1/nodes.grpc.pb.h>
#include <gmock/gmock.h>

#include "tests/rpc/rpc_test.h"

namespace fft {
namespace {

using ServicesTest = RpcTest;

TEST_F(ServicesTest, GraphsMapBothWays) {
  const auto stub = Stub<v1::Graphs>();
  v1::DeployGraphRequest request;
  v1::GraphSpec& spec = *request.mutable_spec();
  spec.set_name("weather");
  spec.set_root_uri("file:///data");
  v1::JobSpec& job = *spec.add_jobs();
  job.set_label("//:daily");
  job.add_outputs("weather/{city}");
  v1::Input& input = *job.add_inputs();
  input.set_ref("raw/{city}");
  input.set_kind(v1::MATERIALIZE);
  input.set_identity(v1::IDENTITY_CONTENT);
  v1::FrozenFile& file = *job.add_files();
  file.set_path("bin/daily");
  file.set_digest(std::string(Sha256("x").view()));
  file.set_executable(true);
  job.mutable_limits()->mutable_wall_max()->set_seconds(5);
  job.set_no_merge(true);
  spec.add_sources()->set_ref("raw/b");
  spec.mutable_sources(0)->set_uri("file:///b");
  spec.add_sources()->set_ref("raw/a");
  grpc::ClientContext one;
  v1::Graph graph;
  ASSERT_TRUE(stub->DeployGraph(&one, request, &graph).ok());
  EXPECT_EQ(graph.revision(), ToHex(Sha256("weather")));
  EXPECT_EQ(graph.deployed_by(), "local");
  const GraphSpec& got = service_.last_spec;
  EXPECT_EQ(got.default_namespace, "weather");
  EXPECT_EQ(got.jobs[0].inputs[0].identity, Identity::kContent);
  EXPECT_EQ(got.jobs[0].version, "v0.0.0");
  EXPECT_EQ(got.jobs[0].limits.wall_max, Duration(5000));
  EXPECT_EQ(got.jobs[0].limits.attempts_max, 3);
  EXPECT_FALSE(got.jobs[0].is_merged);
  EXPECT_EQ(got.sources[0].ref, "raw/a");  // sorted

  service_.library.graphs["weather"] = {.spec = got, .revision = Sha256("r"), .deployed_by = "a"};
  grpc::ClientContext two;
  v1::GetGraphRequest get;
  get.set_name("weather");
  ASSERT_TRUE(stub->GetGraph(&two, get, &graph).ok());
  EXPECT_EQ(graph.spec().jobs(0).files(0).path(), "bin/daily");
  EXPECT_TRUE(graph.spec().jobs(0).files(0).executable());
  get.set_revision(ToHex(Sha256("r")).substr(0, 12));
  grpc::ClientContext beginning;
  ASSERT_TRUE(stub->GetGraph(&beginning, get, &graph).ok());
  EXPECT_EQ(graph.revision(), ToHex(Sha256("r")));
  get.set_revision("abcde");
  grpc::ClientContext too_short;
  EXPECT_THAT(stub->GetGraph(&too_short, get, &graph).error_message(),
              testing::HasSubstr("revision: is not 6 to 64 hexadecimal digits"));

  file.set_digest("short");
  grpc::ClientContext three;
  const grpc::Status status = stub->DeployGraph(&three, request, &graph);
  EXPECT_EQ(Decode(status).bad.field_violations(0).field(), "spec.jobs[0].files[0].digest");
}

TEST_F(ServicesTest, LookupAndPlan) {
  const auto stub = Stub<v1::Graphs>();
  v1::LookupRefsRequest lookup;
  lookup.set_graph("weather");
  lookup.add_refs("a/b");
  grpc::ClientContext one;
  v1::LookupRefsResponse jobs;
  ASSERT_TRUE(stub->LookupRefs(&one, lookup, &jobs).ok());
  EXPECT_EQ(jobs.jobs().at("a/b"), "//:job");

  auto config = std::make_shared<JobConfig>();
  config->frame = JobFrame{.job = "//:job"};
  config->outputs = {"out"};
  auto plan = std::make_shared<Plan>();
  for (int i = 0; i < 2500; ++i)
    plan->nodes.push_back({.config = config,
                           .decision = i < 2 ? Decision::kUndecided : Decision::kExecute,
                           .reason = Reason::kNeverBuilt,
                           .evidence = "{}",
                           .upstreams = {},
                           .level = i});
  plan->hits.push_back({.config = config, .outputs = {}, .runs = {RunId{4}}});
  plan->unneeded = 6;
  plan->etag = Sha256("etag");
  service_.plan = {.plan = plan, .ns = "demo"};
  v1::PlanBuildRequest request;
  request.mutable_build()->set_graph("weather");
  request.mutable_build()->add_targets("out");
  grpc::ClientContext two;
  const auto stream = stub->PlanBuild(&two, request);
  v1::PlanBuildResponse part;
  std::vector<v1::Node> nodes;
  while (stream->Read(&part)) nodes.insert(nodes.end(), part.nodes().begin(), part.nodes().end());
  ASSERT_TRUE(stream->Finish().ok());
  ASSERT_EQ(nodes.size(), 2501u);
  EXPECT_EQ(nodes[0].state(), v1::NODE_SKIPPED);
  EXPECT_EQ(nodes[0].run(), 4);
  EXPECT_EQ(nodes[2500].level(), 2499);
  EXPECT_EQ(nodes[1].reason(), "NEVER_BUILT");
  EXPECT_EQ(part.etag(), ToHex(Sha256("etag")));
  EXPECT_EQ(part.undecided(), 2);
  EXPECT_EQ(part.executes(), 2498);
  EXPECT_EQ(part.hits(), 1);
  EXPECT_EQ(part.unneeded(), 6);

  request.mutable_build()->clear_targets();
  grpc::ClientContext three;
  const auto bad = stub->PlanBuild(&three, request);
  EXPECT_FALSE(bad->Read(&part));
  EXPECT_EQ(Decode(bad->Finish()).bad.field_violations(0).field(), "build.targets");
}

TEST_F(ServicesTest, AWorkerIsMarkedDeadByName) {
  const auto admin = Stub<v1::Admin>();
  v1::MarkWorkerDeadRequest mark;
  v1::Worker worker;
  grpc::ClientContext one, two, three;
  const auto unnamed = Decode(admin->MarkWorkerDead(&one, mark, &worker));
  EXPECT_EQ(unnamed.bad.field_violations(0).field(), "name");
  mark.set_name("here");
  const auto refused = Decode(admin->MarkWorkerDead(&two, mark, &worker));
  EXPECT_EQ(refused.why.reason(), "WORKER_CONNECTED");
  EXPECT_EQ(refused.why.metadata().at("worker"), "here");
  mark.set_name("gone");
  ASSERT_TRUE(admin->MarkWorkerDead(&three, mark, &worker).ok());
  EXPECT_EQ(worker.name(), "gone");
}

TEST_F(ServicesTest, PoolsHaveSizesAndGraphsAreHeldBack) {
  const auto admin = Stub<v1::Admin>();
  v1::SetPoolRequest set;
  set.mutable_pool()->set_name("warehouse");
  v1::Pool pool;
  grpc::ClientContext zero;
  const auto refused = Decode(admin->SetPool(&zero, set, &pool));
  EXPECT_EQ(refused.bad.field_violations(0).field(), "pool.size");
  set.mutable_pool()->set_size(4);
  grpc::ClientContext one;
  ASSERT_TRUE(admin->SetPool(&one, set, &pool).ok());
  grpc::ClientContext two;
  v1::ListPoolsResponse pools;
  ASSERT_TRUE(admin->ListPools(&two, {}, &pools).ok());
  ASSERT_EQ(pools.pools_size(), 1);
  EXPECT_EQ(pools.pools(0).ShortDebugString(), "name: \"warehouse\" size: 4 used: 1");

  const auto graphs = Stub<v1::Graphs>();
  v1::PauseGraphRequest pause;
  pause.set_name("nope");
  pause.set_paused(true);
  v1::Graph graph;
  grpc::ClientContext three;
  EXPECT_EQ(graphs->PauseGraph(&three, pause, &graph).error_code(), grpc::StatusCode::NOT_FOUND);
  pause.set_name("demo");
  grpc::ClientContext four;
  ASSERT_TRUE(graphs->PauseGraph(&four, pause, &graph).ok());
  EXPECT_TRUE(graph.paused());
  EXPECT_TRUE(service_.paused.contains("demo"));
}

TEST_F(ServicesTest, WhatIsNotOfferedSaysWhatToUse) {
  const auto catalog = Stub<v1::Catalog>();
  grpc::ClientContext context;
  v1::AdoptPartitionsResponse response;
  const grpc::Status status = catalog->AdoptPartitions(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_NE(status.error_message().find("source"), std::string::npos);
  EXPECT_EQ(Decode(status).why.reason(), "NOT_OFFERED");
}

TEST_F(ServicesTest, WhatIsStaleComesInPagesOfOnePlan) {
  const auto catalog = Stub<v1::Catalog>();
  const auto plan = [](int nodes, const char* etag) {
    auto made = std::make_shared<Plan>();
    made->etag = Sha256(etag);
    made->hits.resize(1);
    made->hits[0].config = std::make_shared<JobConfig>();
    for (int i = 0; i < nodes; ++i) {
      PlannedNode& node = made->nodes.emplace_back();
      node.config = std::make_shared<JobConfig>();
      node.reason = Reason::kNeverBuilt;
      node.level = i;
    }
    return made;
  };
  service_.plan = {plan(5, "one"), "demo"};
  v1::ListStaleRequest request;
  request.mutable_build()->set_graph("weather");
  request.mutable_build()->add_targets("top");
  request.set_page_size(2);
  v1::ListStaleResponse page;
  std::vector<int> levels;
  do {
    grpc::ClientContext context;
    request.set_page_token(page.next_page_token());
    ASSERT_TRUE(catalog->ListStale(&context, request, &page).ok());
    EXPECT_LE(page.nodes_size(), 2);
    for (const v1::Node& node : page.nodes()) levels.push_back(node.level());
  } while (!page.next_page_token().empty());
  EXPECT_EQ(levels, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(page.nodes(0).reason(), "NEVER_BUILT");

  service_.plan = {plan(5, "two"), "demo"};
  grpc::ClientContext other, elsewhere, nothing;
  EXPECT_EQ(Decode(catalog->ListStale(&other, request, &page)).why.reason(), "PLAN_CHANGED");
  request.mutable_build()->add_targets("left");
  EXPECT_EQ(Decode(catalog->ListStale(&elsewhere, request, &page)).bad.field_violations(0).field(),
            "page_token");
  request.clear_page_token();
  service_.plan = {plan(0, "three"), "demo"};
  ASSERT_TRUE(catalog->ListStale(&nothing, request, &page).ok());
  EXPECT_EQ(page.nodes_size(), 0);
  EXPECT_EQ(page.next_page_token(), "");
}

class BlobsTest : public RpcTest {
 protected:
  grpc::Status Write(const std::string& digest, const std::vector<std::string>& pieces) {
    grpc::ClientContext context;
    v1::WriteBlobResponse response;
    const auto stream = stub_->WriteBlob(&context, &response);
    v1::WriteBlobRequest request;
    request.set_digest(digest);
    for (const std::string& piece : pieces) {
      request.set_data(piece);
      if (!stream->Write(request)) break;
      request.clear_digest();
    }
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    written_ = response.size_bytes();
    return status;
  }

  std::unique_ptr<v1::Blobs::Stub> stub_ = Stub<v1::Blobs>();
  std::int64_t written_ = 0;
};

TEST_F(BlobsTest, WriteFindRead) {
  const std::string big(2'500'000, 'b');
  const Digest digest = Sha256(big);
  const std::string raw(digest.view());
  ASSERT_TRUE(Write(raw, {big.substr(0, 1'000'000), big.substr(1'000'000)}).ok());
  EXPECT_EQ(written_, 2'500'000);
  grpc::ClientContext one;
  v1::FindMissingBlobsRequest find;
  find.add_digests(raw);
  find.add_digests(std::string(Sha256("none").view()));
  v1::FindMissingBlobsResponse missing;
  ASSERT_TRUE(stub_->FindMissingBlobs(&one, find, &missing).ok());
  ASSERT_EQ(missing.digests_size(), 1);
  EXPECT_EQ(missing.digests(0), find.digests(1));
  grpc::ClientContext two;
  v1::ReadBlobRequest read;
  read.set_digest(raw);
  const auto stream = stub_->ReadBlob(&two, read);
  std::string got;
  v1::ReadBlobResponse chunk;
  while (stream->Read(&chunk)) {
    EXPECT_LE(chunk.data().size(), 1u << 20);
    got += chunk.data();
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(got, big);
  {
    const std::lock_guard lock(service_.mutex);
    EXPECT_EQ(service_.texts.at(digest), big);
  }
  ASSERT_TRUE(Write(std::string(Sha256("").view()), {""}).ok());  // an empty file is one
}

TEST_F(BlobsTest, WrongDigestsAndSizesAreRefused) {
  const grpc::Status lied = Write(std::string(Sha256("a").view()), {"b"});
  EXPECT_EQ(lied.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Decode(lied).why.reason(), "DIGEST_MISMATCH");
  EXPECT_EQ(Decode(Write("short", {"b"})).bad.field_violations(0).field(), "digest");
  EXPECT_EQ(Decode(Write("", {})).bad.field_violations(0).field(), "digest");
  const std::string piece(3 << 20, 'x');
  const grpc::Status large = Write(std::string(Sha256("a").view()), std::vector(23, piece));
  EXPECT_EQ(Decode(large).bad.field_violations(0).field(), "data");
  EXPECT_TRUE(service_.library.blobs.empty());
}

class NodesTest : public RpcTest {
 protected:
  NodesTest() {
    JobConfig config;
    config.frame = JobFrame{.job = "//:job"};
    config.outputs = {"top"};
    config.inputs = {{.ref = "left"}, {.ref = "right"}};
    service_.library.configs[Sha256("top")] = config;
    config.inputs = {{.ref = "source"}};
    service_.library.configs[Sha256("mid")] = config;
    AddRun(1, Sha256("mid"), {RunId{}});
    AddRun(2, Sha256("mid"), {RunId{}});
    AddRun(3, Sha256("top"), {RunId{1}, RunId{2}});
    Partition partition;
    partition.id = PartitionId{1};
    partition.ref = "top";
    partition.live.run = RunId{3};
    service_.library.partitions.push_back(partition);
  }
  void AddRun(std::int64_t id, const Digest& config, std::vector<RunId> inputs) {
    RunRecord record;
    record.run.lease.run = RunId{id};
    record.run.lease.input_runs = std::move(inputs);
    record.run.report.outcome = Outcome::kSucceeded;
    record.config_digest = config;
    service_.library.runs[id] = record;
  }
};

TEST_F(NodesTest, LineageGoesBreadthFirst) {
  const auto stub = Stub<v1::Catalog>();
  v1::GetLineageRequest request;
  request.set_namespace_("demo");
  request.set_ref("top");
  const auto lineage = [&] {
    grpc::ClientContext context;
    const auto stream = stub->GetLineage(&context, request);
    std::vector<std::pair<int, std::string>> steps;
    v1::GetLineageResponse part;
    while (stream->Read(&part))
      for (const v1::LineageStep& step : part.steps())
        steps.emplace_back(step.depth(), step.ref() + (step.has_run() ? "" : " source"));
    EXPECT_TRUE(stream->Finish().ok());
    return steps;
  };
  EXPECT_EQ(lineage(), (std::vector<std::pair<int, std::string>>{
                           {0, "top"}, {1, "left"}, {1, "right"}, {2, "source source"}}));
  request.set_depth_max(1);
  EXPECT_EQ(lineage().size(), 3u);
  request.set_ref("unknown");
  grpc::ClientContext context;
  const auto stream = stub->GetLineage(&context, request);
  v1::GetLineageResponse part;
  EXPECT_FALSE(stream->Read(&part));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(NodesTest, RunsTellWhatTheyRead) {
  const auto stub = Stub<v1::Runs>();
  grpc::ClientContext context;
  v1::GetRunRequest request;
  request.set_id(3);
  v1::Run run;
  ASSERT_TRUE(stub->GetRun(&context, request, &run).ok());
  ASSERT_EQ(run.inputs_size(), 2);
  EXPECT_EQ(run.inputs(1).ref(), "right");
  EXPECT_EQ(run.inputs(1).run(), 2);
  EXPECT_EQ(run.config().job(), "//:job");
  EXPECT_EQ(run.outcome(), v1::OUTCOME_SUCCEEDED);
}

TEST_F(NodesTest, ManyRunsAtOnce) {
  const auto stub = Stub<v1::Runs>();
  const auto get = [&](const std::vector<std::int64_t>& ids, v1::BatchGetRunsResponse* runs) {
    grpc::ClientContext context;
    v1::BatchGetRunsRequest request;
    for (const std::int64_t id : ids) request.add_ids(id);
    return stub->BatchGetRuns(&context, request, runs);
  };
  v1::BatchGetRunsResponse runs;
  ASSERT_TRUE(get({3}, &runs).ok());
  ASSERT_EQ(runs.runs_size(), 1);
  EXPECT_EQ(runs.runs(0).id(), 3);
  EXPECT_EQ(get({3, 77}, &runs).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(get({}, &runs).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(get({3, 3}, &runs).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(get({0}, &runs).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(get(std::vector<std::int64_t>(201, 3), &runs).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(NodesTest, ExplainSaysItInWords) {
  NodeInBuild node;
  node.node.id = NodeId{8};
  node.node.reason = Reason::kFactsChanged;
  node.node.evidence = R"({"facts":[{"fact":"file daily.py","before":"ab","now":"cd"}],"run":2})";
  auto label = std::make_shared<NodeLabel>();
  label->outputs = {"top"};
  node.label = label;
  service_.library.nodes.push_back(node);
  NodeInBuild hit;
  hit.is_hit = true;
  hit.attach_reason = Reason::kCached;
  hit.run = RunId{3};
  auto hit_label = std::make_shared<NodeLabel>();
  hit_label->outputs = {"left"};
  hit.label = hit_label;
  service_.library.nodes.push_back(hit);
  const auto stub = Stub<v1::Nodes>();
  grpc::ClientContext one;
  v1::ExplainNodeRequest request;
  request.set_namespace_("demo");
  request.set_ref("top");
  v1::ExplainNodeResponse response;
  ASSERT_TRUE(stub->ExplainNode(&one, request, &response).ok());
  ASSERT_GE(response.lines_size(), 3);
  EXPECT_EQ(response.lines(0), "it runs: what decides its result has changed");
  EXPECT_EQ(response.lines(1), "file daily.py: was ab, is cd");
  EXPECT_EQ(response.lines(2), "see run 2");
  request.set_build(5);
  request.set_ref("left");
  grpc::ClientContext two;
  ASSERT_TRUE(stub->ExplainNode(&two, request, &response).ok());
  EXPECT_EQ(response.node().id(), 0);
  EXPECT_EQ(response.node().reason(), "CACHED");
  EXPECT_EQ(response.proof().id(), 3);
  request.set_ref("nobody");
  grpc::ClientContext three;
  EXPECT_EQ(Decode(stub->ExplainNode(&three, request, &response)).why.reason(), "NODE_NOT_FOUND");
}

TEST_F(NodesTest, APartitionTellsWhatIsDoneForIt) {
  const auto catalog = Stub<v1::Catalog>();
  const auto state = [&] {
    grpc::ClientContext one, all;
    v1::GetPartitionRequest get;
    get.set_namespace_("demo");
    get.set_ref("top");
    v1::Partition partition;
    EXPECT_TRUE(catalog->GetPartition(&one, get, &partition).ok());
    v1::ListPartitionsRequest list;
    list.set_namespace_("demo");
    v1::ListPartitionsResponse listed;
    EXPECT_TRUE(catalog->ListPartitions(&all, list, &listed).ok());
    EXPECT_EQ(listed.partitions(0).state(), partition.state());
    EXPECT_EQ(partition.live().run(), 3);
    return partition.state();
  };
  auto& maker = service_.library.makers[PartitionId{1}];
  maker = {NodeId{8}, NodeState::kWaiting};
  EXPECT_EQ(state(), v1::PARTITION_REQUESTED);
  service_.ready = {NodeId{8}};
  EXPECT_EQ(state(), v1::PARTITION_SCHEDULED);
  maker.second = NodeState::kRunning;
  EXPECT_EQ(state(), v1::PARTITION_BUILDING);
  maker.second = NodeState::kFailed;
  EXPECT_EQ(state(), v1::PARTITION_FAILED);
  maker.second = NodeState::kCancelled;
  EXPECT_EQ(state(), v1::PARTITION_AVAILABLE);
  maker.second = NodeState::kSucceeded;
  EXPECT_EQ(state(), v1::PARTITION_AVAILABLE);
  service_.library.partitions[0].doubt.Set(&Doubt::tainted_before, RunId{4});
  EXPECT_EQ(state(), v1::PARTITION_TAINTED);
}

TEST_F(NodesTest, WhatMayStartReadsAsReady) {
  NodeInBuild node;
  node.node.id = NodeId{8};
  service_.library.nodes = {node, node};
  service_.library.nodes[1].node.id = NodeId{9};
  service_.ready = {NodeId{9}};
  const auto stub = Stub<v1::Nodes>();
  const auto list = [&](v1::NodeState state) {
    grpc::ClientContext context;
    v1::ListNodesRequest request;
    request.set_build(1);
    request.set_state(state);
    v1::ListNodesResponse response;
    EXPECT_TRUE(stub->ListNodes(&context, request, &response).ok());
    std::vector<std::pair<std::int64_t, v1::NodeState>> nodes;
    for (const v1::Node& each : response.nodes()) nodes.emplace_back(each.id(), each.state());
    return nodes;
  };
  using Nodes = std::vector<std::pair<std::int64_t, v1::NodeState>>;
  EXPECT_EQ(list(v1::NODE_STATE_UNSPECIFIED), (Nodes{{8, v1::NODE_WAITING}, {9, v1::NODE_READY}}));
  EXPECT_EQ(list(v1::NODE_READY), (Nodes{{9, v1::NODE_READY}}));
  EXPECT_EQ(list(v1::NODE_WAITING), (Nodes{{8, v1::NODE_WAITING}}));
  grpc::ClientContext context;
  v1::GetNodeRequest get;
  get.set_id(9);
  v1::Node got;
  ASSERT_TRUE(stub->GetNode(&context, get, &got).ok());
  EXPECT_EQ(got.state(), v1::NODE_READY);
}

TEST_F(NodesTest, PartitionsAndWorkersAreListed) {
  const auto catalog = Stub<v1::Catalog>();
  grpc::ClientContext one;
  v1::GetPartitionRequest get;
  get.set_namespace_("demo");
  get.set_ref("top");
  v1::Partition partition;
  ASSERT_TRUE(catalog->GetPartition(&one, get, &partition).ok());
  EXPECT_EQ(partition.state(), v1::PARTITION_AVAILABLE);
  EXPECT_EQ(partition.live().run(), 3);
  const auto admin = Stub<v1::Admin>();
  grpc::ClientContext two;
  v1::ListWorkersResponse workers;
  ASSERT_TRUE(admin->ListWorkers(&two, {}, &workers).ok());
  EXPECT_EQ(workers.workers(0).runs(0), 9);
  grpc::ClientContext three;
  v1::ServiceStatus status;
  ASSERT_TRUE(admin->GetStatus(&three, {}, &status).ok());
  EXPECT_EQ(status.version(), "0.1");
  EXPECT_EQ(status.store(), "serving");
  EXPECT_TRUE(status.leading());
}

}  // namespace
}  // namespace fft
