#include <chrono>
#include <csignal>
#include <filesystem>

#include <fcntl.h>

#include <gtest/gtest.h>

#include "client/worker/processes.h"
#include "guardian_client.h"

namespace fft {
namespace {

class GuardianTest : public testing::Test {
 protected:
  GuardianTest() : guardian_(dir_.path()) { guardian_.Connect(); }

  worker::Exit Run(const worker::Start& start) {
    worker::Command command;
    *command.add_starts() = start;
    guardian_.Send(command);
    return guardian_.AwaitExit(start.run());
  }

  TestFolder dir_;
  GuardianClient guardian_;
};

TEST_F(GuardianTest, TellsExitCodeOrSignal) {
  EXPECT_EQ(guardian_.RunShell(1, "exit 0").exit_code(), 0);
  EXPECT_EQ(guardian_.RunShell(2, "exit 75").exit_code(), 75);
  const worker::Exit dead = guardian_.RunShell(3, "kill -SEGV $$");
  EXPECT_EQ(dead.signal(), SIGSEGV);
  EXPECT_EQ(dead.stopped(), worker::STOPPED_BY_ITSELF);
  EXPECT_GT(dead.rss_max_bytes(), 0);
}

TEST_F(GuardianTest, TellsWhatCouldNotBeExecuted) {
  worker::Start start = guardian_.Shell(1, "");
  start.set_executable("/nowhere/program");
  const worker::Exit exit = Run(start);
  EXPECT_EQ(exit.spawn_errno(), ENOENT);
  EXPECT_EQ(exit.spawn_step(), "exec");
  worker::Start homeless = guardian_.Shell(2, "");
  homeless.set_cwd("/nowhere");
  EXPECT_EQ(Run(homeless).spawn_step(), "chdir");
}

TEST_F(GuardianTest, GivesOnlyTheEnvironmentNamed) {
  guardian_.RunShell(1, "env | sort");
  EXPECT_EQ(ReadFile(guardian_.FolderOf(1) + "/log"),
            "FFT_RUN=1@1\nPATH=/usr/bin:/bin\nPWD=" + guardian_.FolderOf(1) + "/scratch\n");
}

TEST_F(GuardianTest, LeavesNoDescriptorsAndReadsNothing) {
  guardian_.RunShell(1, "cat; ls /proc/self/fd | tr '\\n' ' '");
  EXPECT_EQ(ReadFile(guardian_.FolderOf(1) + "/log"), "0 1 2 3 ");  // 3 is of ls itself
}

TEST_F(GuardianTest, MakesNoFilesForASilentRun) {
  guardian_.RunShell(1, "true");
  EXPECT_NE(::access((guardian_.FolderOf(1) + "/log").c_str(), F_OK), 0);
  EXPECT_NE(::access((guardian_.FolderOf(1) + "/said").c_str(), F_OK), 0);
}

TEST_F(GuardianTest, EndsARunAtItsTimeLimitGentlyFirst) {
  worker::Start start =
      guardian_.Shell(1, "trap 'echo bye; exit 3' TERM; while :; do read x < /dev/null; done");
  start.set_wall_max_ms(100);
  const worker::Exit exit = Run(start);
  EXPECT_EQ(exit.stopped(), worker::STOPPED_BY_WALL_LIMIT);
  EXPECT_EQ(exit.exit_code(), 3);
  EXPECT_EQ(ReadFile(guardian_.FolderOf(1) + "/log"), "bye\n");
}

TEST_F(GuardianTest, KillsWhoIgnoresTheTermSignal) {
  worker::Start start = guardian_.Shell(1, "trap '' TERM; while :; do :; done");
  start.set_wall_max_ms(50);
  start.set_kill_after_ms(100);
  const worker::Exit exit = Run(start);
  EXPECT_EQ(exit.signal(), SIGKILL);
  EXPECT_EQ(exit.stopped(), worker::STOPPED_BY_WALL_LIMIT);
}

TEST_F(GuardianTest, KillsByOrder) {
  MakeFifo(dir_ / "fifo");
  worker::Command command;
  *command.add_starts() =
      guardian_.Shell(1, "exec 3> " + (dir_ / "fifo") + "; exec tail -f /dev/null");
  guardian_.Send(command);
  const Fd reader(::open((dir_ / "fifo").c_str(), O_RDONLY));  // returns when it is running
  command.Clear();
  command.add_kills(1);
  guardian_.Send(command);
  const worker::Exit exit = guardian_.AwaitExit(1);
  EXPECT_EQ(exit.stopped(), worker::STOPPED_BY_ORDER);
  EXPECT_EQ(exit.signal(), SIGTERM);
}

TEST_F(GuardianTest, StopsAtTheMemoryLimit) {
  worker::Start start =
      guardian_.Shell(1, "exec /usr/bin/python3 -c 'x = bytearray(300 << 20)\nwhile True: pass'");
  start.set_memory_max_bytes(100 << 20);
  const worker::Exit exit = Run(start);
  EXPECT_EQ(exit.stopped(), worker::STOPPED_BY_MEMORY_LIMIT);
  EXPECT_EQ(exit.signal(), SIGKILL);
}

TEST_F(GuardianTest, CutsTheLogAndSaysSo) {
  worker::Start start = guardian_.Shell(1, "seq 1 100000");
  start.set_log_max_bytes(100);
  const worker::Exit exit = Run(start);
  EXPECT_EQ(exit.log_bytes(), 588895);
  const std::string log = ReadFile(guardian_.FolderOf(1) + "/log");
  EXPECT_EQ(log.substr(0, 6), "1\n2\n3\n");
  EXPECT_NE(log.find("[588795 more bytes were cut: the log's limit is 100]"), std::string::npos);
}

TEST_F(GuardianTest, KeepsWhatTheJobSaysBeyondTheLogsLimit) {
  worker::Start start = guardian_.Shell(
      1,
      "seq 1 1000; echo '{\"manifest\": {}}'; echo '{ \"metric\":1}'; echo '{\"other\":1}';"
      "echo '{\"manifest\":2}' >&2; printf '{\"event\":3}'");
  start.set_log_max_bytes(10);
  Run(start);
  EXPECT_EQ(ReadFile(guardian_.FolderOf(1) + "/said"),
            "{\"manifest\": {}}\n{ \"metric\":1}\n{\"event\":3}\n");
}

TEST_F(GuardianTest, CapturesStandardOutputAlone) {
  worker::Start start = guardian_.Shell(1, "echo out; echo err >&2");
  start.set_stdout_max_bytes(100);
  Run(start);
  EXPECT_EQ(ReadFile(guardian_.FolderOf(1) + "/stdout.0"), "out\n");
  EXPECT_EQ(ReadFile(guardian_.FolderOf(1) + "/log"), "err\n");
}

TEST_F(GuardianTest, StopsEndlessCapturedOutput) {
  worker::Start start = guardian_.Shell(1, "exec yes");
  start.set_stdout_max_bytes(1000);
  EXPECT_EQ(Run(start).stopped(), worker::STOPPED_BY_STDOUT_LIMIT);
  EXPECT_EQ(ReadFile(guardian_.FolderOf(1) + "/stdout.0").size(), 1000u);
}

TEST_F(GuardianTest, LeavesNoDescendant) {
  // In the group; in a session of its own; and a grandchild of that one.
  MakeFifo(dir_ / "fifo");
  worker::Command command;
  *command.add_starts() = guardian_.Shell(
      1, "exec 3> " + (dir_ / "fifo") +
             "; tail -f /dev/null & (setsid sh -c 'tail -f /dev/null & echo "
             "$! >&3; exec tail -f /dev/null' &) ; read x < /dev/null; while [ $(wc -l < " +
             (dir_ / "fifo.seen") + ") = 0 ]; do :; done; exit 4");
  WriteFile(dir_ / "fifo.seen", "");
  guardian_.Send(command);
  const Fd reader(::open((dir_ / "fifo").c_str(), O_RDONLY));
  char text[32] = {};
  ASSERT_GT(::read(reader.get(), text, sizeof text), 0);
  const pid_t grandchild = std::atoi(text);
  EXPECT_TRUE(IsAlive(grandchild));
  WriteFile(dir_ / "fifo.seen", "\n");
  EXPECT_EQ(guardian_.AwaitExit(1).exit_code(), 4);
  EXPECT_FALSE(IsAlive(grandchild));
  EXPECT_EQ(::read(reader.get(), text, sizeof text), 0);  // nobody has it open any more
}

TEST_F(GuardianTest, HandsRunsOverToTheNextAgent) {
  MakeFifo(dir_ / "fifo");
  worker::Command command;
  *command.add_starts() = guardian_.Shell(1, "read x < " + (dir_ / "fifo") + "; exit $x");
  *command.add_starts() = guardian_.Shell(2, "exit 5");
  guardian_.Send(command);
  guardian_.AwaitExit(2);
  guardian_.Disconnect();
  const worker::Notice listing = guardian_.Connect();
  ASSERT_EQ(listing.started_size(), 1);
  EXPECT_EQ(listing.started(0).run(), 1);
  ASSERT_EQ(listing.exits_size(), 1);
  EXPECT_EQ(listing.exits(0).exit_code(), 5);
  guardian_.Send(command);  // a repetition
  WriteFile(dir_ / "fifo", "7\n");
  EXPECT_EQ(guardian_.AwaitExit(1).exit_code(), 7);
}

TEST_F(GuardianTest, ObeysADeadAgentsLastOrders) {
  worker::Command command;
  *command.add_starts() = guardian_.Shell(1, "exit 6");
  guardian_.Send(command);
  guardian_.Disconnect();
  guardian_.Connect();
  EXPECT_EQ(guardian_.AwaitExit(1).exit_code(), 6);
}

TEST_F(GuardianTest, RemembersExitsOverItsOwnDeath) {
  guardian_.RunShell(1, "exit 8");
  guardian_.RunShell(2, "exit 9");
  worker::Command command;
  command.add_forgets(1);
  *command.add_starts() = guardian_.Shell(3, "exit 0");
  guardian_.Send(command);
  guardian_.AwaitExit(3);
  guardian_.KillHard();
  GuardianClient next(dir_.path());
  const worker::Notice listing = next.Connect();
  ASSERT_EQ(listing.exits_size(), 2);
  EXPECT_EQ(listing.exits(0).exit_code(), 9);
}

TEST_F(GuardianTest, IsTheOnlyOneOfItsFolder) {
  GuardianClient second(dir_.path());
  EXPECT_NE(second.AwaitEnd(), 0);
}

TEST_F(GuardianTest, EndsWhenIdleOnRequest) {
  worker::Command command;
  command.set_stop_when_idle(true);
  guardian_.Send(command);
  EXPECT_EQ(guardian_.AwaitEnd(), 0);
}

TEST(GuardianEndTest, KillsAllWhenNoAgentComes) {
  TestFolder dir;
  GuardianClient guardian(dir.path());
  guardian.Connect();
  MakeFifo(dir / "fifo");
  worker::Command command;
  command.mutable_greeting()->set_orphan_after_ms(50);
  *command.add_starts() =
      guardian.Shell(1, "exec 3> " + (dir / "fifo") + "; exec tail -f /dev/null");
  guardian.Send(command);
  guardian.AwaitStarted(1);
  const Fd reader(::open((dir / "fifo").c_str(), O_RDONLY));
  guardian.Disconnect();
  EXPECT_EQ(guardian.AwaitEnd(), 0);
  char text[1];
  EXPECT_EQ(::read(reader.get(), text, 1), 0);
}

TEST(GuardianEndTest, KilledHardLeavesNothingOnceTheAgentSweptUp) {
  TestFolder dir;
  GuardianClient guardian(dir.path());
  guardian.Connect();
  MakeFifo(dir / "fifo");
  worker::Command command;
  *command.add_starts() = guardian.Shell(
      987654321,
      "exec 3> " + (dir / "fifo") +
          "; (setsid sh -c 'echo >&3; exec tail -f /dev/null' &); tail -f /dev/null & wait");
  guardian.Send(command);
  const worker::Started started = guardian.AwaitStarted(987654321);
  const Fd reader(::open((dir / "fifo").c_str(), O_RDONLY));
  char text[1];
  ASSERT_EQ(::read(reader.get(), text, 1), 1);  // the one in a session of its own is under way
  guardian.KillHard();
  EXPECT_GE(KillMarked({RunMarker(987654321, 1)}, {started.pid()}), 1);
  EXPECT_EQ(::read(reader.get(), text, 1), 0);
}

TEST(GuardianSpeedTest, ExecutesManyRunsInABatch) {
  TestFolder dir;
  GuardianClient guardian(dir.path());
  guardian.Connect();
  constexpr int kRuns = 2000;
  std::filesystem::create_directories(guardian.FolderOf(1));
  const auto begin = std::chrono::steady_clock::now();
  constexpr int kSlots = 2;
  int sent = 0, ended = 0;
  const auto send = [&](int count) {
    worker::Command command;
    for (int i = 0; i < count && sent < kRuns; ++i) {
      worker::Start* start = command.add_starts();
      start->set_run(++sent);
      start->set_executable("/bin/true");
      start->add_argv("true");
      start->set_cwd("/");
      start->set_folder(guardian.FolderOf(1));
    }
    if (command.starts_size() > 0) guardian.Send(command);
  };
  send(kSlots);
  while (ended < kRuns) {
    const worker::Notice notice = guardian.Receive();
    ASSERT_GT(notice.started_size() + notice.exits_size(), 0);
    ended += notice.exits_size();
    send(notice.exits_size());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("runs_per_second", static_cast<int>(kRuns / took.count()));
  std::printf("%.0f runs/s\n", kRuns / took.count());
}

}  // namespace
}  // namespace fft
