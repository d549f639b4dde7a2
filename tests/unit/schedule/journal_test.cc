#include "server/schedule/journal.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

constexpr TimePoint kNow{Duration(5)};

NodeChange Change(std::int64_t node, NodeState state) {
  return {.label = std::make_shared<NodeLabel>(NodeLabel{.id = NodeId{node}}), .state = state};
}

TEST(Journal, ChangesToOneStateThatFollowEachOtherAreOneEvent) {
  Journal journal(EventSeq{40});
  journal.NodeChanged(Change(1, NodeState::kRunning), kNow);
  journal.NodeChanged(Change(2, NodeState::kRunning), kNow);
  journal.NodeChanged(Change(1, NodeState::kSucceeded), kNow);
  journal.NodeChanged(Change(3, NodeState::kRunning), kNow);
  const ChangeSet changes = journal.Take();
  ASSERT_EQ(changes.events.size(), 3U);
  EXPECT_EQ(changes.events[0]->changes.size(), 2U);
  EXPECT_EQ(changes.events[0]->seq, EventSeq{41});
  EXPECT_EQ(changes.events[0]->at, kNow);
  EXPECT_EQ(changes.events[1]->changes.front().state, NodeState::kSucceeded);
  EXPECT_EQ(changes.events[2]->seq, EventSeq{43});
  EXPECT_EQ(journal.last_event(), EventSeq{43});
}

TEST(Journal, AnythingInBetweenStartsANewEvent) {
  Journal journal(EventSeq{});
  journal.NodeChanged(Change(1, NodeState::kReady), kNow);
  journal.BuildChanged(Build{.id = BuildId{1}}, kNow);
  journal.NodeChanged(Change(2, NodeState::kReady), kNow);
  const ChangeSet changes = journal.Take();
  ASSERT_EQ(changes.events.size(), 3U);
  EXPECT_EQ(changes.events[1]->kind, EventKind::kBuildChanged);
}

TEST(Journal, WhatWasTakenGrowsNoMore) {
  Journal journal(EventSeq{});
  journal.NodeChanged(Change(1, NodeState::kReady), kNow);
  const ChangeSet first = journal.Take();
  journal.NodeChanged(Change(2, NodeState::kReady), kNow);
  const ChangeSet second = journal.Take();
  EXPECT_EQ(first.events.front()->changes.size(), 1U);
  EXPECT_EQ(second.events.front()->seq, EventSeq{2});
  EXPECT_TRUE(journal.Take().empty());
}

TEST(Journal, NoEventHoldsMoreThanItsLimit) {
  Journal journal(EventSeq{});
  for (std::int64_t i = 0; i < 1'001; ++i) journal.NodeChanged(Change(i, NodeState::kReady), kNow);
  std::vector<NodeChange> attached;
  for (std::int64_t i = 0; i < 501; ++i) attached.push_back(Change(i, NodeState::kWaiting));
  EXPECT_EQ(journal.NodesTied(EventKind::kNodesAttached, {BuildId{9}}, std::move(attached), kNow),
            EventSeq{4});
  const ChangeSet changes = journal.Take();
  std::vector<std::size_t> sizes;
  for (const EventPtr& event : changes.events) sizes.push_back(event->changes.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{500, 500, 1, 500, 1}));
  EXPECT_EQ(changes.events[4]->build, BuildId{9});
  EXPECT_EQ(changes.events[4]->changes.front().label->id, NodeId{500});
}

TEST(Journal, TargetsAreLeftOutOfEvents) {
  Journal journal(EventSeq{});
  EXPECT_EQ(journal.BuildChanged(Build{.id = BuildId{3}, .targets = {"a", "b"}}, kNow),
            EventSeq{1});
  journal.NodesSkipped(BuildId{3}, 12, kNow);
  const ChangeSet changes = journal.Take();
  EXPECT_TRUE(changes.events[0]->snapshot->targets.empty());
  EXPECT_EQ(changes.events[0]->snapshot->id, BuildId{3});
  EXPECT_EQ(changes.events[1]->count, 12);
}

}  // namespace
}  // namespace fft
