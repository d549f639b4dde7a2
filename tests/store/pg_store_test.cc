#include "server/store/pg_store.h"

#include <gtest/gtest.h>

#include "tests/store/database.h"
#include "tests/store/samples.h"

namespace fft {
namespace {

class PgStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto epoch = store_.TakeLead("test");
    ASSERT_TRUE(epoch.ok()) << epoch.status();
    epoch_ = *epoch;
  }
  std::string Psql(const std::string& sql) { return Server().Psql(NameOf(conninfo_), sql); }

  const std::string conninfo_ = FreshDatabase();
  PgStore store_{conninfo_};
  Epoch epoch_;
};

TEST_F(PgStoreTest, AnEmptyDatabaseIsAnEmptySnapshot) {
  const auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_TRUE(snapshot->namespaces.empty() && snapshot->partitions.empty());
  EXPECT_TRUE(snapshot->builds.empty() && snapshot->nodes.empty() && snapshot->leases.empty());
  EXPECT_EQ(snapshot->last_event, EventSeq{});
}

TEST_F(PgStoreTest, EveryRowComesBackAsItWas) {
  const ChangeSet all = Everything();
  ASSERT_EQ(store_.Commit(epoch_, all), Ok());
  const auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->namespaces, all.namespaces);
  EXPECT_EQ(snapshot->partitions, all.partitions);
  EXPECT_EQ(snapshot->builds, all.builds);
  EXPECT_EQ(snapshot->workers, all.workers);
  EXPECT_TRUE(Same(snapshot->attachments, all.attachments));
  EXPECT_TRUE(Same(snapshot->hits, all.hits));
  EXPECT_TRUE(Same(snapshot->nodes, all.nodes));
  EXPECT_TRUE(Same(snapshot->leases, all.leases));
  EXPECT_EQ(snapshot->last_build, BuildId{1});
  EXPECT_EQ(snapshot->last_node, NodeId{2});
  EXPECT_EQ(snapshot->last_run, RunId{2});
  EXPECT_EQ(snapshot->last_event, EventSeq{3});
}

TEST_F(PgStoreTest, TheLaterOfTwoChangesWins) {
  ChangeSet changes = Everything();
  Partition partition = SamplePartition(1);
  partition.live.uri = "file:///later";
  changes.partitions.push_back(partition);
  Build build = SampleBuild(1);
  build.message = "later";
  changes.builds.push_back(build);
  Node node = SampleNode(1);
  node.message = "between";
  changes.node_updates.push_back(UpdateOf(node));
  node.message = "later";
  node.state = NodeState::kRunning;
  changes.node_updates.push_back(UpdateOf(node));
  Worker worker = SampleWorker(1);
  worker.slots = 1;
  changes.workers.push_back(worker);
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  const auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->partitions.front(), partition);
  EXPECT_EQ(snapshot->builds.front(), build);
  EXPECT_TRUE(Same(snapshot->nodes.front(), node));
  EXPECT_EQ(snapshot->workers.front(), worker);
}

TEST_F(PgStoreTest, ChangesReplaceRowsOfEarlierCommits) {
  ASSERT_EQ(store_.Commit(epoch_, Everything()), Ok());
  ChangeSet changes;
  Partition partition = SamplePartition(2);
  partition.live = {};
  partition.doubt.Set(&Doubt::uncertain_run, RunId{});
  Build build = SampleBuild(1);
  build.state = BuildState::kPlanning;
  build.options.priority = 50;
  build.started_at = {};
  Node node = SampleNode(2);
  node.state = NodeState::kSucceeded;
  node.result_key = {};
  node.not_before = {};
  Lease lease = SampleLease(1, 1);
  lease.epoch = {9};
  changes.partitions = {partition};
  changes.builds = {build};
  changes.node_updates = {UpdateOf(node)};
  changes.leases = {lease};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  const auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->partitions.back(), partition);
  EXPECT_EQ(snapshot->builds.front(), build);
  EXPECT_TRUE(Same(snapshot->nodes.back(), node));
  ASSERT_EQ(snapshot->leases.size(), 1U);
  EXPECT_TRUE(Same(snapshot->leases.front(), lease));
}

TEST_F(PgStoreTest, EndedLeasesAndBuildsAreNotLoaded) {
  ASSERT_EQ(store_.Commit(epoch_, Everything()), Ok());
  ChangeSet changes;
  changes.builds = {SampleBuild(1)};
  changes.builds.front().state = BuildState::kSucceeded;
  changes.ended_leases = {{1}};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  const auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_TRUE(snapshot->builds.empty() && snapshot->attachments.empty() && snapshot->hits.empty());
  EXPECT_TRUE(snapshot->nodes.empty() && snapshot->leases.empty());
  EXPECT_EQ(snapshot->last_build, BuildId{1});
}

TEST_F(PgStoreTest, AFailedCommitWritesNothing) {
  ASSERT_EQ(store_.Commit(epoch_, Everything()), Ok());
  ChangeSet changes;
  changes.partitions = {SamplePartition(3)};
  changes.namespaces = {{.id = {1}, .name = "again"}};
  EXPECT_EQ(store_.Commit(epoch_, changes).code(), Code::kInternal);
  changes.namespaces.clear();
  changes.events = {SampleEvent(5)};  // 4 is missing
  const Status gap = store_.Commit(epoch_, changes);
  EXPECT_EQ(gap.code(), Code::kInternal);
  EXPECT_NE(Message(gap).find("event 5 does not follow event 3"), std::string::npos) << gap;
  EXPECT_EQ(store_.Load()->partitions.size(), 2U);
  changes.events = {SampleEvent(4)};
  EXPECT_EQ(store_.Commit(epoch_, changes), Ok());
  EXPECT_EQ(store_.Load()->partitions.size(), 3U);
}

TEST_F(PgStoreTest, WhatJobsPrintNeverFailsACommit) {
  ChangeSet changes = Everything();
  changes.runs.front().report.message = std::string("bad \xFF\xC3( and \0 nul", 17);
  changes.builds.front().labels["x"] = std::string("\0\x01", 2);
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  EXPECT_EQ(Psql("SELECT message FROM run"),
            "bad \xEF\xBF\xBD\xEF\xBF\xBD( and \xEF\xBF\xBD nul\n");
  EXPECT_EQ(store_.Load()->builds.front().labels["x"], "\xEF\xBF\xBD\x01");
}

TEST_F(PgStoreTest, NodeChangesAreHot) {
  ChangeSet changes;
  for (int i = 1; i <= 500; ++i) changes.nodes.push_back(SampleNode(i));
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  changes = {};
  for (int i = 1; i <= 500; ++i) changes.node_updates.push_back(UpdateOf(SampleNode(i)));
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  Psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'epoch'");
  EXPECT_EQ(Psql("SELECT n_tup_upd, n_tup_hot_upd > 450 FROM pg_stat_user_tables "
                 "WHERE relname = 'node'"),
            "500|t\n");
}

/// The names of 0 to `end` - 1, as SQL and as C++ have them.
template <class E>
std::string NamesTo(int end) {
  std::string names;
  for (int i = 0; i < end; ++i) names += std::string(ToString(static_cast<E>(i))) + "\n";
  return names;
}

TEST_F(PgStoreTest, NumbersHaveTheNamesThatProgramsGiveThem) {
  const auto names = [&](const std::string& function, int end) {
    return Psql("SELECT " + function + "(n::smallint) FROM generate_series(0, " +
                std::to_string(end - 1) + ") n");
  };
  EXPECT_EQ(names("reason_name", 60), NamesTo<Reason>(60));
  EXPECT_EQ(names("build_state", 6), NamesTo<BuildState>(6));
  EXPECT_EQ(names("node_state", 7), NamesTo<NodeState>(7));
  EXPECT_EQ(names("run_outcome", 10), NamesTo<Outcome>(10));
}

}  // namespace
}  // namespace fft
