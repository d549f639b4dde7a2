#include <gmock/gmock.h>

#include "tests/store/library_fixture.h"

namespace fft {
namespace {

TEST_F(LibraryTest, PartitionsAreFoundByRefAndByNumber) {
  Commit(Everything());
  EXPECT_EQ(library_.GetPartition("ns", "a/2")->partition, SamplePartition(2));
  const Status missing = library_.GetPartition("other", "a/2").status();
  ExpectMissing(missing, "PARTITION_NOT_FOUND");
  EXPECT_EQ(Message(missing), "partition a/2 in namespace other does not exist");
  EXPECT_EQ(*library_.GetPartitions({{2}, {1}, {2}}),
            (std::vector<Partition>{SamplePartition(2), SamplePartition(1), SamplePartition(2)}));
  EXPECT_TRUE(library_.GetPartitions({})->empty());
  ExpectMissing(library_.GetPartitions({{1}, {8}}).status(), "PARTITION_NOT_FOUND");
}

TEST_F(LibraryTest, PartitionsAreListedByPrefixAndGlob) {
  ChangeSet changes;
  changes.namespaces = {{.id = {1}, .name = "ns"}, {.id = {2}, .name = "other"}};
  const std::vector<std::string> refs = {
      "w/Oslo/2012-01", "w/Oslo/2012-02",    "w/Paris/2012-01", "w_1", "w%1",
      "w\\1",           "\xC3\xA9t\xC3\xA9", "W/Oslo"};
  for (const std::string& ref : refs) {
    changes.partitions.push_back(
        SamplePartition(static_cast<std::int64_t>(changes.partitions.size()) + 1));
    changes.partitions.back().ref = ref;
  }
  changes.partitions.push_back(SamplePartition(100));
  changes.partitions.back().ns = {2};
  Commit(changes);
  const auto list = [&](const std::string& prefix, const std::string& glob) {
    std::string found;
    for (const PartitionNow& now : All<PartitionNow>(2, [&](const PageRequest& page) {
           return library_.ListPartitions({.ns = "ns", .prefix = prefix, .glob = glob}, page);
         }))
      found += now.partition.ref.str() + " ";
    return found;
  };
  EXPECT_EQ(list("", ""),
            "W/Oslo w%1 w/Oslo/2012-01 w/Oslo/2012-02 w/Paris/2012-01 w\\1 w_1 "
            "\xC3\xA9t\xC3\xA9 ");
  EXPECT_EQ(list("w/Oslo/", ""), "w/Oslo/2012-01 w/Oslo/2012-02 ");
  EXPECT_EQ(list("", "w/*/2012-01"), "w/Oslo/2012-01 w/Paris/2012-01 ");
  EXPECT_EQ(list("w_", ""), "w_1 ");
  EXPECT_EQ(list("", "w?1"), "w%1 w\\1 w_1 ");
  EXPECT_EQ(list("", "w\\*"), "w\\1 ");
  EXPECT_EQ(list("", "?t?"), "\xC3\xA9t\xC3\xA9 ");
  EXPECT_TRUE(library_.ListPartitions({.ns = "nowhere"}, {})->items.empty());
}

TEST_F(LibraryTest, APartitionIsAsTheNewestNodeThatMakesIt) {
  ChangeSet changes = Everything();
  changes.nodes.push_back(SampleNode(3));
  changes.nodes.push_back(SampleNode(4));
  changes.nodes[0].outputs = {{1}};
  changes.nodes[1].outputs = {{2}};
  changes.nodes[2].outputs = {{1}, {2}};
  changes.nodes[2].state = NodeState::kFailed;
  changes.nodes[3].outputs = {{1}};
  changes.nodes[3].state = NodeState::kWaiting;
  changes.leases = {SampleLease(9, 4)};
  changes.leases[0].started_at = {};
  Commit(changes);
  const auto maker = [&](const char* ref) {
    const PartitionNow now = *library_.GetPartition("ns", ref);
    return std::pair(now.maker, now.maker_state);
  };
  EXPECT_EQ(maker("a/1"), std::pair(NodeId{4}, NodeState::kReady));  // granted
  EXPECT_EQ(maker("a/2"), std::pair(NodeId{3}, NodeState::kFailed));
  ChangeSet started;
  started.lease_starts = {{.run = {9}, .at = TimePoint(Duration(5))}};
  Commit(started);
  EXPECT_EQ(maker("a/1"), std::pair(NodeId{4}, NodeState::kRunning));
  Psql("DELETE FROM node; DELETE FROM node_further_output");
  EXPECT_EQ(maker("a/1").first, NodeId{});
}

TEST_F(LibraryTest, MaterialisationsFollowFromSuccessfulRuns) {
  ChangeSet changes = Everything();
  for (std::int64_t run = 3; run <= 6; ++run) changes.runs.push_back(SampleRun(run, 2));
  changes.runs[3].report.outcome = Outcome::kFailed;  // run 5
  Commit(changes);
  const auto left = All<Materialisation>(
      2, [&](const PageRequest& page) { return library_.ListMaterialisations("ns", "a/2", page); });
  ASSERT_EQ(left.size(), 4U);
  EXPECT_EQ(left[0].run, RunId{6});
  EXPECT_EQ(left[1].run, RunId{4});
  // The live one has the partition's version.
  EXPECT_EQ(left[3], (Materialisation{.run = {2},
                                      .key = DigestOf("result"),
                                      .content = DigestOf("out"),
                                      .rows = 5,
                                      .bytes = 6,
                                      .major_version = 3,
                                      .is_reusable = false,
                                      .uri = "file:///x",
                                      .at = At(9)}));
  ExpectMissing(library_.ListMaterialisations("ns", "b", {}).status(), "PARTITION_NOT_FOUND");
}

TEST_F(LibraryTest, ConfigureAnswersAreRemembered) {
  ChangeSet changes;
  const JobConfigPtr shared = SampleConfig(5);
  changes.configure_answers = {
      {.job_digest = DigestOf("j"), .ref = "a", .config = shared},
      {.job_digest = DigestOf("j"), .ref = "b", .config = shared},
      {.job_digest = DigestOf("k"), .ref = "a", .config = SampleConfig(6)},
      {.job_digest = DigestOf("j"), .ref = "a", .config = SampleConfig(7)}};
  Commit(changes);
  const auto answers = library_.FindConfigureAnswers(DigestOf("j"), {"b", "a", "c"});
  ASSERT_TRUE(answers.ok()) << answers.status();
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ((*answers)[0].ref, "a");
  EXPECT_EQ(*(*answers)[0].config, *SampleConfig(7));
  EXPECT_EQ(*(*answers)[1].config, *shared);
  Commit(changes);  // the same again, of a build that asked at the same time
}

GraphRevision SampleRevision(const std::string& graph, const std::string& what) {
  GraphRevision revision{
      .spec = {}, .revision = DigestOf(what), .deployed_by = "ada", .deployed_at = At(1)};
  revision.spec = {.name = graph,
                   .default_namespace = "prod",
                   .root_uri = "file:///" + what,
                   .jobs = {},
                   .sources = {{.ref = "in", .uri = "file:///in"}}};
  JobSpec job;
  job.label = "daily";
  job.outputs = {"w/{city}/{date}"};
  job.inputs = {{.ref = "in", .kind = InputKind::kOrder, .identity = Identity::kVersion}};
  job.args = {"{date:%Y-%m}"};
  job.env = {{"A", "b"}};
  job.executable = job.configure = "bin/x";
  job.files = {{.path = "bin/x", .digest = DigestOf("x"), .bytes = 1, .executable = true}};
  job.version = "v1.2.3";
  job.limits = {.attempts_max = 9,
                .wall_max = Duration(5),
                .kill_after = Duration(6),
                .memory_max = 7,
                .log_max = 8,
                .slots = 2,
                .worker_labels = {"gpu"}};
  job.is_in_place = true;
  job.is_merged = false;
  revision.spec.jobs = {job};
  return revision;
}

TEST_F(LibraryTest, WhatLiesWithinARefIsFound) {
  ChangeSet changes;
  changes.namespaces = {{.id = {1}, .name = "ns"}, {.id = {2}, .name = "other"}};
  for (const std::string ref : {"a", "a/b", "a/b/c", "a0", "a/d", "ab/c", "e/f"}) {
    changes.partitions.push_back(
        SamplePartition(static_cast<std::int64_t>(changes.partitions.size()) + 1));
    changes.partitions.back().ref = ref;
    if (ref == "a/d") changes.partitions.back().live.run = {};
    if (ref == "e/f") changes.partitions.back().ns = {2};
  }
  Commit(changes);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(*library_.FindWithin("ns", {"a", "a/b", "e", "x"}),
            (Pairs{{"a", "a/b"}, {"a", "a/b/c"}, {"a/b", "a/b/c"}}));
  EXPECT_EQ(*library_.FindWithin("other", {"a", "e"}), (Pairs{{"e", "e/f"}}));
}

TEST_F(LibraryTest, APartitionSaysWhereItIsAlsoByDefault) {
  ChangeSet changes = Everything();
  changes.namespaces.push_back({.id = {2}, .name = "prod"});
  for (Partition& partition : changes.partitions) {
    partition.live.run = {2};
    partition.live.uri = {};
  }
  changes.partitions[1].ns = {2};
  Commit(changes);
  const auto place = [&](const char* ns, const char* ref) {
    return *library_.PlaceOf(library_.GetPartition(ns, ref)->partition, ns);
  };
  EXPECT_EQ(place("prod", "a/2"), "");  // dropped since
  GraphRevision revision = SampleRevision("weather", "data");
  revision.revision = DigestOf("revision");
  ASSERT_EQ(library_.SaveRevision(revision), Ok());
  EXPECT_EQ(place("prod", "a/2"), "file:///data/a/2");
  EXPECT_EQ(place("ns", "a/1"), "file:///data/.fft/namespace=ns/a/1");
}

TEST_F(LibraryTest, TheLatestDeployedRevisionIsTheGraphs) {
  const GraphRevision one = SampleRevision("weather", "one"),
                      two = SampleRevision("weather", "two");
  ASSERT_EQ(library_.SaveRevision(one), Ok());
  ASSERT_EQ(library_.SaveRevision(two), Ok());
  const auto latest = library_.GetRevision("weather", {});
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_EQ(latest->spec, two.spec);
  EXPECT_EQ(latest->revision, two.revision);
  EXPECT_EQ(latest->deployed_by, "ada");
  EXPECT_EQ(latest->deployed_at, At(1));
  EXPECT_EQ(library_.GetRevision("weather", one.revision)->spec, one.spec);
  ASSERT_EQ(library_.SaveRevision(one), Ok());  // back to the one before
  EXPECT_EQ(library_.GetRevision("weather", {})->revision, one.revision);
  ExpectMissing(library_.GetRevision("nope", {}).status(), "GRAPH_NOT_FOUND");
  ExpectMissing(library_.GetRevision("nope", one.revision).status(), "GRAPH_NOT_FOUND");
  ExpectMissing(library_.GetRevision("weather", DigestOf("?")).status(), "REVISION_NOT_FOUND");

  const std::string digits = ToHex(one.revision);
  EXPECT_EQ(library_.FindRevision("weather", digits.substr(0, 6))->spec, one.spec);
  EXPECT_EQ(library_.FindRevision("weather", digits.substr(0, 63))->spec, one.spec);
  const Status several = library_.FindRevision("weather", "").status();
  EXPECT_EQ(DetailsOf(several).reason, "AMBIGUOUS_REVISION");
  EXPECT_THAT(Message(several),
              testing::HasSubstr(digits + " and " + ToHex(two.revision) + " both begin with "));
  ExpectMissing(library_.FindRevision("weather", digits.substr(1, 12)).status(),
                "REVISION_NOT_FOUND");
  ExpectMissing(library_.FindRevision("nope", digits).status(), "GRAPH_NOT_FOUND");

  ASSERT_EQ(library_.SaveRevision(SampleRevision("a", "a")), Ok());
  ASSERT_EQ(library_.SaveRevision(SampleRevision("z", "z")), Ok());
  std::string names;
  for (const GraphRevision& graph :
       All<GraphRevision>(2, [&](const PageRequest& page) { return library_.ListGraphs(page); }))
    names += graph.spec.name + "@" + graph.spec.root_uri + " ";
  EXPECT_EQ(names, "a@file:///a weather@file:///one z@file:///z ");

  EXPECT_TRUE(*library_.DeployAgain("weather", two.revision, "bob", At(2)));
  EXPECT_EQ(library_.GetRevision("weather", {})->spec, two.spec);
  EXPECT_EQ(library_.GetRevision("weather", {})->deployed_by, "bob");
  EXPECT_EQ(library_.GetRevision("weather", {})->deployed_at, At(2));
  EXPECT_FALSE(*library_.DeployAgain("weather", DigestOf("?"), "bob", At(3)));
  EXPECT_EQ(library_.GetRevision("weather", {})->revision, two.revision);
}

TEST_F(LibraryTest, BlobsAreKeptByWhatTheyHold) {
  const std::string bytes("\0binary\xFF", 8);
  ASSERT_EQ(library_.WriteBlob(Sha256(bytes), bytes), Ok());
  ASSERT_EQ(library_.WriteBlob(Sha256(bytes), bytes), Ok());
  EXPECT_EQ(*library_.ReadBlob(Sha256(bytes)), bytes);
  ASSERT_EQ(library_.WriteBlob(Sha256(""), ""), Ok());
  EXPECT_EQ(*library_.ReadBlob(Sha256("")), "");
  EXPECT_EQ(*library_.FindMissingBlobs({DigestOf("b"), Sha256(bytes), DigestOf("a")}),
            (std::vector<Digest>{DigestOf("b"), DigestOf("a")}));
  EXPECT_EQ(library_.WriteBlob(DigestOf("other"), bytes).code(), Code::kInvalidArgument);
  ExpectMissing(library_.ReadBlob(DigestOf("a")).status(), "BLOB_NOT_FOUND");
}

TEST_F(LibraryTest, AuditRowsAreReadable) {
  ASSERT_EQ(library_.Audit("ada", "CancelBuild", "refused: not hers", At(0)), Ok());
  EXPECT_EQ(Psql("SELECT principal, method, outcome, extract(epoch FROM at) FROM audit"),
            "ada|CancelBuild|refused: not hers|1700000000.123000\n");
}

}  // namespace
}  // namespace fft
