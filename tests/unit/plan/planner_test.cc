#include "server/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/fingerprint/fingerprint.h"
#include "tests/support/graph_builder.h"
#include "tests/unit/plan/plan_world.h"

namespace fft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

// raw -> a -> b -> c, each reading the one before by `identity`.
GraphSpec Chain(Identity identity, std::string program_of_a = "1") {
  return Graph({ExecJob("a", {"a"}, {Key("raw")}, std::move(program_of_a)),
                ExecJob("b", {"b"}, {By(identity, "a")}), ExecJob("c", {"c"}, {By(identity, "b")})},
               {{"raw", "file:///raw"}});
}

TEST(Planner, NothingWasEverBuilt) {
  PlanWorld world(Chain(Identity::kKey));
  const Plan plan = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(plan), ElementsAre("EXECUTE NEVER_BUILT a L0", "EXECUTE NEVER_BUILT b L1",
                                             "EXECUTE NEVER_BUILT c L2"));
  EXPECT_EQ(plan.nodes[0].evidence, R"({"refs":["a"]})");
  EXPECT_THAT(plan.nodes[2].upstreams, ElementsAre(1));
  EXPECT_THAT(plan.sources, SizeIs(1));
  EXPECT_EQ(plan.unneeded, 0);
}

TEST(Planner, NothingToDo) {
  PlanWorld world(Chain(Identity::kKey));
  EXPECT_THAT(world.Build({"c"}), ElementsAre("a", "b", "c"));
  const Plan plan = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(plan), ElementsAre("HIT c *"));
  EXPECT_EQ(plan.unneeded, 2);
  EXPECT_EQ(world.probes, 1);
  EXPECT_EQ(plan.hits[0].reason, Reason::kCached);
  EXPECT_THAT(plan.hits[0].runs, ElementsAre(world.catalog["c"].live.run));
  EXPECT_THAT(plan.hits[0].outputs, ElementsAre(world.catalog["c"].id));
  EXPECT_EQ(plan.hits[0].plan_key, world.catalog["c"].live.key);
}

TEST(Planner, AnEditedProgramRebuildsWhatDependsOnItByKey) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  world.Deploy(Chain(Identity::kKey, "2"));
  const Plan plan = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(plan),
              ElementsAre("EXECUTE FACTS_CHANGED a L0", "EXECUTE FACTS_CHANGED b L1",
                          "EXECUTE FACTS_CHANGED c L2"));
  EXPECT_THAT(plan.nodes[0].evidence, HasSubstr(R"("fact":"file bin/a")"));
  EXPECT_THAT(plan.nodes[0].evidence, HasSubstr(R"("run":1)"));
  EXPECT_THAT(plan.nodes[1].evidence, HasSubstr(R"("fact":"input a")"));
  EXPECT_THAT(plan.nodes[1].evidence, HasSubstr(ToHex(plan.nodes[0].plan_key)));
}

TEST(Planner, AnEditedProgramLeavesReadersByContentUndecided) {
  PlanWorld world(Chain(Identity::kContent));
  world.Build({"c"});
  world.Deploy(Chain(Identity::kContent, "2"));
  const Plan plan = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(plan),
              ElementsAre("EXECUTE FACTS_CHANGED a L0", "UNDECIDED INPUT_UNDECIDED b L1",
                          "UNDECIDED INPUT_UNDECIDED c L2"));
  EXPECT_EQ(plan.nodes[1].evidence, R"({"inputs":["a"]})");
  world.meaning = [](const JobConfig&) { return std::string("a comment changed"); };
  PlanWorld fresh(Chain(Identity::kContent));
  fresh.meaning = world.meaning;
  fresh.Build({"c"});
  fresh.Deploy(Chain(Identity::kContent, "2"));
  EXPECT_THAT(fresh.Build({"c"}), ElementsAre("a"));
  EXPECT_THAT(world.Build({"c"}), ElementsAre("a", "b", "c"));
}

// By key, but on something that may be cut off: then it is cut off too.
TEST(Planner, UndecidedGoesThroughKeys) {
  const auto spec = [](const std::string& program) {
    return Graph({ExecJob("a", {"a"}, {}, program), ExecJob("b", {"b"}, {Content("a")}),
                  ExecJob("c", {"c"}, {Key("b")})});
  };
  PlanWorld world(spec("1"));
  world.meaning = [](const JobConfig&) { return ""; };
  world.Build({"c"});
  world.Deploy(spec("2"));
  EXPECT_THAT(world.Words(world.MakePlan({"c"})),
              ElementsAre("EXECUTE FACTS_CHANGED a L0", "UNDECIDED INPUT_UNDECIDED b L1",
                          "UNDECIDED INPUT_UNDECIDED c L2"));
  EXPECT_THAT(world.Build({"c"}), ElementsAre("a"));
  EXPECT_THAT(world.Words(world.MakePlan({"c"})), ElementsAre("HIT c *"));
}

TEST(Planner, AnEditedSourceRebuildsItsReaders) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  world.sources["raw"] = Sha256("a row changed");
  EXPECT_THAT(world.Build({"c"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(world.Build({"c"}), IsEmpty());
  EXPECT_THAT(world.Words(world.MakePlan({"raw"})), IsEmpty());
}

TEST(Planner, MissingDataIsRestoredAsATarget) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  world.data.erase("a");
  const Plan plan = world.MakePlan({"a"});
  EXPECT_THAT(world.Words(plan), ElementsAre("EXECUTE! DATA_MISSING a L0"));
  EXPECT_EQ(plan.nodes[0].evidence, R"({"refs":["a"]})");
}

TEST(Planner, MissingDataBehindAHitIsNotRestored) {
  for (const Identity identity : {Identity::kKey, Identity::kContent}) {
    PlanWorld world(Chain(identity));
    world.Build({"c"});
    world.data.erase("a");
    EXPECT_THAT(world.Words(world.MakePlan({"c"})), ElementsAre("HIT c *"));
    // Asked for too, it is rebuilt under its old key, which leaves its readers alone.
    EXPECT_THAT(world.Words(world.MakePlan({"a", "c"})),
                ElementsAre("EXECUTE! DATA_MISSING a L0", "HIT c *"));
  }
}

TEST(Planner, MissingDataIsRestoredForAReaderThatExecutes) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  world.data.erase("a");
  world.data.erase("c");
  EXPECT_THAT(world.Words(world.MakePlan({"c"})),
              ElementsAre("EXECUTE! DATA_MISSING c L0", "HIT b"));
  world.data.erase("b");
  EXPECT_THAT(world.Words(world.MakePlan({"c"})),
              ElementsAre("EXECUTE! DATA_MISSING a L0", "EXECUTE! DATA_MISSING b L1",
                          "EXECUTE! DATA_MISSING c L2"));
}

TEST(Planner, UncertainIsNeverAHit) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  world.catalog["c"].doubt.Set(&Doubt::uncertain_run, RunId{77});
  const Plan plan = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(plan), ElementsAre("EXECUTE! UNCERTAIN c L0", "HIT b"));
  EXPECT_EQ(plan.nodes[0].evidence, R"({"refs":["c"],"run":77})");
  world.catalog["never"].doubt.Set(&Doubt::uncertain_run, RunId{1});
}

TEST(Planner, TaintRebuildsAndIsAFactOfReaders) {
  PlanWorld by_key(Chain(Identity::kKey));
  by_key.Build({"c"});
  by_key.catalog["a"].doubt.Set(&Doubt::taint, 1);
  by_key.catalog["a"].doubt.Set(&Doubt::tainted_before, RunId{100});
  const Plan plan = by_key.MakePlan({"c"});
  EXPECT_THAT(by_key.Words(plan), ElementsAre("EXECUTE! TAINTED a L0", "EXECUTE FACTS_CHANGED b L1",
                                              "EXECUTE FACTS_CHANGED c L2"));
  EXPECT_EQ(plan.nodes[0].evidence, R"({"refs":["a"],"run":1})");
  EXPECT_THAT(plan.nodes[1].evidence, HasSubstr("(tainted 1 times)"));

  PlanWorld by_content(Chain(Identity::kContent));
  by_content.Build({"c"});
  by_content.catalog["a"].doubt.Set(&Doubt::taint, 1);
  by_content.catalog["a"].doubt.Set(&Doubt::tainted_before, RunId{2});
  EXPECT_THAT(by_content.Words(by_content.MakePlan({"c"})),
              ElementsAre("EXECUTE! TAINTED a L0", "UNDECIDED INPUT_UNDECIDED b L1",
                          "UNDECIDED INPUT_UNDECIDED c L2"));
  EXPECT_THAT(by_content.Build({"c"}), ElementsAre("a"));  // the same bytes clear the suspects
  EXPECT_THAT(by_content.Build({"c"}), IsEmpty());
}

TEST(Planner, RebuildNamesJobsAndRefs) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  world.options.rebuild = {"nothing*", "b"};
  const Plan plan = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(plan),
              ElementsAre("EXECUTE! REBUILD_REQUESTED b L0", "HIT a", "HIT c *"));
  EXPECT_EQ(plan.nodes[0].evidence, R"({"glob":"b"})");
  world.options.rebuild = {"*"};
  EXPECT_THAT(world.MakePlan({"c"}).nodes, SizeIs(3));
}

TEST(Planner, RebuildOfAnInputLeavesReadersByContentUndecided) {
  PlanWorld world(Chain(Identity::kContent));
  world.Build({"c"});
  world.options.rebuild = {"b"};
  EXPECT_THAT(
      world.Words(world.MakePlan({"c"})),
      ElementsAre("EXECUTE! REBUILD_REQUESTED b L0", "UNDECIDED INPUT_UNDECIDED c L1", "HIT a"));
}

TEST(Planner, CacheModes) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  for (const CacheMode mode : {CacheMode::kOff, CacheMode::kWriteOnly}) {
    world.options.cache = mode;
    const Plan plan = world.MakePlan({"b"});
    EXPECT_THAT(world.Words(plan),
                ElementsAre("EXECUTE! CACHE_OFF a L0", "EXECUTE! CACHE_OFF b L1"));
    EXPECT_EQ(plan.nodes[0].evidence, fmt::format(R"({{"mode":"{}"}})", ToString(mode)));
  }
  world.options.cache = CacheMode::kReadOnly;
  EXPECT_THAT(world.Words(world.MakePlan({"b"})), ElementsAre("HIT b *"));
  BuildOptions off;
  off.cache = CacheMode::kOff;
  EXPECT_THAT(world.Build({"b"}, off), ElementsAre("a", "b"));
  // Recorded as not reusable: no hit, but what read it under the same key is one.
  EXPECT_THAT(world.Words(world.MakePlan({"b", "c"})),
              ElementsAre("EXECUTE! CACHE_OFF a L0", "EXECUTE! CACHE_OFF b L1", "HIT c *"));
}

TEST(Planner, APendingWriterOfTheSameKeyIsJoined) {
  PlanWorld world(Chain(Identity::kKey));
  const Plan first = world.MakePlan({"c"});
  for (const PlannedNode& node : first.nodes)
    world.writers[node.config->outputs.front()] = {node.plan_key, BuildId{7}};
  Plan second = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(second),
              ElementsAre("EXECUTE NEVER_BUILT a L0", "EXECUTE NEVER_BUILT b L1",
                          "EXECUTE NEVER_BUILT c L2"));
  EXPECT_EQ(second.nodes[2].plan_key, first.nodes[2].plan_key);
  world.Run(first);  // c's node is said to be pending still: what is live now may be replaced
  world.catalog["c"].doubt.Set(&Doubt::uncertain_run, RunId{9});
  second = world.MakePlan({"c"});
  EXPECT_EQ(world.Words(second).back(), "EXECUTE JOINED c L2");
  EXPECT_EQ(second.nodes.back().evidence, R"({"build":7,"refs":["c"]})");
}

TEST(Planner, APendingWriterIsRecognisedWhenItsInputsHaveEndedMeanwhile) {
  PlanWorld world(Chain(Identity::kContent));
  const Plan first = world.MakePlan({"c"});
  world.Build({"a"});
  world.writers["b"] = {first.nodes[1].plan_key, BuildId{7}};
  const Plan second = world.MakePlan({"b"});
  EXPECT_THAT(world.Words(second), ElementsAre("EXECUTE NEVER_BUILT b L0", "HIT a"));
  EXPECT_EQ(second.nodes[0].plan_key, first.nodes[1].plan_key);
}

TEST(Planner, WhatWaitsForARecognisedWriterIsRecognisedToo) {
  PlanWorld world(Chain(Identity::kContent));
  const Plan first = world.MakePlan({"c"});
  world.Build({"a"});
  for (const std::size_t node : {1U, 2U})
    world.writers[first.nodes[node].config->outputs.front()] = {first.nodes[node].plan_key,
                                                                BuildId{7}};
  const Plan second = world.MakePlan({"c"});
  EXPECT_THAT(world.Words(second),
              ElementsAre("EXECUTE NEVER_BUILT b L0", "EXECUTE NEVER_BUILT c L1", "HIT a"));
  EXPECT_EQ(second.nodes[0].plan_key, first.nodes[1].plan_key);
  EXPECT_EQ(second.nodes[1].plan_key, first.nodes[2].plan_key);
}

// Its planner saw the content of one input and not of the other.
TEST(Planner, APendingWriterIsRecognisedByWhatItWillRead) {
  const auto spec = [](const std::string& program) {
    return Graph({ExecJob("a1", {"a1"}, {}, program), ExecJob("a2", {"a2"}, {}),
                  ExecJob("b", {"b"}, {Content("a1"), Content("a2")}),
                  ExecJob("c", {"c"}, {Content("b")})});
  };
  PlanWorld world(spec("1"));
  world.Build({"a1"});
  const Plan first = world.MakePlan({"c"});
  const PlannedNode &b = first.nodes[1], &c = first.nodes[2];
  world.Build({"a2"});
  EXPECT_NE(world.MakePlan({"b"}).nodes.front().plan_key, b.plan_key);
  world.writers["c"] = {c.plan_key, BuildId{7}};
  const auto recognised = [&](const PlanWorld::Writer& writer) {
    world.writers["b"] = writer;
    const Plan plan = world.MakePlan({"c"});
    EXPECT_EQ(plan.nodes.size(), 2U);
    return plan.nodes[0].plan_key == b.plan_key && plan.nodes[1].plan_key == c.plan_key;
  };
  EXPECT_TRUE(recognised({b.plan_key, BuildId{7}, b.config_digest}));
  EXPECT_FALSE(recognised({b.plan_key, BuildId{7}, {}}));
  EXPECT_FALSE(recognised({b.plan_key, BuildId{7}, c.config_digest}));
  // One input is to be made anew: what waits was not planned to read that.
  world.Deploy(spec("2"));
  world.writers["b"] = {b.plan_key, BuildId{7}, b.config_digest};
  EXPECT_THAT(world.Words(world.MakePlan({"b"})),
              ElementsAre("EXECUTE FACTS_CHANGED a1 L0", "EXECUTE OSCILLATING b L1", "HIT a2"));
}

TEST(Planner, APendingWriterOfAnotherKeyIsNeverAHit) {
  PlanWorld world(Chain(Identity::kKey));
  world.Build({"c"});
  world.writers["b"] = {Sha256("of other facts"), BuildId{7}};
  const Plan plan = world.MakePlan({"b"});
  EXPECT_THAT(world.Words(plan), ElementsAre("EXECUTE OSCILLATING b L0", "HIT a"));
  EXPECT_EQ(plan.nodes[0].evidence, R"({"build":7,"refs":["b"]})");
}

TEST(Planner, QueryAndOrder) {
  const auto spec = [](const std::string& program) {
    return Graph({ExecJob("q", {"q"}, {}, program), ExecJob("o", {"o"}, {}, program),
                  ExecJob("r", {"r"}, {Query("q"), Order("o")})});
  };
  PlanWorld world(spec("1"));
  EXPECT_THAT(world.Words(world.MakePlan({"r"})),
              ElementsAre("EXECUTE NEVER_BUILT o L0", "EXECUTE NEVER_BUILT r L1"));
  world.Build({"q", "r"});
  world.Deploy(spec("2"));
  EXPECT_THAT(world.Words(world.MakePlan({"r"})), ElementsAre("HIT r *"));
}

TEST(Planner, QueryWithAnIdentityIsAFact) {
  InputSpec query = Query("q");
  query.identity = Identity::kContent;
  PlanWorld world(Graph({ExecJob("q", {"q"}), ExecJob("r", {"r"}, {query})}));
  world.Build({"r"});
  EXPECT_THAT(world.Words(world.MakePlan({"r"})), ElementsAre("HIT r *"));
  world.Build({"q"});
  EXPECT_THAT(world.Words(world.MakePlan({"r"})), ElementsAre("EXECUTE FACTS_CHANGED r L0"));
}

TEST(Planner, NoopLeavesNothingToProbe) {
  PlanWorld world(Graph({NoopJob("n", {"n", "m"})}));
  world.Build({"n"});
  world.data.clear();
  EXPECT_THAT(world.Words(world.MakePlan({"m"})), ElementsAre("HIT m *"));
  EXPECT_EQ(world.probes, 0);
}

TEST(Planner, OneMissingOutputOfManyRunsTheJob) {
  PlanWorld world(Graph({ExecJob("n", {"n/{x}", "m/{x}"})}));
  world.Build({"n/1"});
  EXPECT_THAT(world.Words(world.MakePlan({"m/1"})), ElementsAre("HIT m/1 *"));
  world.data.erase("n/1");
  EXPECT_THAT(world.Words(world.MakePlan({"m/1"})), ElementsAre("EXECUTE! DATA_MISSING m/1 L0"));
}

TEST(Planner, VersionsAreFactsByTheirMajorNumber) {
  const auto spec = [](const std::string& version) {
    JobSpec job = ExecJob("a", {"a"});
    job.version = version;
    return Graph({job, ExecJob("b", {"b"}, {By(Identity::kVersion, "a")})});
  };
  PlanWorld world(spec("v1.0.0"));
  world.Build({"b"});
  world.Deploy(spec("v1.5.0"));
  EXPECT_THAT(world.Words(world.MakePlan({"a", "b"})), ElementsAre("HIT a *", "HIT b *"));
  world.Deploy(spec("v2.0.0"));
  EXPECT_THAT(world.Words(world.MakePlan({"b"})),
              ElementsAre("EXECUTE FACTS_CHANGED a L0", "EXECUTE FACTS_CHANGED b L1"));
}

TEST(Planner, EtagIsOfTheDecisions) {
  PlanWorld world(Chain(Identity::kKey));
  const Digest fresh = world.MakePlan({"c"}).etag;
  EXPECT_EQ(world.MakePlan({"c"}).etag, fresh);
  EXPECT_NE(world.MakePlan({"b"}).etag, fresh);
  world.Build({"c"});
  const Digest hit = world.MakePlan({"c"}).etag;
  EXPECT_NE(hit, fresh);
  world.data.erase("c");
  EXPECT_NE(world.MakePlan({"c"}).etag, hit);
}

TEST(Planner, ColorVotesShareTheirWindows) {
  PlanWorld world(ColorVotes());
  const auto ran =
      world.Build({"color_vote_report/2012-06-01/red", "color_vote_report/2012-06-02/red"});
  EXPECT_THAT(ran, SizeIs(2 + 4 * 2 + 29 + 29 * 3));
  EXPECT_EQ(std::adjacent_find(ran.begin(), ran.end()), ran.end());
  EXPECT_THAT(world.Build({"color_vote_report/2012-06-02/red"}), IsEmpty());
  // The next day: one more day of each, and the windows that hold it.
  EXPECT_THAT(world.Build({"color_vote_report/2012-06-03/red"}), SizeIs(1 + 4 + 1 + 3));
}

}  // namespace
}  // namespace fft
