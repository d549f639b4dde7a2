#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/graph_builder.h"
#include "tests/unit/plan/plan_world.h"

namespace fft {
namespace {

using testing::ElementsAre;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

JobSpec SqlJob(const std::string& label, std::vector<InputSpec> inputs, Materialization kind) {
  JobSpec job = NoopJob(label, {label}, std::move(inputs));
  job.runner = Runner::kSql;
  job.files = {{"q", Sha256("select " + label), 1, false}};
  SqlTask task;
  task.query = "q";
  task.materialization = kind;
  job.sql = task;
  return job;
}

// t (table) -> v (view) -> w (view); u (table) reads t, too.
GraphSpec Views() {
  GraphSpec graph = Graph({SqlJob("t", {}, Materialization::kTable),
                           SqlJob("u", {Key("t")}, Materialization::kTable),
                           SqlJob("v", {Key("t")}, Materialization::kView),
                           SqlJob("w", {Key("v")}, Materialization::kView)});
  graph.root_uri = "postgresql://h:1/d/s";
  return graph;
}

TEST(DroppedWithInputs, AViewIsLookedForAgainWhenItsTableIsMadeAnew) {
  PlanWorld world(Views());
  world.Build({"u", "w"});
  EXPECT_THAT(world.Words(world.MakePlan({"u", "v", "w"})),
              ElementsAre("HIT u *", "HIT v *", "HIT w *"));
  world.options.rebuild = {"t"};
  // The table under its old key leaves its readers valid; but the views go with it.
  EXPECT_THAT(world.Words(world.MakePlan({"u", "v", "w"})),
              ElementsAre("EXECUTE! REBUILD_REQUESTED t L0", "UNDECIDED INPUT_UNDECIDED v L1",
                          "UNDECIDED INPUT_UNDECIDED w L2", "HIT u *"));
}

TEST(DroppedWithInputs, AViewOverWhatStaysIsAHit) {
  PlanWorld world(Views());
  world.Build({"u", "w"});
  world.data.erase("u");
  EXPECT_THAT(world.Words(world.MakePlan({"u", "v"})),
              ElementsAre("EXECUTE! DATA_MISSING u L0", "HIT t", "HIT v *"));
}

}  // namespace
}  // namespace fft
