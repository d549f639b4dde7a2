#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/world.h"

// SIM_SEED=n replays one world; SIM_SEEDS=n runs that many (default 500).

namespace fft::sim {
namespace {

std::vector<std::uint64_t> Seeds() {
  if (const char* one = std::getenv("SIM_SEED")) return {std::strtoull(one, nullptr, 10)};
  const char* many = std::getenv("SIM_SEEDS");
  std::vector<std::uint64_t> seeds(many == nullptr ? 500 : std::strtoull(many, nullptr, 10));
  for (std::size_t i = 0; i < seeds.size(); ++i) seeds[i] = i + 1;
  return seeds;
}

constexpr Faults kAllFaults{.crash = 0.003,
                            .commit_refused = 0.01,
                            .commit_in_doubt = 0.01,
                            .stream_breaks = 0.004,
                            .goes_silent = 0.0005,
                            .repeat = 0.1,
                            .run_fails = 0.01,
                            .run_retriable = 0.05,
                            .run_breaks = 0.05,
                            .run_is_wrong = 0.02,
                            .taint = 0.01,
                            .cancel = 0.001,
                            .pause = 0.002};

BuildOptions RandomOptions(std::mt19937_64& rng) {
  BuildOptions options;
  options.discipline = rng() % 2 == 0 ? Discipline::kEager : Discipline::kLevels;
  options.keeps_going = rng() % 2 == 0;
  options.jobs_max = rng() % 4 == 0 ? 2 : 0;
  options.priority = static_cast<int>(rng() % 3);
  if (rng() % 8 == 0) options.cache = static_cast<CacheMode>(rng() % 4);
  if (rng() % 8 == 0) options.rebuild = {"n/0*"};
  return options;
}

void EditSomething(Project& project, World& world) {
  std::mt19937_64& rng = world.rng();
  switch (rng() % 5) {
    case 0: return project.EditProgram(rng);
    case 1: return project.EditComment(rng);
    case 2: return project.EditVersion(rng);
    case 3: return project.EditSource(rng, world.disk());
    default: break;
  }
  if (world.disk().empty()) return;
  auto lost = world.disk().begin();
  std::advance(lost, static_cast<std::ptrdiff_t>(rng() % world.disk().size()));
  if (lost->first.starts_with("file:///data")) world.disk().erase(lost);
}

// Several clients at once, some with another revision of the graph; then edits, then again.
void RunWorld(std::uint64_t seed, const Faults& faults) {
  World world(seed, 1 + static_cast<int>(seed % 4), faults);
  Project project(world.rng(), 5 + static_cast<int>(seed % 20));
  for (int round = 0; round < 4; ++round) {
    const int clients = 1 + static_cast<int>(world.rng()() % 4);
    for (int client = 0; client < clients; ++client) {
      Project own = project;  // a colleague's branch
      if (world.rng()() % 3 == 0) own.EditProgram(world.rng());
      const auto targets = own.RandomTargets(world.rng());
      const BuildOptions options = RandomOptions(world.rng());
      const int alike = world.rng()() % 3 == 0 ? 2 + static_cast<int>(world.rng()() % 3) : 1;
      for (int i = 0; i < alike; ++i) world.Request(own.Compile(), targets, options);
    }
    ASSERT_TRUE(world.RunUntilSettled(std::chrono::hours(4))) << world.transcript();
    world.CheckRest();
    ASSERT_THAT(world.violations(), testing::IsEmpty()) << world.transcript();
    world.TaintWhatWentWrong();
    ASSERT_THAT(world.violations(), testing::IsEmpty()) << world.transcript();
    const int edits = static_cast<int>(world.rng()() % 4);
    for (int i = 0; i < edits; ++i) EditSomething(project, world);
  }
}

TEST(Simulation, EveryPromiseHoldsUnderAllFaultsAtOnce) {
  for (const std::uint64_t seed : Seeds()) {
    SCOPED_TRACE(fmt::format("replay with SIM_SEED={}", seed));
    RunWorld(seed, kAllFaults);
    if (HasFatalFailure()) return;
  }
}

TEST(Simulation, WithoutFaultsEveryBuildSucceedsAndTheNextRunsNothing) {
  for (const std::uint64_t seed : Seeds()) {
    SCOPED_TRACE(fmt::format("replay with SIM_SEED={}", seed));
    World world(seed, 2, {});
    Project project(world.rng(), 20);
    const auto targets = project.RandomTargets(world.rng());
    for (int round = 0; round < 2; ++round) {
      world.Request(project.Compile(), targets, {});
      ASSERT_TRUE(world.RunUntilSettled(std::chrono::hours(4))) << world.transcript();
    }
    const auto runs = world.runs_started();
    world.Request(project.Compile(), targets, {});
    ASSERT_TRUE(world.RunUntilSettled(std::chrono::hours(4))) << world.transcript();
    EXPECT_EQ(world.runs_started(), runs);
    for (const auto& [id, build] : world.builds()) EXPECT_EQ(build.state, BuildState::kSucceeded);
    ASSERT_THAT(world.violations(), testing::IsEmpty()) << world.transcript();
  }
}

// Results are of one version of each source, and later nothing passes for made of what it was not.
TEST(Simulation, SourcesThatAreEditedAmidBuilds) {
  Faults faults = kAllFaults;
  faults.run_is_wrong = faults.taint = 0;
  faults.edit = 0.01;
  for (const std::uint64_t seed : Seeds()) {
    SCOPED_TRACE(fmt::format("replay with SIM_SEED={}", seed));
    World world(seed, 1 + static_cast<int>(seed % 4), faults);
    Project project(world.rng(), 5 + static_cast<int>(seed % 12));
    for (int round = 0; round < 4; ++round) {
      world.KeepSources(round % 2 == 1);
      const int clients = 1 + static_cast<int>(world.rng()() % 3);
      for (int client = 0; client < clients; ++client)
        world.Request(project.Compile(), project.RandomTargets(world.rng()),
                      round % 2 == 1 ? BuildOptions() : RandomOptions(world.rng()));
      ASSERT_TRUE(world.RunUntilSettled(std::chrono::hours(4))) << world.transcript();
      world.CheckRest();
      ASSERT_THAT(world.violations(), testing::IsEmpty()) << world.transcript();
    }
  }
}

TEST(Simulation, TheSameSeedTellsTheSameStory) {
  const auto story = [] {
    World world(7, 3, kAllFaults);
    Project project(world.rng(), 20);
    world.Request(project.Compile(), project.RandomTargets(world.rng()), {});
    world.RunUntilSettled(std::chrono::hours(4));
    return world.transcript();
  };
  EXPECT_EQ(story(), story());
}

}  // namespace
}  // namespace fft::sim
