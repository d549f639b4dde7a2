#include "server/app/retention.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace fft {
namespace {

constexpr Duration kDay{24LL * 3'600'000};

/// Runs, what is live, and which nodes builds show; in pages so small that every seam is met.
class SmallArchive final : public Archive {
 public:
  StatusOr<std::int64_t> DropEvents(TimePoint before, int) override {
    if (events.empty() || events.front() >= before) return 0;
    events.erase(events.begin());
    return 1;
  }
  StatusOr<std::int64_t> DropLogs(TimePoint, int) override { return 0; }
  StatusOr<std::int64_t> DropBuilds(TimePoint, int) override { return 0; }
  StatusOr<LivePage> ListLive(PartitionId after, int) override {
    const auto next = live.upper_bound(after);
    if (next == live.end()) return LivePage{};
    return LivePage{.runs = {next->second}, .last = next->first};
  }
  StatusOr<std::vector<NodeId>> ListShown(TimePoint) override {
    return std::vector<NodeId>(shown.begin(), shown.end());
  }
  StatusOr<RunId> LastRun() override { return runs.empty() ? RunId{} : runs.rbegin()->first; }
  StatusOr<std::vector<OldRun>> ListRunsBelow(RunId below, int) override {
    if (fails_once) {
      fails_once = false;
      return Error(Code::kUnavailable, "the database is gone");
    }
    std::vector<OldRun> page;
    for (auto at = runs.lower_bound(below); at != runs.begin() && page.size() < 3;)
      page.push_back((--at)->second);
    return page;
  }
  Status DropRuns(const std::vector<RunId>& gone) override {
    for (const RunId run : gone) EXPECT_EQ(runs.erase(run), 1U);
    return Ok();
  }
  StatusOr<std::int64_t> DropNodes(TimePoint, const std::vector<NodeId>&, int,
                                   NodeId* cursor) override {
    *cursor = {};
    ++node_walks;
    return 0;
  }

  std::map<RunId, OldRun> runs;
  std::map<PartitionId, RunId> live;
  std::set<NodeId> shown;
  std::vector<TimePoint> events;
  int node_walks = 0;
  bool fails_once = false;
};

void RunToRest(Retention& retention, TimePoint now) {
  for (int step = 0; step < 10'000; ++step) {
    const auto more = retention.Step(now);
    if (more.ok() && !*more) return;
  }
  FAIL() << "there is no end of it";
}

// What must stay, found the other way round: from each root as deep as it goes.
void Reach(const std::map<RunId, OldRun>& runs, RunId run, std::set<RunId>& reached) {
  const auto at = runs.find(run);
  if (at == runs.end() || !reached.insert(run).second) return;
  for (const RunId input : at->second.input_runs) Reach(runs, input, reached);
}

TEST(Retention, KeepsWhatIsLiveAndAllThatItWasMadeFrom) {
  std::mt19937_64 rng(1);
  for (int round = 0; round < 200; ++round) {
    SmallArchive archive;
    const TimePoint now = FromMillis(1'000'000'000'000);
    for (std::int64_t id = 1; id <= 60; ++id) {
      OldRun run{.run = {id}, .node = {1000 + id}, .ended_at = now - kDay * 100, .input_runs = {}};
      if (id > 50 && rng() % 2 == 0) run.ended_at = now - kDay;
      for (std::size_t i = rng() % 3; i > 0 && id > 1; --i)
        run.input_runs.push_back({1 + static_cast<std::int64_t>(rng() % (id - 1))});
      archive.runs[run.run] = run;
      if (rng() % 12 == 0) archive.live[{id}] = run.run;
      if (rng() % 20 == 0) archive.shown.insert(run.node);
    }
    std::set<RunId> wanted;
    for (const auto& [partition, run] : archive.live) Reach(archive.runs, run, wanted);
    for (const auto& [id, run] : archive.runs)
      if (run.ended_at >= now - kDay * 90 || archive.shown.contains(run.node))
        Reach(archive.runs, id, wanted);
    Retention retention(archive, {});
    archive.fails_once = round % 3 == 0;
    RunToRest(retention, now);
    std::set<RunId> stayed;
    for (const auto& [id, run] : archive.runs) stayed.insert(id);
    ASSERT_EQ(stayed, wanted) << "round " << round;
    EXPECT_LT(stayed.size(), 60U);
  }
}

TEST(Retention, LooksAtAllRunsNoOftenerThanItIsTold) {
  SmallArchive archive;
  Retention retention(archive, {.history_every = std::chrono::hours(1)});
  const TimePoint now = FromMillis(1'000'000'000'000);
  RunToRest(retention, now);
  RunToRest(retention, now + std::chrono::minutes(59));
  EXPECT_EQ(archive.node_walks, 1);
  RunToRest(retention, now + std::chrono::hours(1));
  EXPECT_EQ(archive.node_walks, 2);
}

TEST(Retention, ZeroKeepsForEver) {
  SmallArchive archive;
  archive.events = {FromMillis(1), FromMillis(2)};
  archive.runs[{1}] = {.run = {1}, .node = {1}, .ended_at = FromMillis(1), .input_runs = {}};
  Retention forever(archive, {.events = Duration(0), .logs = Duration(0), .builds = Duration(0)});
  RunToRest(forever, FromMillis(1'000'000'000'000));
  EXPECT_EQ(archive.events.size(), 2U);
  EXPECT_EQ(archive.runs.size(), 1U);
  Retention month(archive, {});
  RunToRest(month, FromMillis(1'000'000'000'000));
  EXPECT_TRUE(archive.events.empty());
  EXPECT_TRUE(archive.runs.empty());
}

}  // namespace
}  // namespace fft
