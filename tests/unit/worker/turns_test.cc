#include <fstream>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "agent_process.h"

// Runs that were granted ahead: how many of a build run at once is minded by the worker.

namespace fft {
namespace {

namespace v1 = build::v1;

class TurnsTest : public testing::Test {
 protected:
  TurnsTest() { ::mkfifo(Gate().c_str(), 0600); }
  std::string Gate() const { return world_.dir / "gate"; }
  void Open() const { std::ofstream(Gate()) << "open"; }
  /// Waits at the gate, then ends with `code`.
  std::string Held(int code) const {
    return "#!/bin/sh\ncat " + Gate() + "\nexit " + std::to_string(code) + "\n";
  }
  /// At most `group_max` of build 5 at once; 0: whatever else runs.
  void Grant(std::int64_t run, int group_max, const std::string& script) {
    v1::Grant grant = world_.Job(run, script);
    grant.set_group(5);
    grant.set_group_max(group_max);
    world_.daemon.Grant(grant);
  }

  const std::string quick_ = "#!/bin/sh\n";
  WorkerWorld world_;
};

TEST_F(TurnsTest, OneStartsWhenTheOneBeforeHasEnded) {
  Grant(1, 0, Held(0));
  Grant(2, 1, quick_);
  world_.daemon.AwaitStarted(1);
  EXPECT_EQ(world_.RunJob(3, quick_).outcome(), v1::OUTCOME_SUCCEEDED) << "others pass it";
  EXPECT_EQ(world_.daemon.ReportsOf(2), 0);
  Open();
  const v1::RunReport first = world_.daemon.AwaitReport(1), second = world_.daemon.AwaitReport(2);
  EXPECT_EQ(first.outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(second.outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_GE(std::pair(second.start_time().seconds(), second.start_time().nanos()),
            std::pair(first.end_time().seconds(), first.end_time().nanos()));
}

TEST_F(TurnsTest, WhoHasNoLimitPassesWhoWaits) {
  Grant(1, 0, Held(0));
  Grant(2, 1, quick_);
  Grant(3, 0, quick_);  // another build wants it as well
  EXPECT_EQ(world_.daemon.AwaitReport(3).outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(world_.daemon.ReportsOf(2), 0);
  Open();
  EXPECT_EQ(world_.daemon.AwaitReport(2).outcome(), v1::OUTCOME_SUCCEEDED);
}

TEST_F(TurnsTest, AfterAFailureNothingStarts) {
  Grant(1, 0, Held(3));
  Grant(2, 1, quick_);
  Grant(3, 1, quick_);
  world_.daemon.AwaitStarted(1);
  Open();
  EXPECT_EQ(world_.daemon.AwaitReport(1).outcome(), v1::OUTCOME_FAILED);
  for (const std::int64_t run : {2, 3}) {
    const v1::RunReport report = world_.daemon.AwaitReport(run);
    EXPECT_EQ(report.outcome(), v1::OUTCOME_RETURNED);
    EXPECT_TRUE(report.left_outputs_alone());
  }
  Grant(4, 1, quick_);
  EXPECT_EQ(world_.daemon.AwaitReport(4).outcome(), v1::OUTCOME_SUCCEEDED);
}

TEST_F(TurnsTest, WhatWaitsTooLongIsGivenBack) {
  Grant(1, 0, Held(0));
  Grant(2, 1, quick_);
  EXPECT_EQ(world_.daemon.AwaitReport(2).outcome(), v1::OUTCOME_RETURNED);
  EXPECT_EQ(world_.daemon.ReportsOf(1), 0);
  Open();
  EXPECT_EQ(world_.daemon.AwaitReport(1).outcome(), v1::OUTCOME_SUCCEEDED);
}

}  // namespace
}  // namespace fft
