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

/// As Load() has it.
Node Loaded(Node node) {
  node.evidence = {};
  return node;
}

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
  ASSERT_EQ(snapshot->nodes.size(), all.nodes.size());
  for (std::size_t i = 0; i < all.nodes.size(); ++i)
    EXPECT_TRUE(Same(snapshot->nodes[i], Loaded(all.nodes[i]))) << i;
  EXPECT_TRUE(Same(snapshot->leases, all.leases));
  EXPECT_EQ(snapshot->last_build, BuildId{1});
  EXPECT_EQ(snapshot->last_node, NodeId{2});
  EXPECT_EQ(snapshot->last_run, RunId{2});
  EXPECT_EQ(snapshot->last_event, EventSeq{3});
}

TEST_F(PgStoreTest, WhatABuildLeftToOthersIsLoadedOnce) {
  ChangeSet changes = Everything();
  changes.withdrawals = {
      {.build = {1}, .node = {2}, .reason = Reason::kCancelRequested, .closed_by = {3}}};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  ChangeSet again;
  again.withdrawals = changes.withdrawals;
  ASSERT_EQ(store_.Commit(epoch_, again), Ok());
  EXPECT_EQ(store_.Load()->withdrawals, changes.withdrawals);
}

TEST_F(PgStoreTest, TheLaterOfTwoChangesWins) {
  ChangeSet changes = Everything();
  Partition partition = SamplePartition(1);
  partition.live.uri = "file:///later";
  changes.partition_updates.push_back(partition);
  Build build = SampleBuild(1);
  build.message = "later";
  changes.builds.push_back(build);
  Node node = SampleNode(1);
  node.past.Make().message = "between";
  changes.node_updates.push_back(UpdateOf(node));
  node.past.Make().message = "later";
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
  EXPECT_TRUE(Same(snapshot->nodes.front(), Loaded(node)));
  EXPECT_EQ(snapshot->workers.front(), worker);
}

// So many that they go by COPY.
ChangeSet Many(std::int64_t first) {
  ChangeSet changes;
  const std::int64_t end = first + 1'000;
  for (std::int64_t i = first; i < end; ++i) {
    changes.nodes.push_back(SampleNode(i));
    changes.runs.push_back(SampleRun(i, i));
  }
  Attachment attachment = SampleAttachment(1, 1, {});
  for (const Node& node : changes.nodes) {
    attachment.nodes.push_back(node.id);
    attachment.levels.push_back(1);
    attachment.joined.push_back(0);
    attachment.reasons.push_back(0);
  }
  changes.attachments = {attachment};
  return changes;
}

TEST_F(PgStoreTest, ManyRowsComeBackAsTheyWere) {
  ChangeSet changes = Many(1'000);
  changes.nodes.front().past = NodePast{};  // many of its columns are null
  changes.builds = {SampleBuild(1)};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  const auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  ASSERT_EQ(snapshot->nodes.size(), changes.nodes.size());
  for (std::size_t i = 0; i < changes.nodes.size(); ++i)
    ASSERT_TRUE(Same(snapshot->nodes[i], Loaded(changes.nodes[i]))) << i;
  EXPECT_EQ(Psql("SELECT count(*), count(DISTINCT evidence), min(evidence) FROM node"),
            "1000|1|" + changes.nodes.front().evidence.str() + "\n");
  ChangeSet few;
  few.runs = {SampleRun(1, 1)};  // the same in the other way
  ASSERT_EQ(store_.Commit(epoch_, few), Ok());
  EXPECT_EQ(Psql("SELECT count(*), count(DISTINCT row(m.*)::text) FROM (SELECT key, content, rows, "
                 "bytes, major_version, is_reusable, uri, at FROM materialisation) m"),
            "1001|1\n");
  EXPECT_EQ(Psql("SELECT count(*), count(DISTINCT row(run.*)::text) FROM (SELECT worker_id, epoch, "
                 "result_key, input_runs, input_identities, granted_at, is_kill_requested, "
                 "reported_epoch, outcome, exit_code, signal, message, left_outputs_alone, "
                 "started_at, ended_at, cpu_ms, rss_max, log_bytes, metadata, stdout_text, reason "
                 "FROM run) run"),
            "1001|1\n");
}

TEST_F(PgStoreTest, ManyPartitionsAndLeasesComeBackAsTheyWere) {
  ChangeSet changes;
  for (std::int64_t i = 1; i <= 1'000; ++i) {
    changes.partitions.push_back(SamplePartition(i));
    changes.leases.push_back(SampleLease(i, i));
  }
  // What changes or ends in the same batch: written as it is at its end.
  Partition later = SamplePartition(500);
  later.live.uri = "file:///later";
  changes.partition_updates = {SamplePartition(500), later};
  changes.ended_leases = {{700}};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  changes.partitions[499] = later;
  changes.leases.erase(changes.leases.begin() + 699);
  EXPECT_EQ(snapshot->partitions, changes.partitions);
  EXPECT_TRUE(Same(snapshot->leases, changes.leases));
  EXPECT_EQ(snapshot->last_run, RunId{1'000});

  ChangeSet next;
  for (std::int64_t i = 1; i <= 1'000; ++i) {
    next.partition_updates.push_back(SamplePartition(i));
    next.partition_updates.back().live.run = {i};
    next.ended_leases.push_back({i});
  }
  ASSERT_EQ(store_.Commit(epoch_, next), Ok());
  snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->partitions, next.partition_updates);
  EXPECT_TRUE(snapshot->leases.empty());
}

TEST_F(PgStoreTest, WhatIsRefusedAmongManyRowsLeavesNothing) {
  ASSERT_EQ(store_.Commit(epoch_, Many(1'000)), Ok());
  ChangeSet again = Many(1'500);  // half of its nodes are there
  again.partitions = {SamplePartition(7)};
  EXPECT_FALSE(store_.Commit(epoch_, again).ok());
  EXPECT_EQ(Psql("SELECT (SELECT count(*) FROM node), (SELECT count(*) FROM run), "
                 "(SELECT count(*) FROM materialisation), (SELECT count(*) FROM partition)"),
            "1000|1000|1000|0\n");
  ASSERT_EQ(store_.Commit(epoch_, Many(2'000)), Ok());  // the session goes on
  EXPECT_EQ(store_.Commit({epoch_.value + 1}, Many(3'000)).code(), Code::kAborted);
  EXPECT_EQ(Psql("SELECT count(*) FROM run"), "2000\n");
}

TEST_F(PgStoreTest, WhatBreaksAmongManyRowsLeavesNothing) {
  Psql(
      "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
      "CREATE TRIGGER break BEFORE INSERT ON run FOR EACH STATEMENT EXECUTE FUNCTION break()");
  EXPECT_FALSE(store_.Commit(epoch_, Many(1'000)).ok());
  Psql("DROP TRIGGER break ON run");
  EXPECT_EQ(Psql("SELECT (SELECT count(*) FROM node), (SELECT count(*) FROM run)"), "0|0\n");
  ASSERT_EQ(store_.Commit(epoch_, Many(1'000)), Ok());
  EXPECT_EQ(Psql("SELECT (SELECT count(*) FROM node), (SELECT count(*) FROM run)"), "1000|1000\n");
}

TEST_F(PgStoreTest, EvidenceStaysUntilThereIsOther) {
  ChangeSet changes = Everything();
  Node known = SampleNode(1);
  const std::string evidence = known.evidence.str();
  NodeUpdate untold = UpdateOf(known);
  untold.evidence = {};
  changes.node_updates = {untold};  // of a node that the same commit adds
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  EXPECT_EQ(Psql("SELECT evidence FROM node WHERE id = 1"), evidence + "\n");
  changes = {};
  changes.node_updates = {untold};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  EXPECT_EQ(Psql("SELECT evidence FROM node WHERE id = 1"), evidence + "\n");
  untold.evidence = R"({"run":7})";
  changes.node_updates = {untold};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  EXPECT_EQ(Psql("SELECT evidence FROM node WHERE id = 1"), "{\"run\":7}\n");
}

TEST_F(PgStoreTest, EvidenceStaysWhenALaterUpdateOfItsBatchTellsNone) {
  const auto told = [](std::int64_t id) {
    NodeUpdate update = UpdateOf(SampleNode(id));
    update.evidence = R"({"run":7})";
    return update;
  };
  const auto untold = [&](std::int64_t id) {
    NodeUpdate update = told(id);
    update.evidence = {};
    update.past.message = "later";
    return update;
  };
  const std::string both = "SELECT id, evidence, message FROM node ORDER BY id";
  ChangeSet changes = Everything();
  changes.node_updates = {told(1), untold(1), untold(2), told(2)};  // of nodes that it adds
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  const std::string message = SampleNode(2).past->message.str();
  EXPECT_EQ(Psql(both), "1|{\"run\":7}|later\n2|{\"run\":7}|" + message + "\n");
  changes = {};
  changes.node_updates = {told(1), untold(1)};
  changes.node_updates.front().evidence = R"({"run":8})";
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  EXPECT_EQ(Psql(both), "1|{\"run\":8}|later\n2|{\"run\":7}|" + message + "\n");
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
  node.past.Make().result_key = {};
  node.past.Make().not_before = {};
  changes.partition_updates = {partition};
  changes.builds = {build};
  changes.node_updates = {UpdateOf(node)};
  ASSERT_EQ(store_.Commit(epoch_, changes), Ok());
  const auto snapshot = store_.Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->partitions.back(), partition);
  EXPECT_EQ(snapshot->builds.front(), build);
  EXPECT_TRUE(Same(snapshot->nodes.back(), Loaded(node)));
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
