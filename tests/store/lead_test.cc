#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "server/store/pg_store.h"
#include "tests/store/database.h"
#include "tests/store/samples.h"

namespace fft {
namespace {

constexpr char kEndLeaders[] =
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name ~ '^fftd epoch'";

ChangeSet OnePartition(std::int64_t id) {
  ChangeSet changes;
  changes.partitions = {SamplePartition(id)};
  return changes;
}

TEST(Lead, NobodyWritesWithoutIt) {
  PgStore store(FreshDatabase());
  EXPECT_EQ(store.Commit(Epoch{1}, OnePartition(1)).code(), Code::kAborted);
  EXPECT_TRUE(store.Load()->partitions.empty());
}

TEST(Lead, ASecondLeaderIsToldWhoLeads) {
  const std::string conninfo = FreshDatabase();
  PgStore first(conninfo), second(conninfo);
  const auto epoch = first.TakeLead("host-a:7400");
  ASSERT_TRUE(epoch.ok()) << epoch.status();
  const Status refused = second.TakeLead("host-b").status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_NE(Message(refused).find("host-a:7400 leads this database under epoch 1 since 20"),
            std::string::npos)
      << refused;
  EXPECT_EQ(DetailsOf(refused).metadata.at("holder"), "host-a:7400");
  EXPECT_EQ(first.Commit(*epoch, OnePartition(1)), Ok());
}

TEST(Lead, EpochsGrowAndTheEarlierOneIsFenced) {
  const std::string conninfo = FreshDatabase();
  auto first = std::make_unique<PgStore>(conninfo);
  const Epoch one = *first->TakeLead("a");
  first.reset();
  PgStore second(conninfo);
  const auto two = second.TakeLead("b");
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_GT(*two, one);
  const Status fenced = second.Commit(one, OnePartition(1));
  EXPECT_EQ(fenced.code(), Code::kAborted);
  EXPECT_NE(Message(fenced).find("epoch 1 is over: b leads under epoch 2"), std::string::npos)
      << fenced;
  EXPECT_EQ(second.Commit(*two, OnePartition(1)), Ok());
}

TEST(Lead, WhoLostItsSessionLeadsOnUnlessAnotherDoes) {
  const std::string conninfo = FreshDatabase();
  PgStore first(conninfo), second(conninfo);
  const Epoch one = *first.TakeLead("a");
  Server().Psql(NameOf(conninfo), kEndLeaders);
  EXPECT_EQ(first.Commit(one, OnePartition(1)), Ok());
  EXPECT_FALSE(second.TakeLead("b").ok());  // the lock was taken again

  Server().Psql(NameOf(conninfo), kEndLeaders);
  const auto two = second.TakeLead("b");
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(first.Commit(one, OnePartition(2)).code(), Code::kAborted);
  EXPECT_EQ(first.Load().status().code(), Code::kAborted);
  EXPECT_EQ(second.Load()->partitions.size(), 1U);
}

TEST(Lead, ATakeoverEndsSessionsOfEarlierEpochs) {
  const std::string conninfo = FreshDatabase();
  // A session of epoch 0 that holds the row, as a half-dead leader would, without the lock.
  auto stuck = pg::Connection::Open(conninfo, "fftd epoch 0");
  ASSERT_TRUE(stuck.ok());
  ASSERT_EQ(stuck->Run("BEGIN; UPDATE leader SET last_run = 5", "hold the row"), Ok());
  PgStore store(conninfo);
  const auto epoch = store.TakeLead("b");
  ASSERT_TRUE(epoch.ok()) << epoch.status();
  EXPECT_FALSE(stuck->IsAlive());
  EXPECT_EQ(store.Load()->last_run, RunId{});
}

TEST(Lead, ACommitThatStillRunsIsSettledBeforeAnythingIsRead) {
  const std::string conninfo = FreshDatabase();
  PgStore store(conninfo);
  const Epoch epoch = *store.TakeLead("a");
  // Somebody's lock holds the commit up; its session is ended meanwhile.
  auto blocker = pg::Connection::Open(conninfo, "blocker");
  ASSERT_EQ(blocker->Run("BEGIN; LOCK TABLE partition", "block"), Ok());
  Status committed = Ok();
  std::jthread committer([&] { committed = store.Commit(epoch, OnePartition(1)); });
  while (Server().Psql(NameOf(conninfo),
                       "SELECT count(*) FROM pg_stat_activity WHERE "
                       "datname = current_database() AND application_name ~ "
                       "'^fftd epoch' AND wait_event_type = 'Lock'") == "0\n") {
  }
  Server().Psql(NameOf(conninfo), kEndLeaders);
  committer.join();
  EXPECT_EQ(committed.code(), Code::kUnavailable) << committed;
  blocker->Close();
  EXPECT_TRUE(store.Load()->partitions.empty());
  EXPECT_EQ(store.Commit(epoch, OnePartition(1)), Ok());
}

TEST(Lead, ALeaderThatCommitsNothingLosesItsLeadAndOneThatShowsItselfDoesNot) {
  const std::string conninfo = FreshDatabase();
  PgStore first(conninfo, {.address = "host-a:7450"});
  PgStore second(conninfo, {.address = "host-b:7450", .patience = Duration(600)});
  const Epoch one = *first.TakeLead("a");
  std::atomic<int> beats = 0;
  std::jthread beating([&](const std::stop_token& stop) {
    for (; !stop.stop_requested(); ++beats) EXPECT_EQ(first.Commit(one, {}), Ok());
  });
  const auto much_later = std::chrono::steady_clock::now() + std::chrono::milliseconds(2'500);
  while (std::chrono::steady_clock::now() < much_later) {
    const Status refused = second.TakeLead("b").status();
    ASSERT_EQ(refused.code(), Code::kFailedPrecondition) << refused;
    ASSERT_EQ(DetailsOf(refused).metadata.at("address"), "host-a:7450");
  }
  EXPECT_GT(beats.load(), 10);
  beating.request_stop();
  beating.join();
  auto two = second.TakeLead("b");
  const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!two.ok() && std::chrono::steady_clock::now() < give_up_at) two = second.TakeLead("b");
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(first.Commit(one, OnePartition(1)).code(), Code::kAborted);
  EXPECT_EQ(second.Commit(*two, OnePartition(2)), Ok());
}

}  // namespace
}  // namespace fft
