#include "client/ctl/arguments.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

namespace v1 = build::v1;
using testing::ElementsAre;
using testing::HasSubstr;

Parsed Parse(const std::vector<std::string>& words) {
  std::vector<const char*> argv = {"fftctl"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return ParseArguments(static_cast<int>(argv.size()), argv.data());
}

template <class Command>
Command Get(const std::vector<std::string>& words) {
  const Parsed parsed = Parse(words);
  EXPECT_TRUE(parsed.arguments) << parsed.text;
  return parsed.arguments ? std::get<Command>(parsed.arguments->command) : Command();
}

/// What is said of a command line that is wrong, without the frame around it.
std::string ErrorOf(const std::vector<std::string>& words) {
  const Parsed parsed = Parse(words);
  if (parsed.arguments) return "no error";
  EXPECT_EQ(parsed.exit_code, 2);
  return parsed.text.substr(0, parsed.text.find('\n'));
}

TEST(Arguments, BuildOfADeployedGraph) {
  const auto build = Get<BuildArguments>({"build", "weather", "weather/report/Seattle", "b"});
  EXPECT_EQ(build.choice.graph, "weather");
  EXPECT_EQ(build.choice.folder, "");
  EXPECT_THAT(build.choice.targets, ElementsAre("weather/report/Seattle", "b"));
  EXPECT_EQ(build.options.discipline(), v1::LEVELS);
  EXPECT_FALSE(build.is_plan);
}

TEST(Arguments, BuildOfAFolder) {
  const TemporaryFolder folder;
  folder.Write("graph.yaml", "");
  EXPECT_EQ(Get<BuildArguments>({"build", folder.path(), "a"}).choice.folder, folder.path());
  EXPECT_EQ(Get<BuildArguments>({"build", folder / "graph.yaml", "a"}).choice.folder,
            folder / "graph.yaml");
  EXPECT_EQ(Get<BuildArguments>({"build", "-d", folder.path(), "a"}).choice.folder, folder.path());
}

TEST(Arguments, WithGraphEveryWordIsATarget) {
  const auto build = Get<BuildArguments>({"build", "-g", "weather", "a", "b/c"});
  EXPECT_EQ(build.choice.graph, "weather");
  EXPECT_THAT(build.choice.targets, ElementsAre("a", "b/c"));
}

TEST(Arguments, BuildOptions) {
  const auto build = Get<BuildArguments>({"build",      "g",          "a",           "--rebuild",
                                          "x/*",        "b",          "--rebuild=y", "--schedule",
                                          "eager",      "-j",         "4",           "--keep-going",
                                          "--priority", "-5",         "--deadline",  "2h",
                                          "--cache",    "ro",         "--detach",    "--request-id",
                                          "id",         "--etag",     "ab",          "-n",
                                          "prod",       "--revision", "12"});
  EXPECT_THAT(build.choice.targets, ElementsAre("a", "b"));
  EXPECT_THAT(build.options.rebuild(), ElementsAre("x/*", "y"));
  EXPECT_EQ(build.options.discipline(), v1::EAGER);
  EXPECT_EQ(build.options.jobs_max(), 4);
  EXPECT_TRUE(build.options.keep_going());
  EXPECT_EQ(build.options.priority(), -5);
  EXPECT_EQ(build.options.cache_mode(), v1::CACHE_READ_ONLY);
  EXPECT_EQ(build.deadline, Duration(7'200'000));
  EXPECT_TRUE(build.is_detached);
  EXPECT_EQ(build.request_id, "id");
  EXPECT_EQ(build.plan_etag, "ab");
  EXPECT_EQ(build.choice.ns, "prod");
  EXPECT_EQ(build.choice.revision, "12");
  EXPECT_EQ(Get<BuildArguments>({"build", "g", "a", "--no-cache"}).options.cache_mode(),
            v1::CACHE_OFF);
  EXPECT_TRUE(Get<BuildArguments>({"plan", "g", "a"}).is_plan);
}

TEST(Arguments, GlobalOptionsStandAnywhere) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-o", "json", "-v", "--address", "unix:/x", "get", "7"},
        std::vector<std::string>{"get", "7", "-o", "json", "-v", "--address", "unix:/x"}}) {
    const Parsed parsed = Parse(words);
    ASSERT_TRUE(parsed.arguments) << parsed.text;
    EXPECT_TRUE(parsed.arguments->is_json);
    EXPECT_TRUE(parsed.arguments->is_verbose);
    EXPECT_EQ(parsed.arguments->address, "unix:/x");
  }
}

TEST(Arguments, TheOtherCommands) {
  EXPECT_EQ(Get<WatchArguments>({"watch", "7"}).build, 7);
  EXPECT_EQ(Get<CancelArguments>({"cancel", "7"}).build, 7);
  EXPECT_TRUE(Get<RetryArguments>({"retry", "7", "--detach"}).is_detached);
  EXPECT_FALSE(Get<GetArguments>({"get", "7"}).with_nodes);
  const auto get = Get<GetArguments>({"get", "7", "--state", "failed"});
  EXPECT_TRUE(get.with_nodes);
  EXPECT_EQ(get.state, v1::NODE_FAILED);
  EXPECT_EQ(Get<ListArguments>({"list", "--state", "executing"}).state, v1::BUILD_EXECUTING);
  const auto explain = Get<ExplainArguments>({"explain", "a/b", "-b", "7", "-g", "weather"});
  EXPECT_EQ(explain.choice.ref, "a/b");
  EXPECT_EQ(explain.build, 7);
  EXPECT_EQ(explain.choice.graph, "weather");
  EXPECT_EQ(Get<ExplainArguments>({"explain", "--node", "3"}).node, 3);
  EXPECT_THAT(Get<LookupArguments>({"lookup", "g", "a"}).choice.targets, ElementsAre("a"));
  EXPECT_EQ(Get<DeployArguments>({"deploy"}).folder, ".");
  EXPECT_TRUE(Get<DeployArguments>({"deploy", "x", "--check"}).is_check);
  EXPECT_EQ(Get<PartitionsArguments>({"partitions", "a/*", "--limit", "5"}).count_max, 5);
  EXPECT_EQ(Get<ShowArguments>({"show", "a", "-n", "dev"}).choice.ns, "dev");
  EXPECT_EQ(Get<LineageArguments>({"lineage", "a", "--depth", "2"}).depth_max, 2);
  EXPECT_TRUE(Get<EventsArguments>({"events", "--from", "start"}).from_start);
  EXPECT_EQ(Get<EventsArguments>({"events", "--from", "12", "--ns", "w"}).after, 12);
  EXPECT_FALSE(Get<EventsArguments>({"events"}).after);
  EXPECT_TRUE(Get<LogsArguments>({"logs", "12", "-f"}).follows);
  Get<WorkersArguments>({"workers"});
  Get<DoctorArguments>({"doctor"});
}

TEST(Arguments, Errors) {
  EXPECT_EQ(ErrorOf({"build"}),
            "fftctl: no graph: name a folder with graph.yaml or project.yml, or a deployed graph");
  EXPECT_EQ(ErrorOf({"build", "weather"}), "fftctl: no targets: name refs, patterns or ranges");
  EXPECT_EQ(ErrorOf({"build", "./nowhere", "a"}),
            "fftctl: ./nowhere: no folder with a graph.yaml or project.yml");
  EXPECT_THAT(ErrorOf({"build", "weather", "a", "--select", "x"}), HasSubstr("are of projects"));
  EXPECT_THAT(ErrorOf({"build", "a/b", "c"}), HasSubstr("neither a folder with a graph.yaml nor"));
  EXPECT_THAT(ErrorOf({"build", "-g", "a", "-d", "b", "c"}), HasSubstr("either deployed or"));
  EXPECT_THAT(ErrorOf({"build", "g", "a", "--deadline", "soon"}), HasSubstr("--deadline soon"));
  EXPECT_THAT(ErrorOf({"build", "g", "a", "--cache", "no"}), HasSubstr("--cache"));
  EXPECT_THAT(ErrorOf({"build", "g", "a", "--no-cache", "--cache", "rw"}), HasSubstr("--no-cache"));
  EXPECT_THAT(ErrorOf({"build", "g", "a", "-j", "0"}), HasSubstr("--jobs"));
  EXPECT_THAT(ErrorOf({"list", "--state", "bad"}), HasSubstr("bad: no such state"));
  EXPECT_THAT(ErrorOf({"events", "--from", "then"}), HasSubstr("--from then"));
  EXPECT_THAT(ErrorOf({"explain"}), HasSubstr("name either a REF or a --node"));
  EXPECT_THAT(ErrorOf({"watch", "x"}), HasSubstr("BUILD"));
  EXPECT_THAT(ErrorOf({"get", "7", "-o", "xml"}), HasSubstr("xml"));
  EXPECT_NE(ErrorOf({}), "no error");
  EXPECT_EQ(ErrorOf({"frobnicate"}), "fftctl: frobnicate: no such command");
}

TEST(Arguments, WhoWantsJsonGetsErrorsAsJson) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-o", "json", "frobnicate"},
        {"--output=json", "frobnicate"},
        {"frobnicate", "-o", "json"},
        {"frobnicate", "-ojson"}})
    EXPECT_EQ(ErrorOf(words),
              R"({"error":{"code":"INVALID_ARGUMENT","fields":[],"message":"frobnicate: no such )"
              R"(command","metadata":{},"reason":"USAGE"}})");
}

TEST(Arguments, WhatIsStaleIsAskedOfAllWhereNothingIsNamed) {
  EXPECT_EQ(Get<StaleArguments>({"stale", "weather"}).choice.targets,
            std::vector<std::string>{"*"});
  EXPECT_EQ(Get<StaleArguments>({"stale", "weather", "a", "b"}).choice.targets,
            (std::vector<std::string>{"a", "b"}));
}

TEST(Arguments, TheVersionIsNoError) {
  const Parsed parsed = Parse({"--version"});
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_THAT(parsed.text, testing::StartsWith("fftctl 0."));
}

TEST(Arguments, HelpIsNoError) {
  const Parsed parsed = Parse({"build", "--help"});
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_THAT(parsed.text, HasSubstr("--keep-going"));
}

}  // namespace
}  // namespace fft
