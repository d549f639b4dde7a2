#include "tests/store/library_fixture.h"

namespace fft {
namespace {

TEST_F(LibraryTest, ANodeIsFoundWithItsConfigAndNames) {
  Commit(Everything());
  const auto node = library_.GetNode({1});
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->label->job, "daily");
  EXPECT_EQ(node->node.state, NodeState::kReady);  // it has a lease, and has not begun
  EXPECT_EQ(node->run, RunId{1});
  ChangeSet begun;
  begun.lease_starts = {{{1}, At(5)}};
  Commit(begun);
  EXPECT_EQ(library_.GetNode({1})->node.state, NodeState::kRunning);
  EXPECT_EQ(library_.GetRun({1})->run.lease.started_at, At(5));
  const auto running = library_.ListNodes(
      {.build = {1}, .ns = {}, .ref = {}, .state = NodeState::kRunning}, {.size = 10, .after = {}});
  ASSERT_TRUE(running.ok()) << running.status();
  ASSERT_EQ(running->items.size(), 1U);
  EXPECT_EQ(running->items.front().node.id, NodeId{1});
  EXPECT_EQ(library_.SnapshotBuild({1})->nodes.front().state, NodeState::kRunning);
  EXPECT_EQ(library_.SnapshotBuild({1})->nodes.front().run, RunId{1});
  ChangeSet ended;
  ended.ended_leases = {{1}};
  Commit(ended);
  const auto after = library_.GetNode({1});
  EXPECT_TRUE(Same(after->node, SampleNode(1)));
  EXPECT_EQ(after->run, RunId{55});
  ExpectMissing(library_.GetNode({3}).status(), "NODE_NOT_FOUND");
  EXPECT_EQ(*library_.GetConfig(SampleNode(1).config_digest), *SampleConfig(1));
  ExpectMissing(library_.GetConfig(DigestOf("?")).status(), "CONFIG_NOT_FOUND");
}

TEST_F(LibraryTest, NodesOfARefAreListedNewestFirstByAnyOfTheirOutputs) {
  ChangeSet changes = Everything();
  for (std::int64_t id = 3; id <= 6; ++id) {
    changes.nodes.push_back(SampleNode(id));
    changes.nodes.back().outputs =
        id % 2 == 0 ? std::vector<PartitionId>{{1}, {2}} : std::vector<PartitionId>{{2}, {1}};
  }
  changes.nodes.back().state = NodeState::kFailed;
  Commit(changes);
  const auto list = [&](const NodeFilter& filter) {
    std::vector<std::int64_t> ids;
    for (const NodeInBuild& node : All<NodeInBuild>(
             2, [&](const PageRequest& page) { return library_.ListNodes(filter, page); }))
      ids.push_back(node.node.id.value);
    return ids;
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(list({.ns = "ns", .ref = "a/1"}), (Ids{6, 5, 4, 3, 1}));
  EXPECT_EQ(list({.ns = "ns", .ref = "a/2"}), (Ids{6, 5, 4, 3, 2}));
  EXPECT_EQ(list({.ns = "ns", .ref = "a/2", .state = NodeState::kFailed}), (Ids{6}));
  EXPECT_EQ(list({.ns = "other", .ref = "a/2"}), (Ids{}));
}

TEST_F(LibraryTest, RunsAreFoundWithWhatTheyLeft) {
  const ChangeSet all = Everything();
  Commit(all);
  const auto run = library_.GetRun({2});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE(Same(run->run, all.runs.front()));
  EXPECT_FALSE(run->is_live);
  EXPECT_EQ(run->worker, "worker-1");
  EXPECT_EQ(run->label->outputs, std::vector<std::string>{"a/2"});
  EXPECT_EQ(run->config_digest, SampleNode(2).config_digest);
  const auto live = library_.GetRun({1});
  ASSERT_TRUE(live.ok()) << live.status();
  EXPECT_TRUE(live->is_live);
  EXPECT_TRUE(Same(live->run.lease, all.leases.front()));
  ExpectMissing(library_.GetRun({3}).status(), "RUN_NOT_FOUND");
  const auto both = library_.GetRuns({{2}, {1}});
  ASSERT_TRUE(both.ok()) << both.status();
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ((*both)[0].run.report.outputs, run->run.report.outputs);
  EXPECT_TRUE((*both)[1].is_live);
  ExpectMissing(library_.GetRuns({{2}, {3}}).status(), "RUN_NOT_FOUND");
}

TEST_F(LibraryTest, RunsOfANodeAndOfARefAreListedNewestFirst) {
  ChangeSet changes = Everything();
  for (std::int64_t id = 3; id <= 6; ++id) {
    changes.runs.push_back(SampleRun(id, 2));
    changes.runs.back().report.outcome = Outcome::kFailed;
    changes.runs.back().report.outputs.clear();
  }
  changes.leases.push_back(SampleLease(7, 2));
  Commit(changes);
  const auto list = [&](NodeId node, const std::string& ns, const std::string& ref) {
    std::vector<std::int64_t> ids;
    for (const RunRecord& run : All<RunRecord>(
             2, [&](const PageRequest& page) { return library_.ListRuns(node, ns, ref, page); }))
      ids.push_back(run.run.lease.run.value);
    return ids;
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(list({2}, "", ""), (Ids{7, 6, 5, 4, 3, 2}));
  EXPECT_EQ(list({}, "ns", "a/2"), (Ids{7, 6, 5, 4, 3, 2}));
  EXPECT_EQ(list({}, "ns", "a/1"), (Ids{1}));
  EXPECT_EQ(list({}, "ns", "a/3"), (Ids{}));
}

TEST_F(LibraryTest, LogsGrowOnlyByWhatIsNew) {
  Commit(Everything());
  EXPECT_EQ(library_.AppendLog({1}, 0, "hello "), Ok());
  EXPECT_EQ(library_.AppendLog({1}, 0, "hello "), Ok());
  EXPECT_EQ(library_.AppendLog({1}, 3, "lo world"), Ok());
  EXPECT_EQ(library_.AppendLog({1}, 11, std::string("\0\xFF", 2)), Ok());
  const std::string whole("hello world\0\xFF", 13);
  EXPECT_EQ(*library_.ReadLog({1}, 0, 100), whole);
  for (std::size_t begin = 0; begin <= whole.size(); ++begin)
    for (std::size_t size = 1; size <= 14; ++size)
      EXPECT_EQ(
          *library_.ReadLog({1}, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(size)),
          whole.substr(begin, size));
  EXPECT_EQ(*library_.ReadLog({1}, 1000, 5), "");
  EXPECT_EQ(*library_.ReadLog({2}, 0, 5), "");
  ExpectMissing(library_.ReadLog({3}, 0, 5).status(), "RUN_NOT_FOUND");
  ExpectMissing(library_.AppendLog({77}, 0, "x"), "RUN_NOT_FOUND");
  const Status gap = library_.AppendLog({1}, 20, "x");
  EXPECT_EQ(gap.code(), Code::kOutOfRange);
  EXPECT_NE(Message(gap).find("log of run 1 ends at 13"), std::string::npos) << gap;
  EXPECT_EQ(library_.AppendLog({1}, -1, "x").code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace fft
