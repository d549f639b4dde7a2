#include "server/app/loop_thread.h"

#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "tests/support/eventually.h"
#include "tests/unit/app/fakes.h"

namespace fft {
namespace {

/// Remembers what left the loop.
class RecordingOutlets final : public Outlets {
 public:
  void Committed(Effects effects) override {
    const std::lock_guard lock(mutex_);
    for (const Answer& answer : effects.answers) answered_.push_back(answer.reply);
  }
  void Failed(const Status& why) override {
    const std::lock_guard lock(mutex_);
    ++failures_;
    last_failure_ = why;
  }
  void StandBy() override {
    const std::lock_guard lock(mutex_);
    ++standbys_;
  }
  int standbys() const { return Locked(standbys_); }
  Status Learn() override {
    const std::lock_guard lock(mutex_);
    ++learned_;
    if (ignorant_ == 0) return Ok();
    --ignorant_;
    return Error(Code::kUnavailable, "nothing is known yet");
  }
  void BeIgnorant(int times) {
    const std::lock_guard lock(mutex_);
    ignorant_ = times;
  }
  int learned() const { return Locked(learned_); }
  void Loaded(Epoch epoch, EventSeq last_event) override {
    const std::lock_guard lock(mutex_);
    epoch_ = epoch;
    last_event_ = last_event;
  }
  std::vector<ReplyId> answered() const { return Locked(answered_); }
  int failures() const { return Locked(failures_); }
  Status last_failure() const { return Locked(last_failure_); }
  Epoch epoch() const { return Locked(epoch_); }
  EventSeq last_event() const { return Locked(last_event_); }

 private:
  template <class T>
  T Locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  std::vector<ReplyId> answered_;
  int failures_ = 0, standbys_ = 0, learned_ = 0, ignorant_ = 0;
  Status last_failure_;
  Epoch epoch_;
  EventSeq last_event_;
};

class LoopThreadTest : public testing::Test {
 protected:
  void Start() {
    thread_ = std::make_unique<LoopThread>(loop_, inbox_, store_, clock_, outlets_, observer_,
                                           LoopThreadOptions{.holder = "the test"});
  }
  void StartAndLoad() {
    Start();
    ASSERT_TRUE(Eventually([&] { return thread_->status().ok() && outlets_.epoch(); }));
  }
  /// Asks for a build; its reply has the same number as its place in the test.
  void Ask() {
    ASSERT_TRUE(
        inbox_.TryPush(BuildRequested{ReplyId{++asked_}, Build{.principal = "ann", .ns = "dev"}}));
  }
  bool HasStepped(std::int64_t builds) {
    return Eventually([&] {
      const std::lock_guard lock(shared_.mutex);
      return shared_.schedule != nullptr && shared_.schedule->totals().builds == builds;
    });
  }
  bool HasAnswered(std::size_t count) {
    return Eventually([&] { return outlets_.answered().size() == count; });
  }

  FakeStore store_;
  FakeClock clock_;
  NoObserver observer_;
  RecordingOutlets outlets_;
  SharedSchedule shared_;
  Inbox inbox_{100};
  Loop loop_{ScheduleOptions{}, shared_, store_,
             [](const std::string&, const Digest&) -> StatusOr<std::shared_ptr<const GraphSpec>> {
               return std::make_shared<const GraphSpec>();
             }};
  std::int64_t asked_ = 0;
  std::unique_ptr<LoopThread> thread_;
};

TEST_F(LoopThreadTest, NothingLeavesBeforeItIsCommitted) {
  StartAndLoad();
  store_.Hold();
  Ask();
  store_.AwaitCommits(1);
  EXPECT_TRUE(outlets_.answered().empty());
  store_.Release();
  EXPECT_TRUE(HasAnswered(1));
  EXPECT_EQ(store_.builds().size(), 1U);
}

TEST_F(LoopThreadTest, WhatComesWhileACommitIsInFlightIsTheNextBatch) {
  StartAndLoad();
  store_.Hold();
  Ask();
  store_.AwaitCommits(1);
  for (std::int64_t i = 2; i <= 6; ++i) {
    Ask();
    ASSERT_TRUE(HasStepped(i));
  }
  EXPECT_EQ(store_.commits(), 0);
  store_.Release();
  ASSERT_TRUE(HasAnswered(6));
  EXPECT_EQ(store_.commits(), 2);
  EXPECT_EQ(store_.batch(0).builds.size(), 1U);
  EXPECT_EQ(store_.batch(1).builds.size(), 5U);
  EXPECT_EQ(outlets_.answered().back(), ReplyId{6});
}

TEST_F(LoopThreadTest, AFailedCommitTakesAllThatRestsOnItAlong) {
  StartAndLoad();
  store_.Hold();
  Ask();
  store_.AwaitCommits(1);
  Ask();
  ASSERT_TRUE(HasStepped(2));
  store_.FailNext(Error(Code::kUnavailable, "the database is gone"));
  store_.Release();
  ASSERT_TRUE(Eventually([&] { return outlets_.epoch() == Epoch{2}; }));
  EXPECT_TRUE(Eventually([&] { return thread_->status().ok(); }));
  EXPECT_GE(outlets_.failures(), 1);
  EXPECT_TRUE(outlets_.answered().empty());
  EXPECT_TRUE(store_.builds().empty());
  EXPECT_EQ(store_.commits(), 1);

  Ask();
  ASSERT_TRUE(HasAnswered(1));
  EXPECT_EQ(outlets_.answered().back(), ReplyId{3});
  EXPECT_EQ(store_.builds().begin()->first, BuildId{1});
  EXPECT_EQ(store_.batch(1).events.front()->seq, EventSeq{1});
}

TEST_F(LoopThreadTest, ACommitInDoubtIsReadAgainBeforeGoingOn) {
  StartAndLoad();
  store_.FailNext(Error(Code::kUnknown, "the connection broke"));
  Ask();
  ASSERT_TRUE(Eventually([&] { return outlets_.epoch() == Epoch{2}; }));
  EXPECT_EQ(outlets_.last_event(), EventSeq{2});
  ASSERT_TRUE(HasStepped(1));
  Ask();
  ASSERT_TRUE(HasAnswered(1));
  EXPECT_EQ(store_.builds().size(), 2U);
}

TEST_F(LoopThreadTest, WithoutTheLeadCommandsAreRefusedUntilItComes) {
  store_.RefuseLead(Error(Code::kFailedPrecondition, "host:1 leads"));
  Start();
  ASSERT_TRUE(Eventually([&] { return thread_->status().code() == Code::kFailedPrecondition; }));
  Ask();
  ASSERT_TRUE(Eventually([&] { return inbox_.size() == 0 && outlets_.failures() > 0; }));
  EXPECT_EQ(store_.loads(), 0);
  store_.RefuseLead(Ok());
  clock_.Move(Duration(60'000));
  ASSERT_TRUE(Eventually([&] { return thread_->status().ok(); }));
  Ask();
  EXPECT_TRUE(HasAnswered(1));
  EXPECT_EQ(outlets_.answered().back(), ReplyId{2});
}

TEST_F(LoopThreadTest, AFailedLoadIsTriedAgainLaterAndLater) {
  store_.RefuseLead(Error(Code::kUnavailable, "the database is gone"));
  Start();
  ASSERT_TRUE(Eventually([&] { return Message(thread_->status()) == "the database is gone"; }));
  store_.RefuseLead(Ok());
  clock_.Move(Duration(49));
  inbox_.Nudge();
  const int failures = outlets_.failures();
  ASSERT_TRUE(Eventually([&] { return outlets_.failures() > failures + 1; }));
  EXPECT_EQ(store_.loads(), 0);
  clock_.Move(Duration(1));
  EXPECT_TRUE(Eventually([&] { return store_.loads() == 1; }));
}

TEST_F(LoopThreadTest, WhoCannotLearnDoesNotLead) {
  outlets_.BeIgnorant(1);
  Start();
  ASSERT_TRUE(Eventually([&] { return Message(thread_->status()) == "nothing is known yet"; }));
  EXPECT_EQ(outlets_.epoch(), Epoch{});
  Ask();
  ASSERT_TRUE(Eventually([&] { return inbox_.size() == 0; }));
  clock_.Move(Duration(50));
  inbox_.Nudge();
  ASSERT_TRUE(Eventually([&] { return thread_->status().ok() && outlets_.epoch(); }));
  EXPECT_EQ(outlets_.learned(), 2);
  Ask();
  EXPECT_TRUE(HasAnswered(1));
  EXPECT_EQ(outlets_.answered().back(), ReplyId{2});
}

TEST_F(LoopThreadTest, AtTheEndTheBatchInFlightIsCommitted) {
  StartAndLoad();
  store_.Hold();
  Ask();
  store_.AwaitCommits(1);
  std::jthread destroyer([&] { thread_.reset(); });
  ASSERT_TRUE(Eventually([&] { return inbox_.closed(); }));
  store_.Release();
  destroyer.join();
  EXPECT_EQ(outlets_.answered().size(), 1U);
  EXPECT_EQ(store_.builds().size(), 1U);
}

TEST_F(LoopThreadTest, WhoStandsBySaysWhoLeadsAndFollows) {
  store_.RefuseLead(WithDetails(
      Error(Code::kFailedPrecondition, "host:1 leads"),
      {.reason = "ANOTHER_LEADER", .metadata = {{"address", "host:7450"}}, .fields = {}}));
  Start();
  ASSERT_TRUE(Eventually([&] { return outlets_.standbys() == 1; }));
  const Status status = thread_->status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(Message(status), "this daemon stands by: host:1 leads");
  EXPECT_EQ(DetailsOf(status).reason, "NOT_LEADING");
  EXPECT_EQ(DetailsOf(status).metadata.at("address"), "host:7450");
  clock_.Move(Duration(200));
  inbox_.Nudge();
  ASSERT_TRUE(Eventually([&] { return outlets_.standbys() == 2; }));
  store_.RefuseLead(Ok());
  clock_.Move(Duration(200));
  inbox_.Nudge();
  EXPECT_TRUE(Eventually([&] { return thread_->status().ok() && outlets_.epoch(); }));
}

TEST_F(LoopThreadTest, AnIdleLeaderShowsThatItLives) {
  StartAndLoad();
  for (int beat = 1; beat <= 3; ++beat) {
    clock_.Move(Duration(2'000));
    inbox_.Nudge();
    store_.AwaitBeats(beat);
  }
  EXPECT_EQ(store_.commits(), 0);
}

}  // namespace
}  // namespace fft
