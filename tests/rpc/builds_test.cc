#include <fft/build/v1/builds.grpc.pb.h>

#include "server/base/error_details.h"
#include "tests/rpc/rpc_test.h"

namespace fft {
namespace {

class BuildsTest : public RpcTest {
 protected:
  v1::CreateBuildRequest Request() const {
    v1::CreateBuildRequest request;
    request.set_graph("weather");
    request.add_targets("weather/daily/Seattle/2012-01-01");
    return request;
  }
  grpc::Status Create(const v1::CreateBuildRequest& request) {
    grpc::ClientContext context;
    return stub_->CreateBuild(&context, request, &build_);
  }
  void ExpectInvalid(const v1::CreateBuildRequest& request, const std::string& field) {
    const grpc::Status status = Create(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << field;
    const RichError rich = Decode(status);
    EXPECT_EQ(rich.why.reason(), "INVALID_FIELD");
    ASSERT_EQ(rich.bad.field_violations_size(), 1) << field;
    EXPECT_EQ(rich.bad.field_violations(0).field(), field);
    EXPECT_NE(rich.bad.field_violations(0).description(), "");
  }

  std::unique_ptr<v1::Builds::Stub> stub_ = Stub<v1::Builds>();
  v1::Build build_;
};

TEST_F(BuildsTest, CreateMapsAllFields) {
  v1::CreateBuildRequest request = Request();
  request.set_request_id("r-1");
  request.set_revision(ToHex(Sha256("rev")));
  request.set_namespace_("dev");
  request.mutable_options()->set_cache_mode(v1::CACHE_OFF);
  request.mutable_options()->add_rebuild("weather/*");
  request.mutable_options()->set_discipline(v1::EAGER);
  request.mutable_options()->set_jobs_max(3);
  request.mutable_options()->set_keep_going(true);
  request.mutable_options()->set_priority(-100);
  request.mutable_options()->mutable_deadline()->set_seconds(2'000'000'000);
  (*request.mutable_labels())["team"] = "a";
  grpc::ClientContext context;
  context.AddMetadata("fft-principal", "anna");
  ASSERT_TRUE(stub_->CreateBuild(&context, request, &build_).ok());
  const BuildRequest& got = service_.last_request;
  EXPECT_EQ(got.principal, "anna");
  EXPECT_EQ(got.request_id, "r-1");
  EXPECT_EQ(got.revision, Sha256("rev"));
  EXPECT_EQ(got.ns, "dev");
  EXPECT_EQ(got.options.cache, CacheMode::kOff);
  EXPECT_EQ(got.options.rebuild, std::vector<std::string>{"weather/*"});
  EXPECT_EQ(got.options.discipline, Discipline::kEager);
  EXPECT_EQ(got.options.jobs_max, 3);
  EXPECT_TRUE(got.options.keeps_going);
  EXPECT_EQ(got.options.priority, -100);
  EXPECT_EQ(ToMillis(got.options.deadline), 2'000'000'000'000);
  EXPECT_EQ(got.labels.at("team"), "a");
  EXPECT_EQ(build_.id(), 7);
  EXPECT_EQ(build_.principal(), "anna");
  EXPECT_EQ(build_.state(), v1::BUILD_RECEIVED);
  EXPECT_EQ(build_.options().cache_mode(), v1::CACHE_OFF);
}

TEST_F(BuildsTest, BadFieldsAreNamed) {
  v1::CreateBuildRequest request = Request();
  request.clear_graph();
  ExpectInvalid(request, "graph");
  request = Request();
  request.clear_targets();
  ExpectInvalid(request, "targets");
  request = Request();
  request.add_targets("a\nb");
  ExpectInvalid(request, "targets[1]");
  request = Request();
  request.add_targets(std::string(1025, 'x'));
  ExpectInvalid(request, "targets[1]");
  request = Request();
  request.set_request_id(std::string(65, 'x'));
  ExpectInvalid(request, "request_id");
  request = Request();
  request.set_revision("abc");
  ExpectInvalid(request, "revision");
  request = Request();
  request.mutable_options()->set_priority(101);
  ExpectInvalid(request, "options.priority");
  request = Request();
  request.mutable_options()->set_cache_mode(static_cast<v1::CacheMode>(77));
  ExpectInvalid(request, "options.cache_mode");
  request = Request();
  for (int i = 0; i < 65; ++i) (*request.mutable_labels())["k" + std::to_string(i)] = "v";
  ExpectInvalid(request, "labels");
}

TEST_F(BuildsTest, HugeInputIsRefusedWithinLimits) {
  v1::CreateBuildRequest request = Request();
  for (int i = 0; i < 100'000; ++i) request.add_targets("t");
  ExpectInvalid(request, "targets");  // one too many
  request = Request();
  for (int i = 0; i < 3600; ++i) request.add_targets(std::string(1000, 'x'));
  ExpectInvalid(request, "targets");  // more than 3 MiB
  request = Request();
  request.add_targets(std::string(10 << 20, 'x'));
  EXPECT_EQ(Create(request).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  request = Request();
  for (int i = 0; i < 1'000'000; ++i) request.add_targets("weather");
  EXPECT_EQ(Create(request).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Create(Request()).ok());  // and goes on
}

TEST_F(BuildsTest, ErrorsOfTheServiceComeWithTheirReason) {
  service_.on_create = [](const BuildRequest&) -> StatusOr<Build> {
    return WithDetails(Error(Code::kAlreadyExists, "request r-1 was another"),
                       {.reason = "REQUEST_ID_CLASH", .metadata = {{"build", "3"}}, .fields = {}});
  };
  const grpc::Status status = Create(Request());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(Decode(status).why.reason(), "REQUEST_ID_CLASH");
  EXPECT_EQ(Decode(status).why.metadata().at("build"), "3");
}

TEST_F(BuildsTest, AReplyThatNeverComesEndsTheCall) {
  service_.on_retry = [](const Reply<Build>&) {};  // dropped
  grpc::ClientContext context;
  v1::RetryBuildRequest request;
  request.set_id(3);
  const grpc::Status status = stub_->RetryBuild(&context, request, &build_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Decode(status).why.reason(), "STOPPING");
}

TEST_F(BuildsTest, AnExpiredCallIsAnsweredLaterWithoutHarm) {
  Reply<Build> kept;
  std::mutex mutex;
  service_.on_retry = [&](Reply<Build> reply) {
    const std::lock_guard lock(mutex);
    kept = std::move(reply);
  };
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  v1::RetryBuildRequest request;
  request.set_id(3);
  EXPECT_EQ(stub_->RetryBuild(&context, request, &build_).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  const std::lock_guard lock(mutex);
  ASSERT_TRUE(kept);
  kept(Build{});
  kept = nullptr;
}

TEST_F(BuildsTest, ReadsListsAndPages) {
  for (std::int64_t id = 1; id <= 250; ++id) {
    Build build;
    build.id = BuildId{id};
    build.targets.assign(200, "t");
    service_.library.builds[id] = build;
  }
  grpc::ClientContext one;
  v1::GetBuildRequest get;
  get.set_id(9);
  ASSERT_TRUE(stub_->GetBuild(&one, get, &build_).ok());
  EXPECT_EQ(build_.targets_size(), 200);
  grpc::ClientContext two;
  get.set_id(999);
  const grpc::Status missing = stub_->GetBuild(&two, get, &build_);
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Decode(missing).why.reason(), "NOT_FOUND");

  v1::ListBuildsRequest list;
  list.set_graph("weather");
  list.set_state(v1::BUILD_FAILED);
  std::int64_t seen = 0;
  do {
    grpc::ClientContext context;
    v1::ListBuildsResponse response;
    ASSERT_TRUE(stub_->ListBuilds(&context, list, &response).ok());
    for (const v1::Build& build : response.builds()) {
      EXPECT_EQ(build.id(), ++seen);
      EXPECT_EQ(build.targets_size(), 100);  // lists tell no more
    }
    list.set_page_token(response.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, 250);
  EXPECT_EQ(service_.library.last_build_filter.graph, "weather");
  EXPECT_EQ(service_.library.last_build_filter.state, BuildState::kFailed);
}

TEST_F(BuildsTest, APageTokenOfAnotherListIsRefused) {
  for (std::int64_t id = 1; id <= 3; ++id) service_.library.builds[id].id = BuildId{id};
  v1::ListBuildsRequest list;
  list.set_page_size(2);
  v1::ListBuildsResponse response;
  grpc::ClientContext one;
  ASSERT_TRUE(stub_->ListBuilds(&one, list, &response).ok());
  list.set_page_token(response.next_page_token());
  list.set_graph("other");
  grpc::ClientContext two;
  const grpc::Status status = stub_->ListBuilds(&two, list, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Decode(status).bad.field_violations(0).field(), "page_token");
}

TEST_F(BuildsTest, APageThatOutgrowsAMessageIsCutShort) {
  for (std::int64_t id = 1; id <= 100; ++id) {
    Build build;
    build.id = BuildId{id};
    build.targets.assign(100, std::string(1000, 'x'));  // 100 kB in a list
    service_.library.builds[id] = build;
  }
  v1::ListBuildsRequest list;
  std::int64_t seen = 0;
  do {
    grpc::ClientContext context;
    v1::ListBuildsResponse response;
    ASSERT_TRUE(stub_->ListBuilds(&context, list, &response).ok());
    for (const v1::Build& build : response.builds()) EXPECT_EQ(build.id(), ++seen);
    list.set_page_token(response.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, 100);
}

TEST_F(BuildsTest, UpdateObeysItsMask) {
  v1::UpdateBuildRequest request;
  request.mutable_build()->set_id(3);
  request.mutable_build()->mutable_options()->set_priority(5);
  request.mutable_update_mask()->add_paths("options.priority");
  grpc::ClientContext one;
  ASSERT_TRUE(stub_->UpdateBuild(&one, request, &build_).ok());
  EXPECT_EQ(service_.last_priority, 5);
  EXPECT_EQ(service_.last_deadline, std::nullopt);
  request.mutable_update_mask()->add_paths("targets");
  grpc::ClientContext two;
  const grpc::Status status = stub_->UpdateBuild(&two, request, &build_);
  EXPECT_EQ(Decode(status).bad.field_violations(0).field(), "update_mask");
}

TEST_F(BuildsTest, CancelTellsWhatGoesOn) {
  v1::CancelBuildRequest request;
  request.set_id(4);
  grpc::ClientContext context;
  v1::CancelBuildResponse response;
  ASSERT_TRUE(stub_->CancelBuild(&context, request, &response).ok());
  EXPECT_EQ(response.build().state(), v1::BUILD_CANCELLED);
  ASSERT_EQ(response.kept_size(), 1);
  EXPECT_EQ(response.kept(0).node(), 3);
  EXPECT_EQ(response.kept(0).builds(0), 8);
}

TEST_F(BuildsTest, ReadsBeyondWhatCanWaitAreTurnedAway) {
  service_.refuses_reads = true;
  grpc::ClientContext context;
  v1::GetBuildRequest get;
  get.set_id(1);
  const grpc::Status status = stub_->GetBuild(&context, get, &build_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Decode(status).has_again);
}

}  // namespace
}  // namespace fft
