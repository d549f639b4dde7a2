#include <future>
#include <map>

#include "server/base/error_details.h"
#include "tests/unit/app/core_fixture.h"

namespace fft {
namespace {

using CoreBuilds = CoreTest;

TEST_F(CoreBuilds, ABuildIsAcknowledgedOnlyAfterItsCommit) {
  store_.Hold();
  auto created = Create();
  store_.AwaitCommits(1);
  EXPECT_FALSE(created.is_given());
  store_.Release();
  const auto build = created.Get();
  ASSERT_TRUE(build.ok()) << Message(build.status());
  EXPECT_EQ(build->id, BuildId{1});
  EXPECT_EQ(build->state, BuildState::kReceived);
  EXPECT_EQ(build->ns, "test");
  EXPECT_EQ(build->revision, Revision().revision);
  EXPECT_TRUE(store_.builds().contains(BuildId{1}));
}

TEST_F(CoreBuilds, RequestsForTheSameThatWaitTogetherArePlannedOnceAndAttachAsOne) {
  std::promise<void> is_busy, is_free;
  core_->PlanBuild(Request(), [&](const StatusOr<PlanResult>&) {
    is_busy.set_value();
    is_free.get_future().wait();
  });
  is_busy.get_future().wait();
  for (int i = 1; i <= 3; ++i) ASSERT_EQ(Create().Get()->id, BuildId{i});
  BuildRequest other = Request();
  other.options.priority = 1;
  ASSERT_EQ(Create(other).Get()->id, BuildId{4});
  ASSERT_EQ(Create(other).Get()->id, BuildId{5});  // now the planner knows of the fourth, too
  is_free.set_value();
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(Ends(BuildId{i}, BuildState::kExecuting));
  std::map<BuildId, EventSeq> opened_by;
  const auto snapshot = store_.Load();
  for (const Attachment& attachment : snapshot->attachments) {
    opened_by[attachment.build] = attachment.opened_by;
    EXPECT_EQ(attachment.nodes.size(), 2U);
  }
  EXPECT_NE(opened_by.at(BuildId{1}), opened_by.at(BuildId{2}));  // it brings what they join
  EXPECT_EQ(opened_by.at(BuildId{2}), opened_by.at(BuildId{3}));
  EXPECT_GT(opened_by.at(BuildId{4}), opened_by.at(BuildId{3}));
}

TEST_F(CoreBuilds, ARepeatIsTheSameBuildWhileTheFirstIsBeingCommitted) {
  store_.Hold();
  auto first = Create(Request("r1"));
  store_.AwaitCommits(1);
  auto again = Create(Request("r1"));
  BuildRequest other = Request("r1");
  other.targets = {"a"};
  auto clash = Create(other);
  store_.Release();
  EXPECT_EQ(first.Get()->id, BuildId{1});
  EXPECT_EQ(again.Get()->id, BuildId{1});
  EXPECT_EQ(clash.Get().status().code(), Code::kAlreadyExists);
  EXPECT_EQ(DetailsOf(clash.Get().status()).reason, "REQUEST_ID_CLASH");
  EXPECT_EQ(store_.builds().size(), 1U);
}

TEST_F(CoreBuilds, ARepeatIsTheSameBuildAfterARestart) {
  ASSERT_TRUE(Create(Request("r1")).Get().ok());
  Start();
  EXPECT_EQ(Create(Request("r1")).Get()->id, BuildId{1});
  BuildRequest other = Request("r1");
  other.labels = {{"why", "another body"}};
  EXPECT_EQ(DetailsOf(Create(other).Get().status()).reason, "REQUEST_ID_CLASH");
  other.principal = "bob";
  EXPECT_EQ(Create(other).Get()->id, BuildId{2});
}

TEST_F(CoreBuilds, AFullInboxRefusesAtOnce) {
  Start(/*inbox_max=*/1);
  ASSERT_TRUE(Create().Get().ok());                       // the graph is known from here on
  ASSERT_TRUE(Ends(BuildId{1}, BuildState::kExecuting));  // and nobody else sends anything
  clock_.Stall();
  auto first = Create();  // the loop has taken it, or is about to
  clock_.AwaitAsker();
  auto second = Create();
  auto third = Create();
  Await<Build> refused = third.is_given() ? third : second;
  EXPECT_EQ(refused.Get().status().code(), Code::kResourceExhausted);
  EXPECT_EQ(DetailsOf(refused.Get().status()).reason, "INBOX_FULL");
  clock_.Resume();
  EXPECT_TRUE(first.Get().ok());
  EXPECT_EQ(refused.times(), 1);
}

TEST_F(CoreBuilds, AFailedCommitIsToldAndARepeatSucceeds) {
  store_.FailNext(Error(Code::kUnavailable, "the database is gone"));
  auto created = Create(Request("r1"));
  EXPECT_EQ(created.Get().status().code(), Code::kUnavailable);
  ASSERT_TRUE(
      Eventually([&] { return core_->View().epoch == Epoch{2} && core_->View().store.ok(); }));
  EXPECT_EQ(Create(Request("r1")).Get()->id, BuildId{1});
  EXPECT_EQ(store_.builds().size(), 1U);
  EXPECT_EQ(created.times(), 1);
}

TEST_F(CoreBuilds, ACommitInDoubtIsFoundByTheRepeat) {
  store_.FailNext(Error(Code::kUnknown, "the connection broke"));
  EXPECT_EQ(Create(Request("r1")).Get().status().code(), Code::kUnavailable);
  ASSERT_TRUE(
      Eventually([&] { return core_->View().epoch == Epoch{2} && core_->View().store.ok(); }));
  EXPECT_EQ(Create(Request("r1")).Get()->id, BuildId{1});
  EXPECT_EQ(store_.builds().size(), 1U);
}

TEST_F(CoreBuilds, WithoutTheDatabaseRequestsAreRefusedAndItComesBackByItself) {
  store_.RefuseLead(Error(Code::kUnavailable, "the database is gone"));
  store_.FailNext(Error(Code::kUnavailable, "the database is gone"));
  ASSERT_FALSE(Create().Get().ok());
  EXPECT_EQ(Create().Get().status().code(), Code::kUnavailable);
  EXPECT_FALSE(core_->View().store.ok());
  store_.RefuseLead(Ok());
  EXPECT_TRUE(Eventually([&] {
    clock_.Move(Duration(5'000));
    return core_->View().store.ok();
  }));
  EXPECT_TRUE(Create().Get().ok());
}

TEST_F(CoreBuilds, AnUnknownGraphIsNamed) {
  BuildRequest request = Request();
  request.graph = "nope";
  const auto build = Create(request).Get();
  EXPECT_EQ(build.status().code(), Code::kNotFound);
  EXPECT_NE(Message(build.status()).find("nope"), std::string::npos);
}

TEST_F(CoreBuilds, AnUnknownTargetFailsTheBuild) {
  BuildRequest request = Request();
  request.targets = {"nothing/builds/this"};
  ASSERT_TRUE(Create(request).Get().ok());
  ASSERT_TRUE(Ends(BuildId{1}, BuildState::kFailed));
  EXPECT_NE(store_.builds().at(BuildId{1}).message.find("nothing/builds/this"), std::string::npos);
}

TEST_F(CoreBuilds, APinnedPlanThatComesOutOtherwiseFailsTheBuild) {
  BuildRequest request = Request();
  request.plan_etag = Sha256("another plan");
  ASSERT_TRUE(Create(request).Get().ok());
  ASSERT_TRUE(Ends(BuildId{1}, BuildState::kFailed));
  EXPECT_NE(store_.builds().at(BuildId{1}).message.find("plan has changed"), std::string::npos);

  Await<PlanResult> planned;
  core_->PlanBuild(Request(), planned.reply());
  ASSERT_TRUE(planned.Get().ok());
  EXPECT_EQ(planned.Get()->plan->nodes.size(), 2U);
  request.plan_etag = planned.Get()->plan->etag;
  ASSERT_TRUE(Create(request).Get().ok());
  EXPECT_TRUE(Ends(BuildId{2}, BuildState::kExecuting));
}

TEST_F(CoreBuilds, WhatIsOpenIsCancelledAndChangedAndWhatHasEndedIsRetried) {
  ASSERT_TRUE(Create().Get().ok());
  ASSERT_TRUE(Ends(BuildId{1}, BuildState::kExecuting));
  Await<Build> updated, retried, again, unknown;
  core_->UpdateBuild(BuildId{1}, 7, std::nullopt, updated.reply());
  EXPECT_EQ(updated.Get()->options.priority, 7);
  core_->RetryBuild(BuildId{1}, "", "ann", retried.reply());
  EXPECT_EQ(DetailsOf(retried.Get().status()).reason, "BUILD_OPEN");

  Await<CancelResult> cancelled, once_more, nobody;
  core_->CancelBuild(BuildId{1}, "ann", cancelled.reply());
  EXPECT_EQ(cancelled.Get()->build.state, BuildState::kCancelled);
  core_->CancelBuild(BuildId{1}, "ann", once_more.reply());
  EXPECT_EQ(once_more.Get()->build.state, BuildState::kCancelled);
  core_->CancelBuild(BuildId{9}, "ann", nobody.reply());
  EXPECT_EQ(nobody.Get().status().code(), Code::kNotFound);
  core_->UpdateBuild(BuildId{9}, 1, std::nullopt, unknown.reply());
  EXPECT_EQ(unknown.Get().status().code(), Code::kNotFound);

  core_->RetryBuild(BuildId{1}, "again", "ann", again.reply());
  ASSERT_TRUE(again.Get().ok()) << Message(again.Get().status());
  EXPECT_EQ(again.Get()->id, BuildId{2});
  EXPECT_EQ(again.Get()->targets, Request().targets);
}

TEST_F(CoreBuilds, GraphsAreDeployedAndAskedWhoBuildsWhat) {
  using namespace testing_support;
  GraphSpec spec = Graph({NoopJob("c", {"c/{x}"})});
  spec.name = "other";
  Await<GraphRevision> checked, deployed;
  core_->DeployGraph(spec, "ann", /*validate_only=*/true, checked.reply());
  ASSERT_TRUE(checked.Get().ok());
  Await<std::map<std::string, std::string>> early, jobs, wrong;
  core_->LookupRefs("other", {}, {"c/1"}, early.reply());
  EXPECT_EQ(early.Get().status().code(), Code::kNotFound);
  core_->DeployGraph(spec, "ann", /*validate_only=*/false, deployed.reply());
  EXPECT_EQ(deployed.Get()->revision, checked.Get()->revision);
  EXPECT_EQ(deployed.Get()->spec.default_namespace, "other");
  Await<GraphRevision> again;
  core_->DeployGraph(spec, "bob", /*validate_only=*/false, again.reply());
  EXPECT_EQ(again.Get()->revision, checked.Get()->revision);
  EXPECT_EQ(again.Get()->spec.default_namespace, "other");
  EXPECT_EQ(again.Get()->deployed_by, "bob");
  core_->LookupRefs("other", {}, {"c/1"}, jobs.reply());
  EXPECT_EQ(jobs.Get()->at("c/1"), "c");
  core_->LookupRefs("other", {}, {"d"}, wrong.reply());
  EXPECT_FALSE(wrong.Get().ok());
  EXPECT_TRUE(Eventually([&] { return core_->events().last() == EventSeq{2}; }));
}

}  // namespace
}  // namespace fft
