#include "server/app/retention.h"
#include "server/store/pg_archive.h"
#include "tests/store/library_fixture.h"

namespace fft {
namespace {

/// A node that left partition `output`, having read what `input` left at partition 1.
void AddDone(ChangeSet& changes, std::int64_t id, std::int64_t output, RunId input) {
  Node node = SampleNode(id);
  node.outputs = {{output}};
  node.inputs = {{1}};
  node.state = NodeState::kSucceeded;
  node.past.Make().ended_at = At(9);
  changes.nodes.push_back(node);
  Run run = SampleRun(id, id);
  run.outputs = node.outputs.vec();
  run.lease.input_runs = {input};
  run.lease.input_identities = {DigestOf("input")};
  run.lease.granted_at = At(8);
  changes.runs.push_back(run);
}

class ArchiveTest : public LibraryTest {
 protected:
  std::string Ask(const std::string& sql) {
    std::string answer = Psql(sql);
    if (answer.ends_with('\n')) answer.pop_back();
    return answer;
  }

  void RunToRest(TimePoint now) {
    PgArchive archive(conninfo_);
    Retention retention(archive, {.events = Duration(100'000), .builds = Duration(100'000)});
    for (int step = 0; step < 1'000; ++step) {
      const auto more = retention.Step(now);
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) return;
    }
    FAIL() << "there is no end of it";
  }
};

TEST_F(ArchiveTest, DropsWhatIsOldAndNothingThatIsLiveOrShown) {
  ChangeSet changes;
  changes.namespaces = {{.id = {1}, .name = "ns"}};
  for (std::int64_t id = 1; id <= 3; ++id) changes.partitions.push_back(SamplePartition(id));
  AddDone(changes, 1, 1, {});   // replaced by 3, but 2 was made from it
  AddDone(changes, 2, 2, {1});  // live
  AddDone(changes, 3, 1, {});   // live
  AddDone(changes, 4, 3, {3});  // replaced by 5: goes
  AddDone(changes, 5, 3, {3});  // live
  changes.partitions[0].live.run = {3};
  changes.partitions[1].live.run = {2};
  changes.partitions[2].live.run = {5};
  for (const std::int64_t id : {6, 7}) {  // ended without a run: 6 goes, a build still shows 7
    Node node = SampleNode(id);
    node.state = NodeState::kSkipped;
    changes.nodes.push_back(node);
  }
  for (const std::int64_t id : {1, 2}) {
    Build build = SampleBuild(id);
    build.state = BuildState::kSucceeded;
    build.received_at = At(1);
    build.ended_at = At(id == 1 ? 10 : 500);
    changes.builds.push_back(build);
  }
  changes.attachments = {SampleAttachment(1, 1, {{4}, {6}}), SampleAttachment(2, 2, {{7}})};
  changes.withdrawals = {{.build = {1}, .node = {4}}, {.build = {2}, .node = {7}}};
  changes.hits = {{.build = {1}, .partitions = {{2}}, .runs = {{2}}}};
  changes.events = {SampleEvent(1), SampleEvent(2), SampleEvent(3)};
  for (const EventPtr& event : changes.events)
    const_cast<Event&>(*event).at = At(event->seq.value == 3 ? 500 : 1);
  Commit(changes);
  for (const std::int64_t run : {2, 4})
    ASSERT_TRUE(library_.AppendLog({run}, 0, "said something").ok());

  RunToRest(At(550));
  EXPECT_EQ(Ask("SELECT string_agg(id::text, ' ' ORDER BY id) FROM run"), "1 2 3 5");
  EXPECT_EQ(Ask("SELECT string_agg(id::text, ' ' ORDER BY id) FROM node"), "1 2 3 5 7");
  EXPECT_EQ(Ask("SELECT string_agg(partition_id || '@' || run_id, ' ' ORDER BY run_id) "
                "FROM materialisation"),
            "1@1 2@2 1@3 3@5");
  EXPECT_EQ(Ask("SELECT string_agg(id::text, ' ') FROM build"), "2");
  EXPECT_EQ(Ask("SELECT string_agg(build_id::text, ' ') FROM attachment"), "2");
  EXPECT_EQ(Ask("SELECT string_agg(build_id::text, ' ') FROM withdrawal"), "2");
  EXPECT_EQ(Ask("SELECT count(*) FROM build_hits"), "0");
  EXPECT_EQ(Ask("SELECT string_agg(seq::text, ' ') FROM event"), "3");
  EXPECT_EQ(Ask("SELECT string_agg(run_id::text, ' ') FROM log_chunk"), "2");

  const Status dropped = library_.ReadEvents({1}, 10).status();
  EXPECT_EQ(dropped.code(), Code::kOutOfRange);
  EXPECT_EQ(DetailsOf(dropped).metadata.at("oldest"), "3");
  ASSERT_TRUE(library_.ReadEvents({2}, 10).ok());
  ExpectMissing(library_.GetBuild({1}).status(), "BUILD_NOT_FOUND");
  ASSERT_TRUE(library_.GetRun({2}).ok());

  ChangeSet next;  // what was dropped leaves no number to be used again
  next.events = {SampleEvent(4)};
  Commit(next);
}

TEST_F(ArchiveTest, ManifestsAreReadFromTheFirstRunAtAPartition) {
  ChangeSet changes;
  changes.namespaces = {{.id = {1}, .name = "ns"}};
  for (std::int64_t id = 1; id <= 3; ++id) changes.partitions.push_back(SamplePartition(id));
  AddDone(changes, 1, 1, {});
  AddDone(changes, 2, 2, {1});
  AddDone(changes, 3, 2, {1});
  changes.runs[2].report.outcome = Outcome::kFailed;
  Commit(changes);
  EXPECT_EQ(*library_.FirstRunAt({{1}, {2}}), RunId{1});
  EXPECT_EQ(*library_.FirstRunAt({{2}}), RunId{2});
  EXPECT_EQ(*library_.FirstRunAt({{2}, {3}}), RunId{});
  const auto all = library_.ListManifests({});
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->back().run, RunId{2});
  EXPECT_EQ(all->back().outputs, std::vector<PartitionId>{{2}});
  EXPECT_EQ(all->back().inputs, std::vector<PartitionId>{{1}});
  EXPECT_EQ(all->back().input_runs, std::vector<RunId>{{1}});
  EXPECT_EQ(all->back().config_digest, changes.nodes[1].config_digest);
  EXPECT_EQ(library_.ListManifests({2})->size(), 1U);
  EXPECT_TRUE(library_.ListManifests({4})->empty());
}

}  // namespace
}  // namespace fft
