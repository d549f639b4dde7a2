#include "server/app/read_pool.h"

#include <atomic>
#include <latch>

#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "tests/support/eventually.h"
#include "tests/support/no_library.h"

namespace fft {
namespace {

TEST(ReadPool, DoesAllThatItWasAsked) {
  NoLibrary library;
  std::atomic<int> done = 0;
  ReadPool pool(library, 2, 100);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.Ask([&](Library&) { ++done; }).ok());
  EXPECT_TRUE(Eventually([&] { return done == 50; }));
}

TEST(ReadPool, OneThatBlocksHoldsUpNoOther) {
  NoLibrary library;
  std::latch until(1), other(1);
  ReadPool pool(library, 2, 100);
  ASSERT_TRUE(pool.Ask([&](Library&) { until.wait(); }).ok());
  ASSERT_TRUE(pool.Ask([&](Library&) { other.count_down(); }).ok());
  other.wait();
  until.count_down();
}

TEST(ReadPool, RefusesAtOnceWhenTooManyWait) {
  NoLibrary library;
  std::latch begun(1), until(1);
  ReadPool pool(library, 1, 2);
  ASSERT_TRUE(pool.Ask([&](Library&) {
                    begun.count_down();
                    until.wait();
                  })
                  .ok());
  begun.wait();
  EXPECT_TRUE(pool.Ask([](Library&) {}).ok());
  EXPECT_TRUE(pool.Ask([](Library&) {}).ok());
  const Status refused = pool.Ask([](Library&) {});
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_EQ(DetailsOf(refused).reason, "READS_FULL");
  until.count_down();
}

TEST(ReadPool, StopsWhatWaitsAndEndsWhatIsBeingDone) {
  NoLibrary library;
  std::latch begun(1), until(1);
  std::atomic<bool> has_ended = false, was_done = false;
  ReadPool pool(library, 1, 10);
  ASSERT_TRUE(pool.Ask([&](Library&) {
                    begun.count_down();
                    until.wait();
                    has_ended = true;
                  })
                  .ok());
  ASSERT_TRUE(pool.Ask([&](Library&) { was_done = true; }).ok());
  begun.wait();
  std::jthread stopper([&] { pool.Stop(); });
  EXPECT_TRUE(Eventually([&] { return pool.Ask([](Library&) {}).code() == Code::kUnavailable; }));
  until.count_down();
  stopper.join();
  EXPECT_TRUE(has_ended);
  EXPECT_FALSE(was_done);
}

}  // namespace
}  // namespace fft
