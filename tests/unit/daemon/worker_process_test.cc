#include "server/daemon/worker_process.h"

#include <csignal>

#include <gtest/gtest.h>

#include "server/daemon/process.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

constexpr Duration kLimit{10'000};

/// A program that is there until it gets SIGTERM stands in for fft-worker.
WorkerProcess::Options OptionsIn(const TemporaryFolder& folder) {
  return {.program = "/usr/bin/tail", .arguments = {"-f", "/dev/null"}, .folder = folder.path()};
}

TEST(WorkerProcess, IsStartedAgainWhenItEnds) {
  const TemporaryFolder folder;
  auto worker = WorkerProcess::Start(OptionsIn(folder));
  ASSERT_TRUE(worker.ok()) << worker.status();
  const pid_t first = (*worker)->pid();
  kill(first, SIGKILL);
  ASSERT_TRUE(Eventually([&] { return (*worker)->revivals() == 1; }));
  const pid_t second = (*worker)->pid();
  EXPECT_NE(second, first);
  (*worker)->Stop(kLimit);
  EXPECT_FALSE(StartTicks(second).has_value());
}

TEST(WorkerProcess, TheSuccessorOfAKilledDaemonAdoptsIt) {
  const TemporaryFolder folder;
  pid_t pid = 0;
  {
    auto worker = WorkerProcess::Start(OptionsIn(folder));
    ASSERT_TRUE(worker.ok()) << worker.status();
    pid = (*worker)->pid();
    EXPECT_FALSE((*worker)->is_adopted());
    ASSERT_TRUE(Eventually([&] { return ArgvOf(pid).size() == 3; }));
  }
  auto worker = WorkerProcess::Start(OptionsIn(folder));
  ASSERT_TRUE(worker.ok()) << worker.status();
  EXPECT_TRUE((*worker)->is_adopted());
  EXPECT_EQ((*worker)->pid(), pid);
  (*worker)->Stop(kLimit);
  EXPECT_FALSE(StartTicks(pid).has_value());
}

TEST(WorkerProcess, OneWithOtherArgumentsIsReplaced) {
  const TemporaryFolder folder;
  pid_t pid = 0;
  {
    auto worker = WorkerProcess::Start(OptionsIn(folder));
    ASSERT_TRUE(worker.ok()) << worker.status();
    pid = (*worker)->pid();
  }
  WorkerProcess::Options options = OptionsIn(folder);
  options.arguments = {"--follow", "/dev/null"};
  auto worker = WorkerProcess::Start(options);
  ASSERT_TRUE(worker.ok()) << worker.status();
  EXPECT_FALSE((*worker)->is_adopted());
  EXPECT_FALSE(StartTicks(pid).has_value());
  (*worker)->Stop(kLimit);
}

TEST(WorkerProcess, AProgramThatIsNotThereIsAnError) {
  const TemporaryFolder folder;
  WorkerProcess::Options options = OptionsIn(folder);
  options.program = folder / "fft-worker";
  EXPECT_EQ(WorkerProcess::Start(options).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace fft
