#include "server/daemon/notify.h"

#include <cstdlib>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/daemon/process.h"

namespace fft {
namespace {

using ::testing::Contains;
using ::testing::Not;

TEST(ReadySignal, CarriesTheTextOfWhoIsReady) {
  const auto ready = ReadySignal::Make();
  ASSERT_TRUE(ready.ok()) << ready.status();
  putenv(const_cast<char*>(ready->variable().c_str()));  // NOLINT(concurrency-mt-unsafe)
  NotifyReady("at your service");
  EXPECT_THAT(EnvironmentWithout({}), Not(Contains(ready->variable())));
  const auto text = ready->Await(getpid(), Duration(10'000));
  unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe)
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "at your service");
}

TEST(ReadySignal, AProcessThatEndsIsNeverReady) {
  const auto ready = ReadySignal::Make();
  ASSERT_TRUE(ready.ok()) << ready.status();
  const auto pid = Spawn({.argv = {"true"}, .environment = {}, .folder = "/", .log = ""});
  ASSERT_TRUE(pid.ok()) << pid.status();
  EXPECT_EQ(ready->Await(*pid, Duration(10'000)).status().code(), Code::kUnavailable);
}

TEST(ReadySignal, PatienceEnds) {
  const auto ready = ReadySignal::Make();
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_EQ(ready->Await(getpid(), Duration(10)).status().code(), Code::kDeadlineExceeded);
}

TEST(NotifyReady, NobodyNeedsToListen) { NotifyReady("anybody?"); }

}  // namespace
}  // namespace fft
