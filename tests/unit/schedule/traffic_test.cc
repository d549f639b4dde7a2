#include "server/schedule/traffic.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

constexpr PartitionId kRef{7};
constexpr NodeId kNobody{};
constexpr NodeId kFirst{1}, kSecond{2}, kThird{3};

TEST(Traffic, WritersQueueInTheOrderOfAcceptance) {
  Traffic traffic;
  traffic.AddWriter(kRef, kFirst);
  traffic.AddWriter(kRef, kSecond);
  EXPECT_EQ(traffic.LastWriter(kRef), kSecond);
  EXPECT_TRUE(traffic.MayWrite(kRef, kFirst));
  EXPECT_FALSE(traffic.MayWrite(kRef, kSecond));
  EXPECT_EQ(traffic.Blocker(kRef, kSecond), kFirst);
  EXPECT_EQ(traffic.Blocker(kRef, kFirst), kNobody);
  traffic.RemoveWriter(kRef, kFirst);
  EXPECT_TRUE(traffic.MayWrite(kRef, kSecond));
  traffic.RemoveWriter(kRef, kSecond);
  EXPECT_EQ(traffic.LastWriter(kRef), kNobody);
}

TEST(Traffic, WhoReadsWhatIsLiveHoldsTheFirstWriter) {
  Traffic traffic;
  traffic.AddReader(kRef, kNobody, NodeId{11});
  traffic.AddReader(kRef, kNobody, NodeId{12});
  traffic.AddWriter(kRef, kFirst);
  traffic.RemoveReader(kRef, kNobody, NodeId{11});
  EXPECT_FALSE(traffic.MayWrite(kRef, kFirst));
  traffic.RemoveReader(kRef, kNobody, NodeId{12});
  EXPECT_TRUE(traffic.MayWrite(kRef, kFirst));
}

TEST(Traffic, ReadersOfAGenerationHoldTheNextOne) {
  Traffic traffic;
  traffic.AddWriter(kRef, kFirst);
  traffic.AddReader(kRef, kFirst, NodeId{11});
  traffic.AddWriter(kRef, kSecond);
  EXPECT_TRUE(traffic.MayWrite(kRef, kFirst));
  traffic.RemoveWriter(kRef, kFirst);
  EXPECT_FALSE(traffic.MayWrite(kRef, kSecond));
  traffic.RemoveReader(kRef, kFirst, NodeId{11});
  EXPECT_TRUE(traffic.MayWrite(kRef, kSecond));
}

TEST(Traffic, AWriterThatIsCancelledBeforeItsTurnDoesNotLetOthersIn) {
  Traffic traffic;
  traffic.AddReader(kRef, kNobody, NodeId{11});  // of what is live; runs on to the end
  traffic.AddWriter(kRef, kFirst);
  traffic.AddReader(kRef, kFirst, NodeId{12});
  traffic.AddWriter(kRef, kSecond);
  traffic.AddReader(kRef, kSecond, NodeId{13});
  traffic.AddWriter(kRef, kThird);
  traffic.RemoveWriter(kRef, kSecond);
  EXPECT_EQ(traffic.LastWriter(kRef), kThird);
  traffic.RemoveReader(kRef, kSecond, NodeId{13});
  EXPECT_FALSE(traffic.MayWrite(kRef, kFirst)) << "the reader of what is live has not ended";
  traffic.RemoveReader(kRef, kNobody, NodeId{11});
  EXPECT_TRUE(traffic.MayWrite(kRef, kFirst));
  traffic.RemoveWriter(kRef, kFirst);
  EXPECT_FALSE(traffic.MayWrite(kRef, kThird));
  traffic.RemoveReader(kRef, kFirst, NodeId{12});
  EXPECT_TRUE(traffic.MayWrite(kRef, kThird));
}

TEST(Traffic, TheLastWriterMayBeOneThatStandsBeforeACancelledOne) {
  Traffic traffic;
  traffic.AddWriter(kRef, kFirst);
  traffic.AddWriter(kRef, kSecond);
  traffic.AddReader(kRef, kSecond, NodeId{11});
  traffic.RemoveWriter(kRef, kSecond);
  EXPECT_EQ(traffic.LastWriter(kRef), kFirst);
  traffic.RemoveWriter(kRef, kFirst);
  EXPECT_EQ(traffic.LastWriter(kRef), kNobody);
  traffic.AddWriter(kRef, kThird);
  EXPECT_FALSE(traffic.MayWrite(kRef, kThird));
  traffic.RemoveReader(kRef, kSecond, NodeId{11});
  EXPECT_TRUE(traffic.MayWrite(kRef, kThird));
}

TEST(Traffic, WhoReadsWhatIsLiveIsKnownInTheOrderOfAcceptance) {
  Traffic traffic;
  for (int reader = 11; reader <= 20; ++reader) traffic.AddReader(kRef, kNobody, NodeId{reader});
  traffic.AddReader(kRef, kNobody, NodeId{20});  // it reads it twice
  for (const int reader : {12, 20, 11, 15, 13, 14, 18, 16})
    traffic.RemoveReader(kRef, kNobody, NodeId{reader});
  EXPECT_EQ(traffic.LiveReaders(kRef), (std::vector<NodeId>{{17}, {19}, {20}}));
  // Those of a generation come to them when its writer has ended.
  traffic.AddWriter(kRef, NodeId{21});
  traffic.AddReader(kRef, NodeId{21}, NodeId{22});
  EXPECT_EQ(traffic.LiveReaders(kRef).size(), 3U);
  traffic.RemoveWriter(kRef, NodeId{21});
  EXPECT_EQ(traffic.LiveReaders(kRef), (std::vector<NodeId>{{17}, {19}, {20}, {22}}));
  for (const int reader : {17, 19, 20, 22}) traffic.RemoveReader(kRef, kNobody, NodeId{reader});
  EXPECT_TRUE(traffic.LiveReaders(kRef).empty());
}

TEST(Traffic, QueriesAndWritesExcludeEachOtherOnlyWhileTheyRun) {
  Traffic traffic;
  EXPECT_TRUE(traffic.MayQuery(kRef));
  traffic.AddWriter(kRef, kFirst);
  EXPECT_TRUE(traffic.MayQuery(kRef));
  traffic.BeginQuery(kRef);
  EXPECT_FALSE(traffic.MayWrite(kRef, kFirst));
  traffic.EndQuery(kRef);
  EXPECT_TRUE(traffic.MayWrite(kRef, kFirst));
  traffic.BeginWrite(kRef);
  EXPECT_FALSE(traffic.MayQuery(kRef));
  traffic.EndWrite(kRef);
  EXPECT_TRUE(traffic.MayQuery(kRef));
}

TEST(Traffic, WhoIsParkedIsWokenOnceByAnyChange) {
  Traffic traffic;
  traffic.AddWriter(kRef, kFirst);
  traffic.AddWriter(kRef, kSecond);
  traffic.Park(kRef, kSecond);
  traffic.Park(kRef, kThird);
  EXPECT_TRUE(traffic.TakeWoken().empty());
  traffic.RemoveWriter(kRef, kFirst);
  EXPECT_EQ(traffic.TakeWoken(), (std::vector{kSecond, kThird}));
  EXPECT_TRUE(traffic.TakeWoken().empty());
  traffic.RemoveWriter(kRef, kSecond);
  EXPECT_TRUE(traffic.TakeWoken().empty());
}

}  // namespace
}  // namespace fft
