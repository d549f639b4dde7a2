#include "server/graph/analyser.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "server/fingerprint/fingerprint.h"
#include "tests/support/graph_builder.h"

namespace fft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

Analyser MakeAnalyser(GraphSpec spec) {
  auto graph = CompiledGraph::Compile(std::move(spec));
  EXPECT_TRUE(graph.ok()) << graph.status();
  return {*graph, ConfigDigest};
}

// What always holds of a cone that is complete.
void ExpectConsistent(const Cone& cone) {
  ASSERT_EQ(cone.producers.size(), cone.refs.size());
  ASSERT_EQ(cone.source_of.size(), cone.refs.size());
  for (ConfigIndex c = 0; c < cone.configs.size(); ++c) {
    const ConeConfig& config = cone.configs[c];
    const Digest own = ConfigDigest(*config.config);
    const bool is_process = config.config->frame->runner == Runner::kExec;
    EXPECT_EQ(config.digest,
              is_process ? Sha256(std::string(own.view()) + cone.graph->spec().root_uri) : own);
    ASSERT_EQ(config.outputs_end - config.outputs_begin, config.config->outputs.size());
    ASSERT_EQ(config.inputs_end - config.inputs_begin, config.config->inputs.size());
    for (std::uint32_t i = config.outputs_begin; i < config.outputs_end; ++i) {
      EXPECT_EQ(cone.refs[cone.outputs[i]], config.config->outputs[i - config.outputs_begin]);
      EXPECT_EQ(cone.producers[cone.outputs[i]], c);
    }
    for (std::uint32_t i = config.inputs_begin; i < config.inputs_end; ++i) {
      const Input& input = config.config->inputs[i - config.inputs_begin];
      const RefIndex ref = cone.inputs[i];
      EXPECT_EQ(cone.refs[ref], input.ref);
      if (input.kind == InputKind::kQuery || cone.source_of[ref] != kNoIndex) continue;
      EXPECT_LT(cone.producers[ref], c) << input.ref;
    }
  }
}

std::size_t CountJobs(const Cone& cone, const std::string& job) {
  return static_cast<std::size_t>(
      std::count_if(cone.configs.begin(), cone.configs.end(),
                    [&](const ConeConfig& config) { return config.config->frame->job == job; }));
}

TEST(Analyser, NeighbouringReportsOfColorVotesShareTheirWindows) {
  Analyser analyser = MakeAnalyser(ColorVotes());
  const auto cone =
      analyser.Analyse({"color_vote_report/2012-06-01/red", "color_vote_report/2012-06-02/red"});
  ASSERT_TRUE(cone.ok()) << cone.status();
  ExpectConsistent(**cone);
  EXPECT_EQ(CountJobs(**cone, "color_vote_report"), 2u);
  EXPECT_EQ(CountJobs(**cone, "votes_1m"), 2u);
  EXPECT_EQ(CountJobs(**cone, "daily_votes"), 29u);  // two windows of 28 days
  EXPECT_EQ(CountJobs(**cone, "daily_color_votes"), 29u * 3);
  EXPECT_THAT((*cone)->to_configure, IsEmpty());
  ASSERT_THAT((*cone)->targets, SizeIs(2));
  EXPECT_EQ((*cone)->refs[(*cone)->targets[0]], "color_vote_report/2012-06-01/red");
}

TEST(Analyser, AProcessIsAnotherInAnotherFolder) {
  const auto digests = [](const std::string& root) {
    GraphSpec spec = Graph({ExecJob("p", {"p"}), NoopJob("n", {"n"})});
    spec.root_uri = root;
    const auto cone = MakeAnalyser(std::move(spec)).Analyse({"p", "n"});
    EXPECT_TRUE(cone.ok()) << cone.status();
    std::map<std::string, Digest> found;
    for (const ConeConfig& config : (*cone)->configs)
      found[config.config->frame->job] = config.digest;
    return found;
  };
  const auto here = digests("file:///here"), there = digests("file:///there");
  EXPECT_EQ(here.size(), 2U);
  EXPECT_EQ(here, digests("file:///here"));
  EXPECT_NE(here.at("p"), there.at("p"));
  EXPECT_EQ(here.at("n"), there.at("n"));
}

TEST(Analyser, RemembersConesAndConfigs) {
  Analyser analyser = MakeAnalyser(ColorVotes());
  const auto one = analyser.Analyse({"votes_1w/2012-06-02", "votes_1w/2012-06-01"});
  const auto same =
      analyser.Analyse({"votes_1w/2012-06-01", "votes_1w/2012-06-02", "votes_1w/2012-06-01"});
  const auto part = analyser.Analyse({"votes_1w/2012-06-01"});
  ASSERT_TRUE(one.ok() && same.ok() && part.ok());
  EXPECT_EQ(*one, *same);
  ExpectConsistent(**part);
  EXPECT_EQ((*part)->configs.back().config,
            (*one)->configs[(*one)->producers[(*one)->targets[0]]].config);
}

TEST(Analyser, ConesOutliveIt) {
  ConePtr cone;
  {
    Analyser analyser = MakeAnalyser(Graph({NoopJob("a", {"a/{x}"}, {Key("src"), Query("q")})},
                                           {{"src", "file:///src"}, {"top", "file:///top"}}));
    cone = *analyser.Analyse({"a/1", "top"});
  }
  ExpectConsistent(*cone);
  EXPECT_EQ(cone->refs[cone->targets[1]], "top");
  EXPECT_THAT(cone->sources, SizeIs(2));
}

TEST(Analyser, QueryNeverExpandsButKnowsSources) {
  Analyser analyser = MakeAnalyser(Graph(
      {NoopJob("a", {"a"}, {Query("b"), Query("src"), Query("nobody/makes/this"), Order("c")}),
       NoopJob("b", {"b"}), NoopJob("c", {"c"})},
      {{"src", "file:///src"}}));
  const auto cone = analyser.Analyse({"a"});
  ASSERT_TRUE(cone.ok()) << cone.status();
  EXPECT_THAT((*cone)->configs, SizeIs(2));
  ASSERT_THAT((*cone)->sources, SizeIs(1));
  EXPECT_EQ((*cone)->refs[(*cone)->sources[0].ref], "src");
}

TEST(Analyser, UnknownInputNamesItsReader) {
  Analyser analyser = MakeAnalyser(Graph({NoopJob("a", {"a/{x}"}, {Key("b/{x}")})}));
  const Status unknown = analyser.Analyse({"a/1"}).status();
  EXPECT_EQ(unknown.code(), Code::kNotFound);
  EXPECT_EQ(Message(unknown),
            "no job or source of graph test makes 'b/1', which job a needs for a/1");
  EXPECT_EQ(DetailsOf(unknown).reason, "UNKNOWN_REF");
  EXPECT_EQ(DetailsOf(unknown).metadata.at("reader"), "a/1");
}

TEST(Analyser, SpellsACycleOutSmallestNameFirst) {
  Analyser analyser =
      MakeAnalyser(Graph({NoopJob("m", {"m"}, {Key("z")}), NoopJob("z", {"z"}, {Order("b")}),
                          NoopJob("b", {"b"}, {Key("m")}), NoopJob("top", {"top"}, {Key("m")})}));
  const Status cycle = analyser.Analyse({"top"}).status();
  EXPECT_EQ(cycle.code(), Code::kFailedPrecondition);
  EXPECT_EQ(Message(cycle), "cycle: b <- m <- z <- b");
  EXPECT_EQ(DetailsOf(cycle).reason, "CYCLE");
}

TEST(Analyser, AJobThatNeedsItselfIsACycle) {
  Analyser analyser = MakeAnalyser(Graph({NoopJob("a", {"a", "b"}, {Key("b")})}));
  EXPECT_EQ(Message(analyser.Analyse({"a"}).status()), "cycle: a <- a");
}

JobConfigPtr Answer(const JobSpec& job, std::vector<std::string> outputs,
                    std::vector<Input> inputs = {}) {
  JobConfig config;
  config.frame = JobFrame{.job = job.label};
  config.outputs = std::move(outputs);
  config.inputs = std::move(inputs);
  return std::make_shared<const JobConfig>(std::move(config));
}

TEST(Analyser, DeepChainsNeedNoStack) {
  constexpr int kLinks = 60'000;
  const JobSpec link = ConfiguredJob("link", {"link/{n}"});
  Analyser analyser = MakeAnalyser(Graph({link}));
  for (int i = 0; i < kLinks; ++i) {
    const Input before{.kind = InputKind::kMaterialize,
                       .identity = Identity::kKey,
                       .ref = fmt::format("link/{}", i - 1)};
    const std::string ref = fmt::format("link/{}", i);
    ASSERT_TRUE(
        analyser
            .Remember("link", ref,
                      Answer(link, {ref}, i == 0 ? std::vector<Input>() : std::vector{before}))
            .ok());
  }
  const auto cone = analyser.Analyse({fmt::format("link/{}", kLinks - 1)});
  ASSERT_TRUE(cone.ok()) << cone.status();
  EXPECT_THAT((*cone)->configs, SizeIs(kLinks));
  EXPECT_EQ((*cone)->configs.front().config->outputs.front(), "link/0");
}

TEST(Analyser, AsksConfigureExecutablesInBatches) {
  const JobSpec asked = ConfiguredJob("asked", {"asked/{x}"});
  Analyser analyser = MakeAnalyser(
      Graph({asked, NoopJob("top", {"top"}, {Key("asked/{i} each(i in 1,2,3)"), Key("src")}),
             NoopJob("leaf", {"leaf/{x}"})},
            {{"src", "file:///src"}}));
  auto cone = analyser.Analyse({"top", "asked/9"});
  ASSERT_TRUE(cone.ok()) << cone.status();
  EXPECT_THAT((*cone)->configs, IsEmpty());
  ASSERT_THAT((*cone)->to_configure, SizeIs(1));
  EXPECT_EQ((*cone)->to_configure[0].job, "asked");
  EXPECT_THAT((*cone)->to_configure[0].refs,
              ElementsAre("asked/1", "asked/2", "asked/3", "asked/9"));

  const Input leaf{.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = "leaf/1"};
  ASSERT_TRUE(
      analyser.Remember("asked", "asked/1", Answer(asked, {"asked/1", "asked/2"}, {leaf})).ok());
  ASSERT_TRUE(analyser.Remember("asked", "asked/3", Answer(asked, {"asked/3"})).ok());
  cone = analyser.Analyse({"top", "asked/9"});
  ASSERT_TRUE(cone.ok()) << cone.status();
  ASSERT_THAT((*cone)->to_configure, SizeIs(1));
  EXPECT_THAT((*cone)->to_configure[0].refs, ElementsAre("asked/9"));

  ASSERT_TRUE(analyser.Remember("asked", "asked/9", Answer(asked, {"asked/9"})).ok());
  cone = analyser.Analyse({"top", "asked/9"});
  ASSERT_TRUE(cone.ok()) << cone.status();
  EXPECT_THAT((*cone)->to_configure, IsEmpty());
  EXPECT_THAT((*cone)->configs, SizeIs(5));
  ExpectConsistent(**cone);
}

TEST(Analyser, RefusesAnswersThatLieOrChange) {
  const JobSpec asked = ConfiguredJob("asked", {"asked/{x}"});
  Analyser analyser = MakeAnalyser(Graph({asked, NoopJob("other", {"other/{x}"})}));
  const auto reason = [&](const std::string& job, const std::string& ref, JobConfigPtr config) {
    return DetailsOf(analyser.Remember(job, ref, std::move(config))).reason;
  };
  EXPECT_EQ(reason("asked", "asked/1", Answer(asked, {"asked/2"})), "CONFIGURE_BAD_OUTPUT");
  EXPECT_EQ(reason("asked", "asked/1", Answer(asked, {"asked/1", "other/1"})),
            "CONFIGURE_BAD_OUTPUT");
  EXPECT_EQ(reason("other", "other/1", Answer(asked, {"other/1"})), "CONFIGURE_BAD_OUTPUT");
  EXPECT_EQ(reason("nobody", "asked/1", Answer(asked, {"asked/1"})), "CONFIGURE_BAD_OUTPUT");
  EXPECT_EQ(reason("asked", "asked/1", Answer(asked, {"asked/1"})), "");
  EXPECT_EQ(reason("asked", "asked/1", Answer(asked, {"asked/1"})), "");
  EXPECT_EQ(reason("asked", "asked/1", Answer(asked, {"asked/1", "asked/2"})),
            "CONFIGURE_UNSTABLE");
  EXPECT_EQ(reason("asked", "asked/2", Answer(asked, {"asked/1", "asked/2"})),
            "CONFIGURE_UNSTABLE");
  const auto cone = analyser.Analyse({"asked/2"});
  ASSERT_TRUE(cone.ok());
  EXPECT_THAT((*cone)->to_configure, SizeIs(1));
}

TEST(Analyser, RefusesAmbiguousOutputsOfTemplates) {
  Analyser analyser =
      MakeAnalyser(Graph({NoopJob("two", {"a/{x}", "b/{x}"}), NoopJob("one", {"b/{y=1+}"})}));
  EXPECT_TRUE(analyser.Analyse({"a/2"}).ok());
  EXPECT_EQ(DetailsOf(analyser.Analyse({"a/1"}).status()).reason, "AMBIGUOUS_REF");
}

}  // namespace
}  // namespace fft
