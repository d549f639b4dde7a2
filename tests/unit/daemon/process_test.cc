#include "server/daemon/process.h"

#include <csignal>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/daemon/keeper.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

using ::testing::HasSubstr;

Program Shell(const std::string& script) {
  return {.argv = {"sh", "-c", script},
          .environment = EnvironmentWithout({}),
          .folder = "/",
          .log = ""};
}
Program LongLived() {
  return {.argv = {"tail", "-f", "/dev/null"},
          .environment = EnvironmentWithout({}),
          .folder = "/",
          .log = ""};
}

TEST(RunProgram, TellsHowItEndedAndWhatItSaid) {
  const auto end = RunProgram(Shell("echo out; echo err >&2; pwd; exit 3"), Duration(10'000));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(end->output, "out\nerr\n/\n");
  EXPECT_EQ(RunProgram(Shell("kill -9 $$"), Duration(10'000))->exit_code, 128 + SIGKILL);
}

TEST(RunProgram, KeepsTheEndOfALongOutput) {
  const auto end = RunProgram(Shell("yes | head -c 1000000; echo last"), Duration(10'000));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->output.size(), 1U << 14);
  EXPECT_THAT(end->output, HasSubstr("\nlast\n"));
}

TEST(RunProgram, KillsWhatTakesTooLong) {
  const auto end = RunProgram(LongLived(), Duration(50));
  EXPECT_EQ(end.status().code(), Code::kDeadlineExceeded);
  EXPECT_THAT(Message(end.status()), HasSubstr("tail"));
}

TEST(RunProgram, AProgramThatIsNotThereIsNamed) {
  const auto end =
      RunProgram({.argv = {"/no/such/program"}, .environment = {}, .folder = "/", .log = ""},
                 Duration(10'000));
  EXPECT_EQ(end.status().code(), Code::kNotFound);
  EXPECT_THAT(Message(end.status()), HasSubstr("/no/such/program"));
}

TEST(Spawn, TheChildHasItsOwnSessionAndDefaultSignals) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  const TemporaryFolder folder;
  Program program = LongLived();
  program.log = folder / "log";
  const auto pid = Spawn(program);
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  ASSERT_TRUE(pid.ok()) << pid.status();
  EXPECT_EQ(getsid(*pid), *pid);
  EXPECT_FALSE(WaitForEnd(*pid, -1, Duration(0)));
  EXPECT_TRUE(StartTicks(*pid).has_value());
  kill(*pid, SIGTERM);
  EXPECT_TRUE(WaitForEnd(*pid, -1, Duration(10'000)));
  EXPECT_FALSE(StartTicks(*pid).has_value());
}

TEST(ArgvOf, IsWhatTheProcessWasStartedWith) {
  const auto pid = Spawn(LongLived());
  ASSERT_TRUE(pid.ok());
  EXPECT_TRUE(Eventually([&] {
    return ArgvOf(*pid) == std::vector<std::string>{"tail", "-f", "/dev/null"};
  }));
  EXPECT_EQ(ProcLink(*pid, "cwd"), "/");
  kill(*pid, SIGKILL);
  EXPECT_TRUE(WaitForEnd(*pid, -1, Duration(10'000)));
}

TEST(Keeper, RevivesWhatEnds) {
  const auto revive = [] { return Spawn(LongLived()); };
  const pid_t first = *revive();
  Keeper keeper("tail", first, revive);
  kill(first, SIGKILL);
  ASSERT_TRUE(Eventually([&] { return keeper.revivals() == 1; }));
  const pid_t second = keeper.pid();
  EXPECT_NE(second, first);
  kill(second, SIGKILL);
  ASSERT_TRUE(Eventually([&] { return keeper.revivals() == 2; }));
  keeper.Stop();
  EXPECT_TRUE(StartTicks(keeper.pid()).has_value());
  kill(keeper.pid(), SIGKILL);
  EXPECT_TRUE(WaitForEnd(keeper.pid(), -1, Duration(10'000)));
  EXPECT_EQ(keeper.revivals(), 2);
}

TEST(Keeper, TriesAgainWhenRevivingFails) {
  std::atomic<int> calls = 0;
  const auto revive = [&]() -> StatusOr<pid_t> {
    if (++calls < 3) return Error(Code::kUnavailable, "not yet");
    return Spawn(LongLived());
  };
  const pid_t first = *Spawn(LongLived());
  Keeper keeper("tail", first, revive);
  kill(first, SIGKILL);
  ASSERT_TRUE(Eventually([&] { return keeper.revivals() == 1; }));
  EXPECT_EQ(calls, 3);
  keeper.Stop();
  kill(keeper.pid(), SIGKILL);
  EXPECT_TRUE(WaitForEnd(keeper.pid(), -1, Duration(10'000)));
}

}  // namespace
}  // namespace fft
