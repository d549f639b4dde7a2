#include "server/graph/compiled_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "tests/support/graph_builder.h"

namespace fft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

std::shared_ptr<const CompiledGraph> Compiled(GraphSpec spec) {
  auto graph = CompiledGraph::Compile(std::move(spec));
  EXPECT_TRUE(graph.ok()) << graph.status();
  return graph.ok() ? *graph : nullptr;
}

std::string JobOf(const CompiledGraph& graph, const std::string& ref) {
  const auto maker = graph.Lookup(ref);
  if (!maker.ok()) return DetailsOf(maker.status()).reason;
  return maker->is_source ? "source" : graph.spec().jobs[maker->index].label;
}

TEST(Lookup, FindsJobsAndSources) {
  const auto graph = Compiled(Graph(
      {NoopJob("daily", {"weather/daily/{city}/{date:%Y-%m-%d}"}), NoopJob("all", {"weather/all"}),
       NoopJob("any", {"{top}/stg/{x}"}), NoopJob("table", {"analytics.users"})},
      {{"weather/raw", "file:///raw.csv"}}));
  ASSERT_TRUE(graph);
  EXPECT_EQ(JobOf(*graph, "weather/daily/Seattle/2012-01-01"), "daily");
  EXPECT_EQ(JobOf(*graph, "weather/all"), "all");
  EXPECT_EQ(JobOf(*graph, "a/stg/b"), "any");
  EXPECT_EQ(JobOf(*graph, "analytics.users"), "table");
  EXPECT_EQ(JobOf(*graph, "weather/raw"), "source");
  EXPECT_EQ(JobOf(*graph, "weather/daily/Seattle/2012-02-30"), "UNKNOWN_REF");
  EXPECT_EQ(JobOf(*graph, "weather"), "UNKNOWN_REF");
  EXPECT_EQ(JobOf(*graph, ""), "BAD_REF");
  EXPECT_EQ(JobOf(*graph, "a/../b"), "BAD_REF");
  EXPECT_EQ(JobOf(*graph, std::string(1025, 'a')), "BAD_REF");
  EXPECT_EQ(JobOf(*graph, "a\nb"), "BAD_REF");
  EXPECT_EQ(JobOf(*graph, "a\xFF"), "BAD_REF");
}

TEST(Lookup, NamesBothMakersOfAnAmbiguousRef) {
  const auto graph = Compiled(Graph({NoopJob("one", {"w/{x}"}), NoopJob("two", {"w/{y=a+}"})}));
  ASSERT_TRUE(graph);
  EXPECT_EQ(JobOf(*graph, "w/b"), "one");
  const Status both = graph->Lookup("w/aa").status();
  EXPECT_EQ(both.code(), Code::kFailedPrecondition);
  EXPECT_EQ(Message(both), "w/aa is made by both job one and job two");
  EXPECT_EQ(DetailsOf(both).reason, "AMBIGUOUS_REF");
}

TEST(Configure, ByTemplate) {
  JobSpec job = ExecJob("monthly", {"w/{city}/{month:%Y-%m}", "log/{month:%Y-%m}/{city}"},
                        {Content("d/{city}/{d} each(d in days(month))"), Key("raw"), Query("raw")});
  job.args = {"--month", "{month}", "--day={d} each(d in 2012-01-01..2012-01-02)"};
  job.env = {{"CITY", "{city}"}};
  const auto graph = Compiled(Graph({job}));
  ASSERT_TRUE(graph);
  const auto config = graph->Configure(0, "log/2012-02/Seattle");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT((*config)->outputs, ElementsAre("log/2012-02/Seattle", "w/Seattle/2012-02"));
  EXPECT_THAT((*config)->inputs, SizeIs(30));
  EXPECT_EQ((*config)->inputs.front(), (Input{.kind = InputKind::kMaterialize,
                                              .identity = Identity::kContent,
                                              .ref = "d/Seattle/2012-02-01"}));
  EXPECT_EQ((*config)->inputs.back(),
            (Input{.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = "raw"}));
  EXPECT_THAT((*config)->args,
              ElementsAre("--month", "2012-02", "--day=2012-01-01", "--day=2012-01-02"));
  EXPECT_EQ((*config)->env->at("CITY"), "Seattle");
  EXPECT_EQ((*config)->frame->executable, "bin/monthly");
  EXPECT_EQ(**graph->Configure(0, "w/Seattle/2012-02"), **config);
}

TEST(Configure, RefusesWhatIsTooLargeOrNoDate) {
  const auto graph = Compiled(Graph(
      {NoopJob("big", {"big/{date:%Y-%m-%d}"}, {Key("d/{d} each(d in date-9999..date)"), Key("e")}),
       NoopJob("day", {"day/{date}"}, {Key("d/{date:%Y}")}),
       NoopJob("dots", {"dots/{x}"}, {Key("a/{x}./b")})}));
  ASSERT_TRUE(graph);
  const Status big = graph->Configure(0, "big/2012-01-01").status();
  EXPECT_EQ(DetailsOf(big).reason, "TOO_MANY_REFS");
  EXPECT_THAT(Message(big), AllOf(HasSubstr("job big"), HasSubstr("10000"), HasSubstr("big/2012")));
  const Status day = graph->Configure(1, "day/tuesday").status();
  EXPECT_EQ(DetailsOf(day).reason, "BAD_TEMPLATE");
  EXPECT_EQ(Message(day),
            "job day: input 'd/{date:%Y}': column 4: date is 'tuesday', which is not a date");
  EXPECT_THAT(Message(graph->Configure(2, "dots/.").status()), HasSubstr("a segment '.' or '..'"));
}

TEST(Revision, IsOfTheContentAlone) {
  const GraphSpec spec = ColorVotes();
  GraphSpec turned = spec;
  std::reverse(turned.jobs.begin(), turned.jobs.end());
  EXPECT_EQ(RevisionOf(spec), RevisionOf(turned));
  EXPECT_EQ(Compiled(spec)->revision(), Compiled(turned)->revision());
  turned.jobs[0].limits.slots = 2;
  EXPECT_NE(RevisionOf(spec), RevisionOf(turned));
  EXPECT_EQ(JobDigest(spec.jobs.back()), JobDigest(turned.jobs[0]));
  turned.jobs[0].files[0].digest = Sha256("2");
  EXPECT_NE(JobDigest(spec.jobs.back()), JobDigest(turned.jobs[0]));
}

struct BadGraph {
  std::string complaint;
  void (*spoil)(GraphSpec&);
};
class BadGraphTest : public testing::TestWithParam<BadGraph> {};
TEST_P(BadGraphTest, NamesTheCulprit) {
  GraphSpec spec = Graph(
      {ExecJob("daily", {"d/{date:%Y-%m-%d}"}, {Key("raw")}), ExecJob("report", {"report/{x}"})},
      {{"raw", "file:///raw.csv"}});
  ASSERT_TRUE(CompiledGraph::Compile(spec).ok());
  GetParam().spoil(spec);
  const auto graph = CompiledGraph::Compile(std::move(spec));
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(Message(graph.status()), HasSubstr(GetParam().complaint));
  EXPECT_NE(DetailsOf(graph.status()).reason, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadGraphTest,
    testing::Values(
        BadGraph{"graph '': bad name", [](GraphSpec& g) { g.name.clear(); }},
        BadGraph{"root 'data' is no URI", [](GraphSpec& g) { g.root_uri = "data"; }},
        BadGraph{"job 'a b': a label is", [](GraphSpec& g) { g.jobs[0].label = "a b"; }},
        BadGraph{"job report: two jobs", [](GraphSpec& g) { g.jobs[0].label = "report"; }},
        BadGraph{"job daily: outputs: at least one",
                 [](GraphSpec& g) { g.jobs[0].outputs.clear(); }},
        BadGraph{"job daily: output 'd/{': column 3",
                 [](GraphSpec& g) { g.jobs[0].outputs[0] = "d/{"; }},
        BadGraph{"job daily: output 'd\\x0a'", [](GraphSpec& g) { g.jobs[0].outputs[0] = "d\n"; }},
        BadGraph{"have different captures",
                 [](GraphSpec& g) { g.jobs[0].outputs.push_back("e/{date}"); }},
        BadGraph{"job daily: input 'raw/{city}': column 6: unknown capture city",
                 [](GraphSpec& g) { g.jobs[0].inputs[0].ref = "raw/{city}"; }},
        BadGraph{"job daily: arg '{x}': column 2", [](GraphSpec& g) { g.jobs[0].args = {"{x}"}; }},
        BadGraph{"job daily: env A '{x}': column 2",
                 [](GraphSpec& g) { g.jobs[0].env["A"] = "{x}"; }},
        BadGraph{"a variable has one",
                 [](GraphSpec& g) { g.jobs[0].env["A"] = "{x} each(x in a,b)"; }},
        BadGraph{"job daily: env 'A=': bad name", [](GraphSpec& g) { g.jobs[0].env["A="] = ""; }},
        BadGraph{"version 'v1' is not", [](GraphSpec& g) { g.jobs[0].version = "v1"; }},
        BadGraph{"executable 'bin/x' is not among its files",
                 [](GraphSpec& g) { g.jobs[0].executable = "bin/x"; }},
        BadGraph{"executable: missing", [](GraphSpec& g) { g.jobs[0].executable.clear(); }},
        BadGraph{"executable bin/daily is not executable",
                 [](GraphSpec& g) { g.jobs[0].files[0].executable = false; }},
        BadGraph{"configure 'bin/c' is not among",
                 [](GraphSpec& g) { g.jobs[1].configure = "bin/c"; }},
        BadGraph{"declare none", [](GraphSpec& g) { g.jobs[0].configure = "bin/daily"; }},
        BadGraph{"runner noop runs none", [](GraphSpec& g) { g.jobs[0].runner = Runner::kNoop; }},
        BadGraph{"file '../x'", [](GraphSpec& g) { g.jobs[0].files[0].path = "../x"; }},
        BadGraph{"file '/x'", [](GraphSpec& g) { g.jobs[0].files[0].path = "/x"; }},
        BadGraph{"no digest", [](GraphSpec& g) { g.jobs[0].files[0].digest = {}; }},
        BadGraph{"listed twice",
                 [](GraphSpec& g) { g.jobs[0].files.push_back(g.jobs[0].files[0]); }},
        BadGraph{"slots 0 is out of range", [](GraphSpec& g) { g.jobs[0].limits.slots = 0; }},
        BadGraph{"source 'raw': 'raw.csv' is no URI",
                 [](GraphSpec& g) { g.sources[0].uri = "raw.csv"; }},
        BadGraph{"source: ref '': is empty", [](GraphSpec& g) { g.sources[0].ref.clear(); }},
        BadGraph{"source raw is declared twice",
                 [](GraphSpec& g) { g.sources.push_back(g.sources[0]); }},
        BadGraph{"d/2012-01-01 is made by both job daily and the source d/2012-01-01",
                 [](GraphSpec& g) { g.sources[0].ref = "d/2012-01-01"; }},
        BadGraph{"is made by both job daily and job report",
                 [](GraphSpec& g) { g.jobs[1].outputs = g.jobs[0].outputs; }},
        BadGraph{"is made by both job daily and job report",
                 [](GraphSpec& g) { g.jobs[0].outputs = g.jobs[1].outputs = {"same"}; }}));

TEST(Lookup, StaysFastWithThousandsOfJobs) {
  std::vector<JobSpec> jobs;
  for (int i = 0; i < 5'000; ++i)
    jobs.push_back(NoopJob(fmt::format("job{}", i), {fmt::format("w/{}/{{x}}", i)}));
  const auto graph = Compiled(Graph(std::move(jobs)));
  ASSERT_TRUE(graph);
  for (int i = 0; i < 5'000; ++i)
    EXPECT_EQ(JobOf(*graph, fmt::format("w/{}/a", i)), fmt::format("job{}", i));
}

}  // namespace
}  // namespace fft
