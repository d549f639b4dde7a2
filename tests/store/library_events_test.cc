#include "tests/store/library_fixture.h"

namespace fft {
namespace {

TEST_F(LibraryTest, EventsComeBackAsTheyWere) {
  ChangeSet all = Everything();
  const auto changed = SampleEvent(4), skipped = SampleEvent(5), tainted = SampleEvent(6);
  changed->kind = EventKind::kNodesChanged;
  changed->changes = {ChangeOf(all.nodes[0], "ns"), ChangeOf(all.nodes[1], "ns")};
  skipped->kind = EventKind::kNodesSkipped;
  skipped->build = {1};
  skipped->count = 12345;
  tainted->kind = EventKind::kPartitionsTainted;
  tainted->partitions = {{2}, {1}};
  tainted->text = "wrong \"score\"";
  all.events.insert(all.events.end(), {changed, skipped, tainted});
  Commit(all);
  const auto events = library_.ReadEvents({0}, 100);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), all.events.size());
  for (std::size_t i = 0; i < events->size(); ++i)
    EXPECT_TRUE(Same(*(*events)[i], *all.events[i])) << i + 1;
  // A node that several events name has one label.
  EXPECT_EQ((*events)[1]->changes[0].label, (*events)[3]->changes[0].label);

  const auto some = library_.ReadEvents({2}, 2);
  ASSERT_EQ(some->size(), 2U);
  EXPECT_EQ(some->front()->seq, EventSeq{3});
  EXPECT_TRUE(library_.ReadEvents({6}, 10)->empty());
  EXPECT_TRUE(library_.ReadEvents({7}, 10)->empty());
}

TEST_F(LibraryTest, AReaderBehindRetentionIsToldTheOldestKept) {
  ChangeSet changes;
  for (std::int64_t seq = 1; seq <= 10; ++seq) changes.events.push_back(SampleEvent(seq));
  Commit(changes);
  Psql("DELETE FROM event WHERE seq < 5");
  const Status dropped = library_.ReadEvents({0}, 10).status();
  EXPECT_EQ(dropped.code(), Code::kOutOfRange);
  EXPECT_EQ(Message(dropped), "event 1 was dropped: the oldest kept is 5");
  EXPECT_EQ(DetailsOf(dropped).metadata.at("oldest"), "5");
  EXPECT_EQ(library_.ReadEvents({3}, 10).status().code(), Code::kOutOfRange);
  EXPECT_EQ(library_.ReadEvents({4}, 10)->size(), 6U);
  Psql("DELETE FROM event");
  EXPECT_EQ(library_.ReadEvents({9}, 10).status().code(), Code::kOutOfRange);
  EXPECT_TRUE(library_.ReadEvents({10}, 10)->empty());
  ChangeSet next;
  next.events = {SampleEvent(11)};
  Commit(next);  // numbers go on
  EXPECT_EQ(library_.ReadEvents({10}, 10)->size(), 1U);
}

}  // namespace
}  // namespace fft
