#include "server/graph/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "tests/support/graph_builder.h"

namespace fft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

class ExpandTargetsTest : public testing::Test {
 protected:
  ExpandTargetsTest() {
    auto graph = CompiledGraph::Compile(
        Graph({NoopJob("daily", {"daily/{city}/{date:%Y-%m-%d}"}), NoopJob("x", {"x/{y}"})},
              {{"raw/a.csv", "file:///a"}, {"raw/b.csv", "file:///b"}}));
    EXPECT_TRUE(graph.ok()) << graph.status();
    graph_ = *graph;
  }

  StatusOr<std::vector<std::string>> Expand(const std::vector<std::string>& targets) {
    return ExpandTargets(*graph_, targets, [&](const auto& visit) {
      ++asked_;
      for (const std::string& ref : known_) visit(ref);
    });
  }
  std::string Reason(const std::vector<std::string>& targets) {
    return DetailsOf(Expand(targets).status()).reason;
  }

  std::shared_ptr<const CompiledGraph> graph_;
  std::vector<std::string> known_;
  int asked_ = 0;
};

TEST_F(ExpandTargetsTest, RefsAreThemselves) {
  EXPECT_THAT(*Expand({"b", "a", "b", "a..b/c..d"}), ElementsAre("a", "a..b/c..d", "b"));
  EXPECT_EQ(asked_, 0);
}

TEST_F(ExpandTargetsTest, Ranges) {
  EXPECT_THAT(*Expand({"d/2012-02-27..2012-03-01"}),
              ElementsAre("d/2012-02-27", "d/2012-02-28", "d/2012-02-29", "d/2012-03-01"));
  EXPECT_THAT(*Expand({"m/2011-12..2012-01/x"}), ElementsAre("m/2011-12/x", "m/2012-01/x"));
  EXPECT_THAT(*Expand({"y/2011..2012"}), ElementsAre("y/2011", "y/2012"));
  EXPECT_THAT(*Expand({"c/day=20120131..20120201.csv"}),
              ElementsAre("c/day=20120131.csv", "c/day=20120201.csv"));
  EXPECT_THAT(*Expand({"d-2012..2012/2011-01..2011-02"}),
              ElementsAre("d-2012/2011-01", "d-2012/2011-02"));
}

TEST_F(ExpandTargetsTest, BadTargetsNameTheField) {
  for (const std::string target : {"a/../b", "d/2012-03-01..2012-02-01", "", "nothing*"}) {
    const auto fields = DetailsOf(Expand({target}).status()).fields;
    ASSERT_EQ(fields.size(), 1U) << target;
    EXPECT_EQ(fields[0].first, "targets") << target;
  }
}

TEST_F(ExpandTargetsTest, BadRanges) {
  EXPECT_EQ(Reason({"d/2012-02-30..2012-03-01"}), "BAD_RANGE");
  EXPECT_EQ(Reason({"d/2012-03-01..2012-02-01"}), "BAD_RANGE");
  EXPECT_EQ(Reason({"d/2012-03..2012-03-02"}), "BAD_RANGE");
  EXPECT_EQ(Reason({"d/20120301..2012-03-02"}), "BAD_RANGE");
  EXPECT_THAT(Message(Expand({"d/2012-03-01..2012-02-01"}).status()),
              HasSubstr("target 'd/2012-03-01..2012-02-01': 2012-03-01..2012-02-01 ends before"));
}

TEST_F(ExpandTargetsTest, GlobsMatchWhatIsKnownAndStillMade) {
  known_ = {"daily/Seattle/2012-01-01", "daily/Seattle/2012-01-02", "daily/Portland/2012-01-01",
            "gone/1", "x/1"};
  EXPECT_THAT(*Expand({"daily/Seattle/*"}),
              ElementsAre("daily/Seattle/2012-01-01", "daily/Seattle/2012-01-02"));
  EXPECT_THAT(*Expand({"raw/?.csv", "x/1"}), ElementsAre("raw/a.csv", "raw/b.csv", "x/1"));
  EXPECT_THAT(*Expand({"daily/*/2012-01-02..2012-12-31"}), ElementsAre("daily/Seattle/2012-01-02"));
  EXPECT_THAT(*Expand({"*"}), SizeIs(6));
  EXPECT_EQ(Reason({"x/1", "gone/*"}), "NO_MATCH");
  EXPECT_THAT(Message(Expand({"nothing/*"}).status()), HasSubstr("target 'nothing/*': matches no"));
}

TEST_F(ExpandTargetsTest, Limits) {
  EXPECT_EQ(Reason({std::string(10'000'000, 'a')}), "BAD_REF");
  EXPECT_EQ(Reason({""}), "BAD_REF");
  EXPECT_EQ(Reason({"a\n"}), "BAD_REF");
  EXPECT_EQ(Reason({"d/0001-01-01..9999-12-31"}), "TOO_MANY_TARGETS");
  EXPECT_EQ(Reason({"d/0001..9999/0001..9999/0001..9999/0001..9999"}), "TOO_MANY_TARGETS");
  EXPECT_EQ(Reason(std::vector<std::string>(1'000'000, "a")), "TOO_MANY_TARGETS");
  for (int i = 0; i < 200'001; ++i) known_.push_back(fmt::format("x/{}", i));
  EXPECT_EQ(Reason({"x/*"}), "TOO_MANY_TARGETS");
}

}  // namespace
}  // namespace fft
