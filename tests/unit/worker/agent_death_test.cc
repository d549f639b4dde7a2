#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>

#include <gtest/gtest.h>

#include "agent_process.h"

namespace fft {
namespace {

namespace v1 = build::v1;
namespace fs = std::filesystem;

const std::string kShell = "#!/bin/sh\n";

/// A job that says on `FIFO` that it runs, waits for a line of `go`, and leaves that in output `a`.
std::string WaitingJob(const WorkerWorld& world) {
  return kShell + "exec 3> " + (world.dir / "fifo") + "; echo up >&3; read x < " +
         (world.dir / "go") + "; echo $x > $FFT_OUT/a; echo done $x\n";
}

class AgentDeathTest : public testing::Test {
 protected:
  AgentDeathTest() {
    MakeFifo(world_.dir / "fifo");
    MakeFifo(world_.dir / "go");
  }

  void StartWaitingJob(std::int64_t run) {
    world_.daemon.Grant(world_.Job(run, WaitingJob(world_), {"a"}));
    fifo_ = Fd(::open((world_.dir / "fifo").c_str(), O_RDONLY));
    char up[3];
    ASSERT_EQ(::read(fifo_.get(), up, 3), 3);
    world_.daemon.AwaitStarted(run);
  }
  /// Waits until nobody has the FIFO open: every process of the run is gone.
  void AwaitNobody() {
    char byte;
    ASSERT_EQ(::read(fifo_.get(), &byte, 1), 0);
  }
  void Go(const std::string& line) { WriteFile(world_.dir / "go", line + "\n"); }

  WorkerWorld world_;
  Fd fifo_;
};

TEST_F(AgentDeathTest, ARunGoesOnUnderTheNextAgent) {
  StartWaitingJob(1);
  world_.agent.KillHard();
  AgentProcess next(world_.worker_dir(), world_.address());
  const v1::WorkerHello hello = world_.daemon.AwaitHello(2);
  ASSERT_EQ(hello.held_size(), 1);
  EXPECT_EQ(hello.held(0), 1);
  Go("again");
  const v1::RunReport report = world_.daemon.AwaitReport(1);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED) << report.message();
  EXPECT_EQ(world_.Output("a"), "again\n");
  EXPECT_EQ(world_.daemon.AwaitLog(1, "done"), "done again\n");
}

TEST_F(AgentDeathTest, ARunThatEndedMeanwhileIsReported) {
  StartWaitingJob(1);
  world_.agent.KillHard();
  Go("alone");
  AwaitNobody();
  AgentProcess next(world_.worker_dir(), world_.address());
  EXPECT_EQ(world_.daemon.AwaitReport(1).outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(world_.Output("a"), "alone\n");
}

TEST_F(AgentDeathTest, NothingIsPublishedUntilAdopted) {
  StartWaitingJob(1);
  world_.agent.KillHard();
  world_.daemon.SetAdopting(false);
  Go("late");
  AwaitNobody();
  AgentProcess next(world_.worker_dir(), world_.address());
  world_.daemon.AwaitHello(2);
  // Another run goes all the way meanwhile.
  EXPECT_EQ(world_.RunJob(2, kShell + ": > $FFT_OUT/b", {"b"}).outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(world_.daemon.ReportsOf(1), 0);
  EXPECT_FALSE(fs::exists(world_.dir / "root/a"));
  v1::DaemonMessage adopted;
  adopted.add_adopted(1);
  world_.daemon.Say(adopted);
  EXPECT_EQ(world_.daemon.AwaitReport(1).outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(world_.Output("a"), "late\n");
}

// It does not listen to SIGTERM, writes all the same, and even succeeds: nobody reads it.
TEST_F(AgentDeathTest, AZombieThatWritesAfterItsLeaseChangesNothing) {
  world_.daemon.Grant(world_.Job(1,
                                 kShell + "trap '' TERM; exec 3> " + (world_.dir / "fifo") +
                                     "; echo up >&3; read x < " + (world_.dir / "go") +
                                     "; echo $x > $FFT_OUT/a\n",
                                 {"a"}));
  fifo_ = Fd(::open((world_.dir / "fifo").c_str(), O_RDONLY));
  char up[3];
  ASSERT_EQ(::read(fifo_.get(), up, 3), 3);
  world_.daemon.AwaitStarted(1);
  v1::DaemonMessage kills;
  kills.add_kills(1);
  world_.daemon.Say(kills);
  // Orders are obeyed one after the other: once this one has run, that one was heard.
  EXPECT_EQ(world_.RunJob(2, kShell + ": > $FFT_OUT/b", {"b"}).outcome(), v1::OUTCOME_SUCCEEDED);
  Go("zombie");
  const v1::RunReport report = world_.daemon.AwaitReport(1);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_CANCELLED) << report.message();
  EXPECT_TRUE(report.left_outputs_alone());
  EXPECT_FALSE(fs::exists(world_.dir / "root/a"));
}

TEST_F(AgentDeathTest, ARunThatIsNotAdoptedIsKilled) {
  StartWaitingJob(1);
  world_.agent.KillHard();
  world_.daemon.SetAdopting(false);
  AgentProcess next(world_.worker_dir(), world_.address());
  world_.daemon.AwaitHello(2);
  v1::DaemonMessage kills;
  kills.add_kills(1);
  world_.daemon.Say(kills);
  AwaitNobody();
  const v1::RunReport report = world_.daemon.AwaitReport(1);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_CANCELLED);
  EXPECT_TRUE(report.left_outputs_alone());
}

TEST_F(AgentDeathTest, AnOutcomeThatWasNotAcknowledgedIsReportedAgain) {
  world_.daemon.SetAcknowledging(false);
  const v1::RunReport first = world_.RunJob(1, kShell + "echo 1 > $FFT_OUT/a", {"a"});
  world_.agent.KillHard();
  AgentProcess next(world_.worker_dir(), world_.address());
  EXPECT_EQ(world_.daemon.AwaitHello(2).held_size(), 1);
  world_.daemon.Wait([&] { return world_.daemon.CountReports(1) >= 2; });
  EXPECT_EQ(world_.daemon.AwaitReport(1).SerializeAsString(), first.SerializeAsString());
}

TEST_F(AgentDeathTest, TheGuardiansDeathIsAnInfrastructureFault) {
  StartWaitingJob(1);
  const pid_t guardian = GuardianOf(world_.worker_dir());
  ASSERT_GT(guardian, 0);
  ::kill(guardian, SIGKILL);
  AwaitNobody();
  const v1::RunReport report = world_.daemon.AwaitReport(1);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_INFRASTRUCTURE);
  EXPECT_TRUE(report.left_outputs_alone());
  // A new one is at work.
  EXPECT_EQ(world_.RunJob(2, kShell).outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_NE(GuardianOf(world_.worker_dir()), guardian);
}

TEST_F(AgentDeathTest, BothMayBeKilled) {
  StartWaitingJob(1);
  world_.agent.KillHard();
  ::kill(GuardianOf(world_.worker_dir()), SIGKILL);
  AgentProcess next(world_.worker_dir(), world_.address());
  EXPECT_EQ(world_.daemon.AwaitReport(1).outcome(), v1::OUTCOME_INFRASTRUCTURE);
  AwaitNobody();
}

TEST_F(AgentDeathTest, ABrokenStreamIsMadeAgainAndNothingIsLost) {
  StartWaitingJob(1);
  world_.daemon.Hang();
  EXPECT_EQ(world_.daemon.AwaitHello(2).held_size(), 1);
  Go("on");
  EXPECT_EQ(world_.daemon.AwaitReport(1).outcome(), v1::OUTCOME_SUCCEEDED);
}

TEST_F(AgentDeathTest, WithoutADaemonForTooLongItKillsItsRuns) {
  world_.daemon.SetWelcome(50, 1'000, 1'500);
  world_.daemon.Hang();
  world_.daemon.AwaitHello(2);
  StartWaitingJob(1);
  world_.daemon.SetSilent(true);  // welcomes nobody either
  AwaitNobody();
  world_.daemon.SetSilent(false);
  const v1::RunReport report = world_.daemon.AwaitReport(1);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_INFRASTRUCTURE);
  EXPECT_EQ(report.message(), "the worker heard no daemon for 1 s");
}

TEST_F(AgentDeathTest, AnOldLeaderIsNotObeyed) {
  v1::DaemonMessage newer;
  newer.set_epoch(5);
  newer.set_heartbeat(true);
  world_.daemon.Say(newer);
  v1::DaemonMessage old;
  old.set_epoch(1);
  *old.add_grants() = world_.Job(1, kShell);
  world_.daemon.Say(old);
  v1::DaemonMessage current;
  current.set_epoch(5);
  *current.add_grants() = world_.Job(2, kShell);
  world_.daemon.Say(current);
  world_.daemon.AwaitReport(2);
  EXPECT_EQ(world_.daemon.ReportsOf(1), 0);
}

TEST_F(AgentDeathTest, CleansUpAfterTheAcknowledgement) {
  world_.RunJob(1, kShell + "echo 1 > $FFT_OUT/a; echo x > left; echo log", {"a"});
  world_.daemon.AwaitLog(1, "log");
  const auto is_clean = [&] {
    return !fs::exists(world_.worker_dir() + "/runs/1") &&
           fs::is_empty(world_.dir / "root/.fft/staging");
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_clean() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(is_clean());
  EXPECT_EQ(world_.agent.End(SIGTERM), 0);
}

TEST_F(AgentDeathTest, ACleanEndKeepsWhatRunsAndEndsAnIdleGuardian) {
  StartWaitingJob(1);
  const pid_t guardian = GuardianOf(world_.worker_dir());
  EXPECT_EQ(world_.agent.End(SIGTERM), 0);
  EXPECT_TRUE(IsAlive(guardian));
  Go("kept");
  AwaitNobody();
  AgentProcess next(world_.worker_dir(), world_.address());
  EXPECT_EQ(world_.daemon.AwaitReport(1).outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(next.End(SIGTERM), 0);
}

}  // namespace
}  // namespace fft
