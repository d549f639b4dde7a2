#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/graph_builder.h"
#include "tests/unit/plan/plan_world.h"

namespace fft {
namespace {

using testing::IsEmpty;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

constexpr int kJobs = 12;
constexpr int kSources = 3;

/// A random graph that is edited, damaged and built, again and again.  After every build, what its
/// targets hold must be what a build from nothing would give.
class RandomHistory {
 public:
  explicit RandomHistory(unsigned seed) : random_(seed), spec_(RandomGraph()), world_(spec_) {
    // The first word of a program is what it means; the rest is a comment.
    world_.meaning = [this](const JobConfig& config) {
      const std::string& program = programs_.at(config.frame->job);
      return program.substr(0, program.find(' '));
    };
  }

  void Step() {
    for (int i = Up(3); i > 0; --i) Disturb();
    const auto targets = RandomTargets();
    BuildOptions options;
    options.cache = static_cast<CacheMode>(Up(8) < 6 ? 0 : Up(3));
    if (Up(5) == 0) options.rebuild = {Ref(Up(kJobs - 1))};
    world_.options = options;
    const Plan plan = world_.MakePlan(targets);
    CheckEvidence(plan);
    world_.Build(targets, options);
    for (const std::string& target : targets) {
      ASSERT_TRUE(world_.data.contains(target)) << target;
      ASSERT_EQ(world_.data[target], world_.CleanContent(target)) << target;
      ASSERT_EQ(world_.catalog[target].live.content, world_.data[target]);
    }
    if (!Writes(options.cache)) return;
    ASSERT_THAT(world_.Build(targets), IsEmpty()) << "built twice in a row";
  }

 private:
  int Up(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  static std::string Ref(int job) { return fmt::format("ref{}", job); }
  static std::string Label(int job) { return fmt::format("job{}", job); }

  GraphSpec RandomGraph() {
    std::vector<JobSpec> jobs;
    std::vector<SourceSpec> sources;
    for (int i = 0; i < kSources; ++i) sources.push_back({fmt::format("src{}", i), "file:///src"});
    for (int i = 0; i < kJobs; ++i) {
      std::vector<InputSpec> inputs;
      for (int j = 0; j < i; ++j)
        if (Up(3) == 0) inputs.push_back(By(RandomIdentity(), Ref(j)));
      if (inputs.empty())
        inputs.push_back(By(RandomIdentity(), fmt::format("src{}", Up(kSources - 1))));
      std::vector<std::string> outputs = {Ref(i)};
      if (Up(4) == 0) outputs.push_back(fmt::format("other{}", i));
      programs_[Label(i)] = "0 0";
      jobs.push_back(ExecJob(Label(i), outputs, inputs, programs_[Label(i)]));
    }
    return Graph(std::move(jobs), std::move(sources));
  }
  Identity RandomIdentity() { return Up(1) == 0 ? Identity::kKey : Identity::kContent; }

  std::vector<std::string> RandomTargets() {
    std::vector<std::string> targets = {Ref(kJobs - 1 - Up(2))};
    while (Up(2) == 0) targets.push_back(Ref(Up(kJobs - 1)));
    return targets;
  }

  void Edit(const std::string& job, const std::string& program) {
    programs_[job] = program;
    for (JobSpec& spec : spec_.jobs)
      if (spec.label == job) spec.files[0].digest = Sha256(program);
    world_.Deploy(spec_);
  }

  void Disturb() {
    const std::string job = Label(Up(kJobs - 1));
    const std::string ref = "ref" + job.substr(3);
    switch (Up(6)) {
      case 0: return Edit(job, fmt::format("{} {}", Up(2), Up(2)));
      case 1: return Edit(job, programs_[job] + "!");
      case 2:
        world_.sources[fmt::format("src{}", Up(kSources - 1))] = Sha256(std::to_string(Up(3)));
        return;
      case 3: world_.data.erase(ref); return;
      case 4: return CutShort(ref);
      case 5: return Blunder(job, ref);
      default: return;
    }
  }

  // A run that died amid its work.
  void CutShort(const std::string& ref) {
    if (!world_.catalog.contains(ref)) return;
    world_.catalog[ref].doubt.Set(&Doubt::uncertain_run, RunId{1'000'000});
    world_.data[ref] = Sha256("half of it");
  }

  // A job wrote rubbish, which was read, and found out, and tainted.
  void Blunder(const std::string& job, const std::string& ref) {
    world_.broken_jobs = {job};
    BuildOptions again;
    again.rebuild = {job};
    world_.Build({ref}, again);
    if (Up(1) == 0) world_.Build(RandomTargets());
    world_.broken_jobs.clear();
    for (auto& [name, partition] : world_.catalog) {
      if (name.substr(name.find_first_of("0123456789")) != ref.substr(3)) continue;
      partition.doubt.Set(&Doubt::taint, partition.doubt->taint + 1);
      partition.doubt.Set(&Doubt::tainted_before, RunId{partition.live.run.value + 1});
    }
  }

  static void CheckEvidence(const Plan& plan) {
    for (const PlannedNode& node : plan.nodes) {
      ASSERT_NE(node.reason, Reason::kNone);
      ASSERT_TRUE(node.evidence.starts_with('{') && node.evidence.size() > 2) << node.evidence;
      ASSERT_EQ(node.evidence.find("\"facts\":[]"), std::string::npos) << node.evidence;
    }
  }

  std::mt19937 random_;
  std::map<std::string, std::string> programs_;
  GraphSpec spec_;
  PlanWorld world_;
};

class CleanBuildTest : public testing::TestWithParam<unsigned> {};
TEST_P(CleanBuildTest, NothingIsSkippedThatDiffers) {
  RandomHistory history(GetParam());
  for (int step = 0; step < 25 && !HasFatalFailure(); ++step) {
    SCOPED_TRACE(step);
    history.Step();
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, CleanBuildTest, testing::Range(1U, 101U));

}  // namespace
}  // namespace fft
