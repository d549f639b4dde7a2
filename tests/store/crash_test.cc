#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "server/store/migrate.h"
#include "server/store/pg_library.h"
#include "server/store/pg_store.h"
#include "tests/store/samples.h"
#include "tests/support/temporary_postgres.h"

namespace fft {
namespace {

/// A server of its own: it is killed.  With fsync, as the daemon has it.
class CrashTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Migrate(conninfo_).ok());
    epoch_ = *store_.TakeLead("test");
  }

  TemporaryPostgres server_{{.fsync = true}};
  const std::string database_ = server_.NewDatabase();
  const std::string conninfo_ = server_.conninfo(database_);
  PgStore store_{conninfo_};
  Epoch epoch_;
};

constexpr std::int64_t kManyRuns = 300;  // so many that they go by COPY

// Every other one has many rows.
ChangeSet Commit(std::int64_t number) {
  ChangeSet changes;
  changes.partitions = {SamplePartition(2 * number), SamplePartition(2 * number + 1)};
  changes.events = {SampleEvent(number)};
  for (std::int64_t i = 0; number % 2 == 0 && i < kManyRuns; ++i)
    changes.runs.push_back(SampleRun(number * 1'000 + i, 1));
  return changes;
}

TEST_F(CrashTest, WithoutAServerNothingWorksAndThenAllDoes) {
  PgLibrary library(conninfo_, 2);
  ASSERT_EQ(store_.Commit(epoch_, Commit(1)), Ok());
  ASSERT_TRUE(library.GetPartitions({{2}}).ok());
  server_.KillMinusNine();
  EXPECT_EQ(store_.Commit(epoch_, Commit(2)).code(), Code::kUnavailable);
  EXPECT_EQ(store_.Load().status().code(), Code::kUnavailable);
  EXPECT_EQ(store_.TakeLead("test").status().code(), Code::kUnavailable);
  EXPECT_EQ(library.GetPartitions({{2}}).status().code(), Code::kUnavailable);
  EXPECT_EQ(Migrate(conninfo_).status().code(), Code::kUnavailable);

  server_.Restart();
  const auto epoch = store_.TakeLead("test");
  ASSERT_TRUE(epoch.ok()) << epoch.status();
  EXPECT_GT(*epoch, epoch_);
  EXPECT_TRUE(library.GetPartitions({{2}}).ok());
  EXPECT_EQ(store_.Load()->last_event, EventSeq{1});
  EXPECT_EQ(store_.Commit(*epoch, Commit(2)), Ok());
}

TEST_F(CrashTest, WhatWasCommittedSurvivesAndWhatIsInDoubtIsWholeOrNotThere) {
  for (int round = 0; round < 3; ++round) {
    const auto start = store_.Load();
    ASSERT_TRUE(start.ok()) << start.status();
    std::int64_t number = start->last_event.value;
    std::atomic<std::int64_t> committed = number;
    Status last = Ok();
    std::jthread committer([&] {
      while (last.ok()) {
        last = store_.Commit(epoch_, Commit(number + 1));
        if (last.ok()) committed = ++number;
      }
    });
    while (committed < start->last_event.value + 50) std::this_thread::yield();
    server_.KillMinusNine();
    committer.join();
    EXPECT_TRUE(last.code() == Code::kUnavailable || last.code() == Code::kUnknown) << last;

    server_.Restart();
    const auto snapshot = store_.Load();  // connects, and leads on
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    const std::int64_t found = snapshot->last_event.value;
    EXPECT_GE(found, number);
    EXPECT_LE(found, last.code() == Code::kUnknown ? number + 1 : number);
    EXPECT_EQ(snapshot->partitions.size(), static_cast<std::size_t>(2 * found));
    EXPECT_EQ(server_.Psql(database_, "SELECT count(*) FROM run"),
              std::to_string(found / 2 * kManyRuns) + "\n");
  }
}

}  // namespace
}  // namespace fft
