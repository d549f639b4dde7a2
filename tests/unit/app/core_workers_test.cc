#include "server/base/error_details.h"
#include "tests/unit/app/core_fixture.h"

namespace fft {
namespace {

using CoreWorkers = CoreTest;

TEST_F(CoreWorkers, ABuildRunsToItsEnd) {
  const auto session = std::make_shared<FakeSession>();
  const auto welcome = Connect(session);
  ASSERT_TRUE(welcome.ok());
  EXPECT_EQ(welcome->epoch, Epoch{1});
  ASSERT_TRUE(Create().Get().ok());
  ASSERT_TRUE(Eventually([&] {
    Work(welcome->worker, *session);
    return store_.builds().at(BuildId{1}).state == BuildState::kSucceeded;
  }));
  EXPECT_EQ(session->grants().size(), 2U);
  // The second time nothing runs.
  ASSERT_TRUE(Create().Get().ok());
  ASSERT_TRUE(Ends(BuildId{2}, BuildState::kSucceeded));
  EXPECT_EQ(session->grants().size(), 2U);
  EXPECT_EQ(store_.builds().at(BuildId{2}).counts.cached, 1);
}

TEST_F(CoreWorkers, AGrantLeavesOnlyAfterItsCommit) {
  const auto session = std::make_shared<FakeSession>();
  ASSERT_TRUE(Connect(session).ok());
  ASSERT_TRUE(Create().Get().ok());
  ASSERT_TRUE(Eventually([&] { return session->grants().size() == 1; }));
  bool is_written = false;
  for (int i = 0; i < store_.commits(); ++i)
    is_written |= !store_.batch(static_cast<std::size_t>(i)).leases.empty();
  EXPECT_TRUE(is_written);
}

// A worker forgets what is acknowledged: before the commit that would lose it.
TEST_F(CoreWorkers, AnAcknowledgementLeavesOnlyAfterItsCommit) {
  const auto session = std::make_shared<FakeSession>();
  const auto welcome = Connect(session);
  ASSERT_TRUE(Create().Get().ok());
  ASSERT_TRUE(Eventually([&] { return session->grants().size() == 1; }));
  store_.Hold();
  const int before = store_.commits();
  Work(welcome->worker, *session);
  store_.AwaitCommits(before + 1);
  EXPECT_TRUE(session->acknowledged().empty());
  EXPECT_EQ(session->grants().size(), 1U);  // nor does the grant that it frees
  store_.Release();
  ASSERT_TRUE(Eventually([&] { return session->acknowledged().size() == 1; }));
  EXPECT_EQ(store_.batch(static_cast<std::size_t>(before)).runs.size(), 1U);
}

TEST_F(CoreWorkers, AHeartbeatIsAnsweredThoughNothingCanBeCommitted) {
  const auto session = std::make_shared<FakeSession>();
  const auto welcome = Connect(session);
  store_.RefuseLead(Error(Code::kUnavailable, "the database is gone"));
  store_.FailNext(Error(Code::kUnavailable, "the database is gone"));
  ASSERT_FALSE(Create().Get().ok());
  EXPECT_FALSE(session->closed().has_value());
  const std::size_t before = session->sent();
  core_->WorkerSaid({.worker = welcome->worker, .is_heartbeat = true});
  EXPECT_EQ(session->sent(), before + 1);
}

TEST_F(CoreWorkers, WhoLosesItsLeadSendsItsWorkersToWhoHasIt) {
  const auto session = std::make_shared<FakeSession>();
  ASSERT_TRUE(Connect(session).ok());
  store_.RefuseLead(WithDetails(
      Error(Code::kFailedPrecondition, "another leads"),
      {.reason = "ANOTHER_LEADER", .metadata = {{"address", "host:7450"}}, .fields = {}}));
  store_.FailNext(Error(Code::kAborted, "the epoch is over"));
  ASSERT_FALSE(Create().Get().ok());
  ASSERT_TRUE(Eventually([&] { return session->closed().has_value(); }));
  EXPECT_EQ(DetailsOf(*session->closed()).reason, "NOT_LEADING");
  EXPECT_EQ(DetailsOf(*session->closed()).metadata.at("address"), "host:7450");
}

TEST_F(CoreWorkers, AReloadClosesAllStreamsAndWorkersSayWhatTheyHold) {
  const auto session = std::make_shared<FakeSession>();
  const auto welcome = Connect(session);
  ASSERT_TRUE(Create().Get().ok());
  ASSERT_TRUE(Eventually([&] { return session->grants().size() == 1; }));
  const RunId run = session->grants().front().lease.run;
  store_.FailNext(Error(Code::kUnavailable, "the database is gone"));
  ASSERT_FALSE(Create().Get().ok());
  ASSERT_TRUE(Eventually([&] { return session->closed().has_value(); }));
  EXPECT_EQ(session->closed()->code(), Code::kUnavailable);

  const auto next = std::make_shared<FakeSession>();
  const auto again = Connect(next, {run});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->epoch, Epoch{2});
  EXPECT_EQ(again->worker, welcome->worker);
  ASSERT_TRUE(Eventually([&] { return next->sent() > 0; }));
  EXPECT_TRUE(next->grants().empty()) << "it goes on with what it holds";
  core_->WorkerSaid({.worker = again->worker,
                     .reports = {{.run = run, .epoch = Epoch{1}, .outcome = Outcome::kSucceeded}}});
  EXPECT_TRUE(Eventually([&] { return next->grants().size() == 1; }));
}

TEST_F(CoreWorkers, TheNewestStreamOfANameReplacesTheOneBefore) {
  const auto old = std::make_shared<FakeSession>();
  const auto worker = Connect(old)->worker;
  const auto next = std::make_shared<FakeSession>();
  EXPECT_EQ(Connect(next)->worker, worker);
  ASSERT_TRUE(Eventually([&] { return old->closed().has_value(); }));
  core_->WorkerGone(worker, old);
  ASSERT_TRUE(Create().Get().ok());
  EXPECT_TRUE(Eventually([&] { return next->grants().size() == 1; }));
  EXPECT_TRUE(IsConnected());
  core_->WorkerGone(worker, next);
  EXPECT_TRUE(Eventually([&] { return !IsConnected(); }));
}

TEST_F(CoreWorkers, AnOldStreamThatBreaksWhileTheNewOneConnectsEndsNothing) {
  const auto old = std::make_shared<FakeSession>();
  const auto worker = Connect(old)->worker;
  store_.Hold();
  const int commits = store_.commits();
  Await<WorkerWelcome> welcome;
  const auto next = std::make_shared<FakeSession>();
  core_->WorkerConnected({.name = "w", .host = "here", .slots = 2}, next, welcome.reply());
  store_.AwaitCommits(commits + 1);
  core_->WorkerGone(worker, old);
  store_.Release();
  ASSERT_TRUE(welcome.Get().ok());
  ASSERT_TRUE(Create().Get().ok());
  EXPECT_TRUE(Eventually([&] { return next->grants().size() == 1; }));
  EXPECT_TRUE(IsConnected());
}

TEST_F(CoreWorkers, AStreamThatBreaksAtItsWelcomeIsGone) {
  const auto session = std::make_shared<FakeSession>();
  core_->WorkerConnected(
      {.name = "w", .host = "here"}, session,
      [&](StatusOr<WorkerWelcome> welcome) { core_->WorkerGone(welcome->worker, session); });
  EXPECT_TRUE(Eventually([&] { return core_->events().last() == EventSeq{2}; }));
  EXPECT_FALSE(IsConnected());
}

TEST_F(CoreWorkers, AWorkerIsDrainedByName) {
  const auto session = std::make_shared<FakeSession>();
  ASSERT_TRUE(Connect(session).ok());
  Await<WorkerView> drained, nobody;
  core_->DrainWorker("w", true, drained.reply());
  EXPECT_TRUE(drained.Get()->worker.is_draining);
  EXPECT_TRUE(drained.Get()->is_connected);
  core_->DrainWorker("x", true, nobody.reply());
  EXPECT_EQ(nobody.Get().status().code(), Code::kNotFound);
}

TEST_F(CoreWorkers, OneThatIsThereIsNotDead) {
  const auto session = std::make_shared<FakeSession>();
  ASSERT_TRUE(Connect(session).ok());
  Await<WorkerView> there, nobody;
  core_->MarkWorkerDead("w", there.reply());
  EXPECT_EQ(there.Get().status().code(), Code::kFailedPrecondition);
  core_->MarkWorkerDead("x", nobody.reply());
  EXPECT_EQ(nobody.Get().status().code(), Code::kNotFound);
}

TEST_F(CoreWorkers, WhatADeadOneHadGoesToAnother) {
  const auto dead = std::make_shared<FakeSession>();
  const auto worker = Connect(dead)->worker;
  ASSERT_TRUE(Create().Get().ok());
  ASSERT_TRUE(Eventually([&] { return dead->grants().size() == 1; }));
  core_->WorkerGone(worker, dead);
  ASSERT_TRUE(Eventually([&] { return !IsConnected(); }));
  Await<WorkerView> marked;
  core_->MarkWorkerDead("w", marked.reply());
  ASSERT_TRUE(marked.Get().ok());
  EXPECT_FALSE(marked.Get()->is_connected);
  EXPECT_TRUE(marked.Get()->runs.empty());
  clock_.Move(Duration(60'000));  // who lost a run waits a little before the next
  const auto alive = std::make_shared<FakeSession>();
  Await<WorkerWelcome> welcome;
  core_->WorkerConnected({.name = "v", .host = "there", .slots = 2}, alive, welcome.reply());
  ASSERT_TRUE(welcome.Get().ok());
  EXPECT_TRUE(Eventually([&] { return alive->grants().size() == 1; }));
}

}  // namespace
}  // namespace fft
