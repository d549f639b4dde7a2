#include "client/frontends/native/native_graph.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

namespace fs = std::filesystem;
namespace v1 = build::v1;
using testing::HasSubstr;

class NativeGraphTest : public testing::Test {
 protected:
  NativeGraphTest() {
    std::string name = testing::TempDir() + "graphXXXXXX";
    folder_ = mkdtemp(name.data());
    Write("jobs/run.sh", "#!/bin/sh\necho run\n", true);
    Write("jobs/configure.py", "print('{}')\n", true);
    Write("lib/common.awk", "# common\n", false);
    Write("lib/more/deep.awk", "# deep\n", false);
  }
  ~NativeGraphTest() override { fs::remove_all(folder_); }

  void Write(const std::string& path, const std::string& text, bool executable) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
    if (executable) fs::permissions(folder_ / path, fs::perms::owner_exec, fs::perm_options::add);
  }
  StatusOr<NativeGraph> Load(const std::string& yaml) {
    Write("graph.yaml", yaml, false);
    return LoadNativeGraph(folder_);
  }
  /// The error for `yaml`, without the folder.
  std::string ErrorOf(const std::string& yaml) {
    const auto graph = Load(yaml);
    if (graph.ok()) return "no error";
    std::string text = Message(graph.status());
    const std::string prefix = folder_.string() + "/";
    return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text;
  }
  /// A graph of one good job with `more` lines in it.
  std::string Job(const std::string& more) {
    return "graph: g\njobs:\n  - label: a\n    outputs: [\"a/{x}\"]\n    run: jobs/run.sh\n" + more;
  }

  fs::path folder_;
};

constexpr char kWhole[] = R"yaml(
graph: weather
namespace: dev
root: out
identity: content
sources:
  - ref: source/weather.csv
    file: weather.csv
  - {ref: source/all, uri: "file:///srv/all"}
jobs:
  - label: monthly
    outputs: ["weather/monthly/{city}/{month:%Y-%m}"]
    inputs:
      - "weather/daily/{city}/{d} each(d in days(month))"
      - {query: other/table}
      - {query: other/version, identity: version, presence: awaited, wait_max: 5m}
      - {order: weather/lock}
      - {ref: source/all, identity: key}
    run: jobs/run.sh
    files: [lib]
    args: ["{city}", "{month}", 7]
    env: {UNIT: celsius, N: 5}
    version: v1.2.3
    limits: {attempts: 5, wall: 10m, kill_after: 1s500ms, memory: 512MiB, log: 1MiB, slots: 2, labels: [gpu]}
    in_place: true
    merge: false
  - label: asked
    outputs: ["asked/{x}"]
    run: jobs/run.sh
    configure: jobs/configure.py
  - label: nothing
    outputs: ["nothing/{x}"]
    runner: noop
)yaml";

TEST_F(NativeGraphTest, WholeGraph) {
  const auto graph = Load(kWhole);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const v1::GraphSpec& spec = graph->spec;
  EXPECT_EQ(spec.name(), "weather");
  EXPECT_EQ(spec.default_namespace(), "dev");
  EXPECT_EQ(spec.root_uri(), "file://" + folder_.string() + "/out");
  ASSERT_EQ(spec.sources_size(), 2);
  EXPECT_EQ(spec.sources(0).uri(), "file:///srv/all");
  EXPECT_EQ(spec.sources(1).uri(), "file://" + folder_.string() + "/weather.csv");
  ASSERT_EQ(spec.jobs_size(), 3);
  EXPECT_EQ(spec.jobs(0).label(), "asked");
  EXPECT_EQ(spec.jobs(0).configure(), "jobs/configure.py");
  EXPECT_EQ(spec.jobs(0).files_size(), 2);
  EXPECT_EQ(spec.jobs(2).runner(), v1::RUNNER_NOOP);
  EXPECT_TRUE(spec.jobs(2).executable().empty());
}

TEST_F(NativeGraphTest, OneJobInDetail) {
  const auto graph = Load(kWhole);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const v1::JobSpec& job = graph->spec.jobs(1);
  EXPECT_EQ(job.label(), "monthly");
  EXPECT_EQ(job.outputs(0), "weather/monthly/{city}/{month:%Y-%m}");
  EXPECT_EQ(job.inputs(1).presence(), v1::PRESENCE_REQUIRED);
  EXPECT_EQ(job.inputs(2).presence(), v1::PRESENCE_AWAITED);
  EXPECT_EQ(job.inputs(2).wait_max().seconds(), 300);
  std::string inputs;
  for (const v1::Input& input : job.inputs())
    inputs += v1::InputKind_Name(input.kind()) + " " + v1::Identity_Name(input.identity()) + " " +
              input.ref() + "\n";
  EXPECT_EQ(inputs,
            "MATERIALIZE IDENTITY_CONTENT weather/daily/{city}/{d} each(d in days(month))\n"
            "QUERY IDENTITY_NONE other/table\n"
            "QUERY IDENTITY_VERSION other/version\n"
            "ORDER IDENTITY_NONE weather/lock\n"
            "MATERIALIZE IDENTITY_KEY source/all\n");
  EXPECT_EQ(job.executable(), "jobs/run.sh");
  ASSERT_EQ(job.files_size(), 3);
  EXPECT_EQ(job.files(0).path(), "jobs/run.sh");
  EXPECT_TRUE(job.files(0).executable());
  EXPECT_EQ(job.files(1).path(), "lib/common.awk");
  EXPECT_FALSE(job.files(1).executable());
  EXPECT_EQ(job.files(1).digest(), std::string(Sha256("# common\n").view()));
  EXPECT_EQ(job.files(1).size_bytes(), 9);
  EXPECT_EQ(job.files(2).path(), "lib/more/deep.awk");
  EXPECT_EQ(job.args(2), "7");
  EXPECT_EQ(job.env().at("N"), "5");
  EXPECT_EQ(job.version(), "v1.2.3");
  EXPECT_EQ(job.limits().attempts_max(), 5);
  EXPECT_EQ(job.limits().wall_max().seconds(), 600);
  EXPECT_EQ(job.limits().kill_after().nanos(), 500'000'000);
  EXPECT_EQ(job.limits().memory_max_bytes(), std::int64_t{512} << 20);
  EXPECT_EQ(job.limits().log_max_bytes(), 1 << 20);
  EXPECT_EQ(job.limits().slots(), 2);
  EXPECT_EQ(job.limits().worker_labels(0), "gpu");
  EXPECT_TRUE(job.in_place());
  EXPECT_TRUE(job.no_merge());
}

TEST_F(NativeGraphTest, FilesAreSentOnceByDigest) {
  Write("lib/copy.awk", "# common\n", false);
  const auto graph = Load(Job("    files: [lib/common.awk, lib/copy.awk]\n"));
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->spec.jobs(0).files_size(), 3);
  EXPECT_EQ(graph->files.size(), 2U);
}

TEST_F(NativeGraphTest, Defaults) {
  const auto graph = Load(Job("    inputs: [b]\n"));
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->spec.default_namespace(), "g");
  EXPECT_EQ(graph->spec.root_uri(), "file://" + folder_.string() + "/data");
  EXPECT_EQ(graph->spec.jobs(0).inputs(0).identity(), v1::IDENTITY_KEY);
  EXPECT_FALSE(graph->spec.jobs(0).no_merge());
  EXPECT_FALSE(graph->spec.jobs(0).has_limits());
}

TEST_F(NativeGraphTest, SameFolderSameSpec) {
  const auto one = Load(kWhole);
  const auto two = LoadNativeGraph(folder_ / "graph.yaml");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->spec.DebugString(), two->spec.DebugString());
}

TEST_F(NativeGraphTest, ErrorsNameThePlace) {
  const struct {
    std::string yaml, error;
  } kCases[] = {
      {"graph: g\nlobs: []\n",
       "graph.yaml:2:1: unknown key 'lobs' in the graph; known: graph, namespace, root, identity, "
       "sources, jobs"},
      {"graph: g\ngraph: h\n", "graph.yaml:2:1: key 'graph' twice in the graph"},
      {"jobs: []\n", "graph.yaml:1:1: the graph: 'graph' is missing"},
      {"graph: g\njobs: []\n", "graph.yaml:2:1: the graph: has no jobs"},
      {"graph: g\njobs: 5\n",
       "graph.yaml:2:1: the graph: 'jobs' must be a list, not a single value"},
      {"graph: [g]\n", "graph.yaml:1:8: 'graph' of the graph must be a single value, not a list"},
      {"[]\n", "graph.yaml:1:1: the graph must be a map, not a list"},
      {"graph: g\nidentity: md5\n",
       "graph.yaml:2:1: the graph: 'identity' is one of key, content, version, not 'md5'"},
      {"graph: g\nsources:\n  - ref: s\n",
       "graph.yaml:3:5: source s: needs exactly one of 'file' and 'uri'"},
      {"graph: g\nsources:\n  - {ref: s, file: a}\n  - {ref: s, file: b}\n",
       "graph.yaml:4:6: source s: is declared twice"},
      {Job("  - label: a\n    outputs: [b]\n    runner: noop\n"),
       "graph.yaml:6:5: job a is declared twice"},
      {Job("    input: [b]\n"),
       "graph.yaml:6:5: unknown key 'input' in a job; known: label, outputs, inputs, run, files, "
       "configure, args, env, version, runner, limits, in_place, merge"},
      {Job("    inputs:\n      - {ref: b, query: c}\n"),
       "graph.yaml:7:9: an input of job a: needs exactly one of 'ref', 'query' and 'order'"},
      {Job("    inputs:\n      - {order: b, identity: key}\n"),
       "graph.yaml:7:20: an input of job a: 'order' reads nothing and has no identity"},
      {Job("    inputs:\n      - {ref: b, presence: awaited}\n"),
       "graph.yaml:7:18: an input of job a: 'presence' is for a 'query': anything else is built or "
       "waited for"},
      {Job("    inputs:\n      - {query: b, wait_max: 5m}\n"),
       "graph.yaml:7:20: an input of job a: 'wait_max' is for a 'query' with 'presence: awaited'"},
      {Job("    inputs:\n      - [b]\n"),
       "graph.yaml:7:9: an input of job a must be a map, not a list"},
      {Job("    version: 1.2\n"),
       "graph.yaml:6:5: job a: 'version' is vMAJOR.MINOR.PATCH, not '1.2'"},
      {Job("    merge: maybe\n"), "graph.yaml:6:5: job a: 'merge' is true or false, not 'maybe'"},
      {Job("    runner: slurm\n"),
       "graph.yaml:6:5: job a: 'runner' is one of exec, noop, not 'slurm'"},
      {Job("    runner: noop\n"),
       "graph.yaml:5:5: job a: the runner noop runs nothing: drop 'run'"},
      {Job("    configure: jobs/configure.py\n    args: [x]\n"),
       "graph.yaml:7:5: job a: 'configure' tells the args: drop 'args'"},
      {Job("    limits: {wall: fast}\n"),
       "graph.yaml:6:14: limits of job a: 'wall' is a length of time such as 10s, 5m or 1h, not "
       "'fast'"},
      {Job("    limits: {memory: 1G}\n"),
       "graph.yaml:6:14: limits of job a: 'memory' is a size such as 512MiB or 5GB, not '1G'"},
      {Job("    limits: {attempts: 0}\n"),
       "graph.yaml:6:14: limits of job a: 'attempts' is a number from 1 to 1000, not '0'"},
      {Job("    env: {a-b: c}\n"),
       "graph.yaml:6:5: job a: 'a-b' is no name of an environment variable"},
      {Job("    env: {FFT_OUT: c}\n"),
       "graph.yaml:6:5: job a: 'FFT_OUT': names that start with FFT_ are the daemon's"},
      {Job("    env: {A: [c]}\n"),
       "graph.yaml:6:14: 'A' in 'env' of job a must be a single value, not a list"},
      {"graph: g\njobs:\n  - label: a\n    outputs: [b]\n",
       "graph.yaml:3:5: job a: 'run' is missing"},
      {"graph: g\njobs:\n  - label: a\n    run: jobs/run.sh\n",
       "graph.yaml:3:5: job a: has no outputs"},
  };
  for (const auto& each : kCases) EXPECT_EQ(ErrorOf(each.yaml), each.error) << each.yaml;
}

TEST_F(NativeGraphTest, MalformedYamlNamesThePlace) {
  EXPECT_THAT(ErrorOf("graph: g\njobs: [a\n"), HasSubstr("graph.yaml:3:1: "));
  EXPECT_THAT(ErrorOf("graph: g\n  jobs: b\n"), HasSubstr("graph.yaml:2:7: "));
  EXPECT_THAT(ErrorOf("graph: \"g\n"), HasSubstr("graph.yaml:"));
  EXPECT_EQ(ErrorOf(""), "graph.yaml: the graph must be a map, not nothing");
  EXPECT_NE(ErrorOf(std::string(100'000, '[')), "no error");
  EXPECT_THAT(ErrorOf(std::string(4 << 20, 'a')), HasSubstr("is larger than 3 MiB"));
}

TEST_F(NativeGraphTest, FileErrorsNameFileAndJob) {
  Write("big", "", false);
  fs::resize_file(folder_ / "big", FrozenFiles::kBytesMax + 1);
  fs::create_symlink("/etc/passwd", folder_ / "out");
  fs::create_directory(folder_ / "empty");
  const struct {
    std::string line, error;
  } kCases[] = {
      {"files: [lib/none]", "'files': lib/none: No such file or directory"},
      {"files: [../x]", "'files': ../x: must lie in the graph's folder"},
      {"files: [lib/../../x]", "'files': lib/../../x: must lie in the graph's folder"},
      {"files: [/etc/passwd]", "'files': /etc/passwd: must lie in the graph's folder"},
      {"files: [out]", "'files': out: leads out of the graph's folder, to /etc/passwd"},
      {"files: [empty]", "'files': empty: an empty folder"},
      {"files: ['']", "'files': a path is empty"},
      {"files: [big]",
       "'files': big: is larger than 64 MiB; large data belongs in a source, not in a job's files"},
      {"configure: lib/common.awk",
       "'configure': lib/common.awk is not an executable file; chmod +x makes it one"},
  };
  for (const auto& each : kCases)
    EXPECT_EQ(ErrorOf(Job("    " + each.line + "\n")), "graph.yaml:6:5: job a: " + each.error);
}

TEST_F(NativeGraphTest, NoSuchFolder) {
  const auto graph = LoadNativeGraph(folder_ / "none");
  EXPECT_EQ(graph.status().code(), Code::kNotFound);
  EXPECT_FALSE(IsNativeGraph(folder_ / "none"));
  EXPECT_FALSE(IsNativeGraph(folder_));
  Write("graph.yaml", "", false);
  EXPECT_TRUE(IsNativeGraph(folder_));
  EXPECT_TRUE(IsNativeGraph(folder_ / "graph.yaml"));
}

}  // namespace
}  // namespace fft
