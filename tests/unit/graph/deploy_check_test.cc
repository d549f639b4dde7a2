#include "server/graph/deploy_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "server/graph/compiled_graph.h"
#include "tests/support/graph_builder.h"

namespace fft {
namespace {

using testing::HasSubstr;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

/// Of a graph that compiles all the same: what is stored must load.
Status Checked(GraphSpec spec) {
  const auto graph = CompiledGraph::Compile(std::move(spec));
  EXPECT_TRUE(graph.ok()) << graph.status();
  return graph.ok() ? CheckDeploy((*graph)->spec()) : graph.status();
}

GraphSpec Sound() {
  return Graph({ExecJob("daily", {"d/{date}"}), ExecJob("report", {"report/{x}"})},
               {{"raw", "file:///raw.csv"}});
}

struct Bad {
  std::string complaint, field;
  void (*spoil)(GraphSpec&);
};
class CheckDeployTest : public testing::TestWithParam<Bad> {};

TEST_P(CheckDeployTest, NamesTheCulprit) {
  GraphSpec spec = Sound();
  ASSERT_EQ(Checked(spec), Ok());
  GetParam().spoil(spec);
  const Status status = Checked(spec);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr(GetParam().complaint));
  const ErrorDetails details = DetailsOf(status);
  EXPECT_NE(details.reason, "");
  ASSERT_EQ(details.fields.size(), 1U);
  EXPECT_EQ(details.fields[0].first, GetParam().field);
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckDeployTest,
    testing::Values(
        Bad{"has no job", "spec.jobs", [](GraphSpec& g) { g.jobs.clear(); }},
        Bad{"job daily: runner exec: the graph's root '' is no file:///FOLDER", "spec.jobs[daily]",
            [](GraphSpec& g) { g.root_uri.clear(); }},
        Bad{"the graph's root 's3://b' is no file:///FOLDER", "spec.jobs[daily]",
            [](GraphSpec& g) { g.root_uri = "s3://b"; }},
        Bad{"job daily: env FFT_OUT: names that begin with FFT_ are the daemon's",
            "spec.jobs[daily]", [](GraphSpec& g) { g.jobs[0].env["FFT_OUT"] = "/tmp"; }},
        Bad{"job daily: output '../d/{date}': no path below the graph's root", "spec.jobs[daily]",
            [](GraphSpec& g) { g.jobs[0].outputs[0] = "../d/{date}"; }},
        Bad{"output '/d/{date}': no path", "spec.jobs[daily]",
            [](GraphSpec& g) { g.jobs[0].outputs[0] = "/d/{date}"; }},
        Bad{"output 'd//{date}': no path", "spec.jobs[daily]",
            [](GraphSpec& g) { g.jobs[0].outputs[0] = "d//{date}"; }},
        Bad{"output 'd/{date}/..': no path", "spec.jobs[daily]",
            [](GraphSpec& g) { g.jobs[0].outputs[0] = "d/{date}/.."; }},
        Bad{"output '.fft/{date}': the folder .fft is the daemon's own", "spec.jobs[daily]",
            [](GraphSpec& g) { g.jobs[0].outputs[0] = ".fft/{date}"; }},
        Bad{"job report: an output lies in output 'd' of job daily", "spec.jobs[report]",
            [](GraphSpec& g) {
              g.jobs[0].outputs[0] = "d";
              g.jobs[1].outputs[0] = "d/{x}/sub";
            }},
        Bad{"report/{x} is made by both job daily and job report", "spec.jobs[report]",
            [](GraphSpec& g) { g.jobs[0].outputs[0] = "report/{date}"; }}));

TEST(CheckDeploy, WhatMayNotClashIsLeftToThePlan) {
  GraphSpec spec = Graph(
      {ExecJob("files", {"reports/{file}"}), ExecJob("by_department", {"reports/{dept}/{file}"}),
       ExecJob("a", {"m/{x}"}), ExecJob("b", {"m/{x=a|b}"}), ExecJob("c", {"m/{x:%Y}"}),
       NoopJob("all", {"n"}), ExecJob("one", {"n/{y}"})});
  EXPECT_EQ(Checked(spec), Ok());
}

TEST(CheckDeploy, WhatIsWrittenInPlaceNeedsNoRootAndNoPath) {
  GraphSpec spec =
      Graph({ExecJob("table", {"//server/table"}), ExecJob("row", {"//server/table/x"})});
  spec.jobs[0].is_in_place = spec.jobs[1].is_in_place = true;
  spec.root_uri.clear();
  EXPECT_EQ(Checked(spec), Ok());
}

}  // namespace
}  // namespace fft
