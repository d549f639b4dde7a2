#include "tests/store/library_fixture.h"

namespace fft {
namespace {

std::vector<std::int64_t> IdsOf(const std::vector<Build>& builds) {
  std::vector<std::int64_t> ids;
  for (const Build& build : builds) ids.push_back(build.id.value);
  return ids;
}

TEST_F(LibraryTest, BuildsAreFoundAsTheyWereCommitted) {
  Commit(Everything());
  const auto build = library_.GetBuild({1});
  ASSERT_TRUE(build.ok()) << build.status();
  EXPECT_EQ(*build, SampleBuild(1));
  ExpectMissing(library_.GetBuild({17}).status(), "BUILD_NOT_FOUND");
  EXPECT_EQ(Message(library_.GetBuild({17}).status()), "build 17 does not exist");
}

TEST_F(LibraryTest, BuildsAreListedNewestFirstByFilter) {
  ChangeSet changes;
  for (std::int64_t id = 1; id <= 7; ++id) {
    changes.builds.push_back(SampleBuild(id));
    if (id % 2 == 0) changes.builds.back().graph = "other";
    if (id == 6) changes.builds.back().state = BuildState::kFailed;
    if (id == 5) changes.builds.back().principal = "bob";
  }
  Commit(changes);
  const auto list = [&](const BuildFilter& filter, int size) {
    return IdsOf(All<Build>(
        size, [&](const PageRequest& page) { return library_.ListBuilds(filter, page); }));
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(list({}, 3), (Ids{7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(list({.graph = "weather"}, 2), (Ids{7, 5, 3, 1}));
  EXPECT_EQ(list({.principal = "bob"}, 10), (Ids{5}));
  EXPECT_EQ(list({.state = BuildState::kFailed}, 10), (Ids{6}));
  EXPECT_EQ(list({.ns = "nowhere"}, 10), (Ids{}));

  const auto page = library_.ListBuilds({}, {.size = 2, .after = {}});
  const Status mixed =
      library_.ListBuilds({.graph = "other"}, {.size = 2, .after = page->next}).status();
  EXPECT_EQ(mixed.code(), Code::kInvalidArgument);
  EXPECT_EQ(library_.ListBuilds({}, {.size = 2, .after = "rubbish"}).status().code(),
            Code::kInvalidArgument);
}

TEST_F(LibraryTest, ARequestIsFoundByItsId) {
  Commit(Everything());
  EXPECT_EQ(**library_.FindRequest("ada", "request-1"), SampleBuild(1));
  EXPECT_FALSE(library_.FindRequest("bob", "request-1")->has_value());
  EXPECT_FALSE(library_.FindRequest("ada", "")->has_value());
}

TEST_F(LibraryTest, ASnapshotShowsABuildAsOfAnEvent) {
  ChangeSet changes = Everything();
  Commit(changes);
  const auto snapshot = library_.SnapshotBuild({1});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->build, SampleBuild(1));
  EXPECT_EQ(snapshot->as_of, EventSeq{3});
  EXPECT_TRUE(Same(snapshot->attachments, changes.attachments));
  ASSERT_EQ(snapshot->nodes.size(), 2U);
  const NodeChange& second = snapshot->nodes[1];
  EXPECT_EQ(second.label->id, NodeId{2});
  EXPECT_EQ(second.label->ns, "ns");
  EXPECT_EQ(second.label->outputs, std::vector<std::string>{"a/2"});
  EXPECT_EQ(second.state, NodeState::kReady);
  EXPECT_EQ(second.run, RunId{});  // it does not run yet
  EXPECT_EQ(second.level, 1);
  EXPECT_TRUE(second.is_joined);
  ExpectMissing(library_.SnapshotBuild({2}).status(), "BUILD_NOT_FOUND");
  EXPECT_TRUE(library_.GetBuild({1}).ok());  // the session is usable after the failure
}

TEST_F(LibraryTest, NodesOfABuildAreListedInItsOrderWithItsHitsBehind) {
  ChangeSet changes = Everything();
  changes.nodes.clear();
  changes.runs.clear();
  std::vector<NodeId> first, second;
  for (std::int64_t id = 1; id <= 30; ++id) {
    Node node = SampleNode(id);
    node.state = id % 3 == 0 ? NodeState::kFailed : NodeState::kWaiting;
    (id <= 20 ? first : second).insert((id <= 20 ? first : second).begin(), node.id);
    changes.nodes.push_back(node);
  }
  changes.attachments = {SampleAttachment(1, 2, first), SampleAttachment(1, 3, second)};
  changes.hits = {{.build = {1}, .partitions = {{2}, {1}, {2}}, .runs = {{5}, {0}, {6}}}};
  Commit(changes);
  std::vector<std::int64_t> expected, failed;
  for (std::int64_t id = 20; id >= 1; --id) expected.push_back(id);
  for (std::int64_t id = 30; id >= 21; --id) expected.push_back(id);
  for (const std::int64_t id : expected)
    if (id % 3 == 0) failed.push_back(id);
  expected.insert(expected.end(), {0, 0, 0});
  const auto list = [&](const NodeFilter& filter, int size) {
    return All<NodeInBuild>(
        size, [&](const PageRequest& page) { return library_.ListNodes(filter, page); });
  };
  for (const int size : {1, 7, 20, 33, 1000}) {
    std::vector<std::int64_t> ids;
    for (const NodeInBuild& node : list({.build = {1}}, size)) ids.push_back(node.node.id.value);
    EXPECT_EQ(ids, expected) << size;
    ids.clear();
    for (const NodeInBuild& node : list({.build = {1}, .state = NodeState::kFailed}, size))
      ids.push_back(node.node.id.value);
    EXPECT_EQ(ids, failed) << size;
  }
  const auto hits = list({.build = {1}, .state = NodeState::kSkipped}, 2);
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_TRUE(hits[0].is_hit);
  EXPECT_EQ(hits[0].label->outputs, std::vector<std::string>{"a/2"});
  EXPECT_EQ(hits[0].run, RunId{5});
  EXPECT_EQ(hits[1].attach_reason, Reason::kSource);
  ExpectMissing(library_.ListNodes({.build = {9}}, {}).status(), "BUILD_NOT_FOUND");
}

TEST_F(LibraryTest, WhatABuildLeftToOthersIsCancelledAsItSeesIt) {
  ChangeSet changes = Everything();
  changes.nodes[0].state = NodeState::kSucceeded;
  changes.leases.clear();
  changes.attachments.push_back(SampleAttachment(2, 3, {{1}, {2}}));
  changes.builds.push_back(SampleBuild(2));
  changes.withdrawals = {
      {.build = {1}, .node = {1}, .reason = Reason::kFailFast, .closed_by = {3}}};
  Commit(changes);
  const auto list = [&](BuildId build, std::optional<NodeState> state) {
    return library_.ListNodes({.build = build, .state = state}, {})->items;
  };
  const NodeInBuild left = list({1}, std::nullopt).at(0);
  EXPECT_EQ(left.node.id, NodeId{1});
  EXPECT_EQ(left.node.state, NodeState::kCancelled);
  EXPECT_EQ(left.node.reason, Reason::kFailFast);
  EXPECT_EQ(left.node.past->message, "it goes on for others");
  EXPECT_FALSE(left.run);  // another's
  EXPECT_EQ(list({1}, NodeState::kCancelled).size(), 1U);
  EXPECT_TRUE(list({1}, NodeState::kSucceeded).empty());
  EXPECT_EQ(list({2}, NodeState::kSucceeded).size(), 1U);
  const auto picture = library_.SnapshotBuild({1});
  EXPECT_EQ(picture->nodes[0].state, NodeState::kCancelled);
  EXPECT_EQ(picture->nodes[0].reason, Reason::kFailFast);
  EXPECT_EQ(picture->withdrawals, changes.withdrawals);
  EXPECT_EQ(library_.SnapshotBuild({2})->nodes[0].state, NodeState::kSucceeded);
  EXPECT_EQ(library_.GetNode({1})->node.state, NodeState::kSucceeded);
}

TEST_F(LibraryTest, WhoAsksForWhatIsReadyGetsAlsoWhatWaits) {
  ChangeSet changes = Everything();
  changes.nodes[0].state = NodeState::kWaiting;
  changes.nodes[1].state = NodeState::kRunning;
  changes.leases.clear();
  Commit(changes);
  EXPECT_EQ(library_.ListNodes({.build = {1}, .state = NodeState::kReady}, {})->items.size(), 1U);
  EXPECT_EQ(
      library_.ListNodes({.ns = "ns", .ref = "a/1", .state = NodeState::kReady}, {})->items.size(),
      1U);
  EXPECT_TRUE(library_.ListNodes({.ns = "ns", .ref = "a/2", .state = NodeState::kReady}, {})
                  ->items.empty());
}

TEST_F(LibraryTest, AHitWithSeveralOutputsIsOneEntry) {
  ChangeSet changes = Everything();
  changes.attachments.clear();
  changes.hits = {{.build = {1},
                   .partitions = {{1}, {2}, {1}, {2}, {2}, {1}},
                   .runs = {{5}, {5}, {5}, {0}, {0}, {6}}}};
  Commit(changes);
  for (const int size : {1, 2, 3, 4, 100}) {
    std::string found;
    for (const NodeInBuild& hit : All<NodeInBuild>(size, [&](const PageRequest& page) {
           return library_.ListNodes({.build = {1}}, page);
         })) {
      found += std::to_string(hit.run.value) + ":";
      for (const std::string& output : hit.label->outputs) found += output + ",";
      found += " ";
    }
    EXPECT_EQ(found, "5:a/1,a/2,a/1, 0:a/2, 0:a/2, 6:a/1, ") << size;
  }
}

TEST_F(LibraryTest, ABuildOfAHundredThousandNodesIsPaged) {
  constexpr std::int64_t kNodes = 100'000;
  ChangeSet changes = Everything();
  changes.nodes.clear();
  std::vector<NodeId> ids;
  const Node sample = SampleNode(1);
  for (std::int64_t id = 1; id <= kNodes; ++id) {
    changes.nodes.push_back(sample);
    changes.nodes.back().id = {id};
    ids.push_back({id});
  }
  changes.attachments = {SampleAttachment(1, 2, ids)};
  Commit(changes);
  Psql("ANALYZE");
  std::int64_t seen = 0;
  for (const NodeInBuild& node : All<NodeInBuild>(1000, [&](const PageRequest& page) {
         return library_.ListNodes({.build = {1}}, page);
       })) {
    if (node.is_hit) continue;
    ASSERT_EQ(node.node.id.value, ++seen);
    ASSERT_EQ(node.level, (seen - 1) % 70'000);
  }
  EXPECT_EQ(seen, kNodes);
  EXPECT_EQ(library_.SnapshotBuild({1})->nodes.size(), static_cast<std::size_t>(kNodes));
}

}  // namespace
}  // namespace fft
