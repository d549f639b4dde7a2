#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>

#include <gtest/gtest.h>

#include "agent_process.h"
#include "server/base/digest.h"

namespace fft {
namespace {

namespace v1 = build::v1;
namespace fs = std::filesystem;

const std::string kShell = "#!/bin/sh\n";

TEST(AgentTest, PublishesWhatAJobLeaves) {
  WorkerWorld world;
  const v1::RunReport report = world.RunJob(
      1, kShell + "mkdir -p $FFT_OUT/a && printf hello > $FFT_OUT/a/b && echo told", {"a/b"});
  EXPECT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED) << report.message();
  EXPECT_EQ(world.Output("a/b"), "hello");
  ASSERT_EQ(report.outputs_size(), 1);
  EXPECT_EQ(report.outputs(0).ref(), "a/b");
  EXPECT_EQ(report.outputs(0).content(), std::string(Sha256("hello").view()));
  EXPECT_EQ(report.outputs(0).size_bytes(), 5);
  EXPECT_EQ(report.outputs(0).rows(), -1);
  EXPECT_FALSE(report.left_outputs_alone());
  EXPECT_GT(report.start_time().seconds(), 0);
  EXPECT_EQ(world.daemon.AwaitLog(1, "told"), "told\n");
  world.daemon.AwaitStarted(1);
}

TEST(AgentTest, GivesAJobItsEnvironmentAndNothingElse) {
  WorkerWorld world;
  v1::Grant grant = world.Job(7,
                              kShell +
                                  "env | sort > $FFT_OUT/env; cat $FFT_INPUTS > $FFT_OUT/in;"
                                  "cat $FFT_OUTPUTS > $FFT_OUT/out; echo \"$@\" >> $FFT_OUT/out",
                              {"env", "in", "out"});
  v1::Input* input = grant.mutable_config()->add_inputs();
  input->set_ref("x/y");
  input->set_kind(v1::MATERIALIZE);
  input = grant.mutable_config()->add_inputs();
  input->set_ref("z");
  input->set_kind(v1::QUERY);
  input = grant.mutable_config()->add_inputs();
  input->set_ref("before");
  input->set_kind(v1::ORDER);
  grant.add_input_uris("file:///data/some%20where");
  grant.add_input_uris("");
  grant.add_input_uris("");
  grant.mutable_config()->add_args("one");
  grant.mutable_config()->add_args("two words");
  (*grant.mutable_config()->mutable_env())["COLOR"] = "red";
  (*grant.mutable_config()->mutable_env())["TZ"] = "Europe/Rome";
  (*grant.mutable_config()->mutable_env())["FFT_RUN"] = "a lie";
  world.daemon.Grant(grant);
  const v1::RunReport report = world.daemon.AwaitReport(7);
  ASSERT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED) << report.message();
  std::string env = world.Output("env");
  const std::string files = env.substr(env.find("FFT_FILES="), 10 + world.worker_dir().size() + 71);
  EXPECT_EQ(env.erase(env.find(files), files.size() + 1),
            "COLOR=red\nFFT_INPUTS=" + world.worker_dir() +
                "/runs/7/inputs\nFFT_JOB=job\nFFT_MANIFEST=" + world.worker_dir() +
                "/runs/7/manifest\nFFT_OUT=" + (world.dir / "root") +
                "/.fft/staging/7-1\nFFT_OUTPUTS=" + world.worker_dir() +
                "/runs/7/outputs\nFFT_ROOT=" + (world.dir / "root") +
                "\nFFT_RUN=7@1\nHOME=" + world.worker_dir() +
                "/runs/7/scratch\nLANG=C.UTF-8\nPATH=/usr/local/bin:/usr/bin:/bin\nPWD=" +
                world.worker_dir() + "/runs/7/scratch\nTZ=Europe/Rome\n");
  EXPECT_EQ(world.Output("in"), "x/y\t/data/some%20where\nz\t" + (world.dir / "root") + "/z\n");
  EXPECT_EQ(world.Output("out"), "env\nin\nout\none two words\n");
}

TEST(AgentTest, TellsHowAJobFailed) {
  WorkerWorld world;
  const v1::RunReport failed =
      world.RunJob(1, kShell + "echo one; echo 'no such city' >&2; exit 3");
  EXPECT_EQ(failed.outcome(), v1::OUTCOME_FAILED);
  EXPECT_EQ(failed.exit_code(), 3);
  EXPECT_EQ(failed.message(), "exit code 3: no such city");
  EXPECT_TRUE(failed.left_outputs_alone());
  EXPECT_EQ(world.RunJob(2, kShell + "exit 75").outcome(), v1::OUTCOME_RETRIABLE);
  const v1::RunReport broken = world.RunJob(3, kShell + "kill -SEGV $$");
  EXPECT_EQ(broken.outcome(), v1::OUTCOME_FAILED);
  EXPECT_EQ(broken.message(), "ended by SIGSEGV");
  const v1::RunReport killed = world.RunJob(4, kShell + "kill -KILL $$");
  EXPECT_EQ(killed.outcome(), v1::OUTCOME_INFRASTRUCTURE);
  EXPECT_EQ(killed.signal(), SIGKILL);
}

TEST(AgentTest, TellsWhichProgramIsMissing) {
  WorkerWorld world;
  const v1::RunReport missing = world.RunJob(1, "#!/opt/nowhere/python9 -u\n");
  EXPECT_EQ(missing.outcome(), v1::OUTCOME_FAILED);
  EXPECT_EQ(missing.message(),
            "interpreter /opt/nowhere/python9 of bin/job does not exist on this worker");
  const v1::RunReport plain = world.RunJob(2, "just text\n");
  EXPECT_EQ(plain.message(), "bin/job is no program of this machine and has no `#!` line");
  v1::Grant grant = world.Job(3, kShell);
  grant.mutable_config()->set_executable("bin/other");
  world.daemon.Grant(grant);
  EXPECT_EQ(world.daemon.AwaitReport(3).message(),
            "executable bin/other is not among the job's deployed files");
  grant = world.Job(4, kShell);
  grant.mutable_config()->mutable_files(0)->set_digest(std::string(32, 'x'));
  world.daemon.Grant(grant);
  const v1::RunReport blobless = world.daemon.AwaitReport(4);
  EXPECT_EQ(blobless.outcome(), v1::OUTCOME_INFRASTRUCTURE);
  EXPECT_EQ(blobless.message(), "file bin/job: no such blob");
}

TEST(AgentTest, WaitsForFilesWhileTheDaemonCannotReadThem) {
  WorkerWorld world;
  world.daemon.FailBlobs(3);
  EXPECT_EQ(world.RunJob(1, kShell + "exit 0").outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(world.daemon.blob_failures_left(), 0);
}

TEST(AgentTest, RefusesOutputsThatWereNotDeclared) {
  WorkerWorld world;
  const v1::RunReport missing = world.RunJob(1, kShell + ": > $FFT_OUT/a", {"a", "b"});
  EXPECT_EQ(missing.outcome(), v1::OUTCOME_BAD_OUTPUT);
  EXPECT_EQ(missing.message(), "output b is missing: $FFT_OUT/b does not exist");
  EXPECT_TRUE(missing.left_outputs_alone());
  EXPECT_FALSE(fs::exists(world.dir / "root/a"));
  const v1::RunReport extra = world.RunJob(
      2, kShell + "mkdir -p $FFT_OUT/x/z; : > $FFT_OUT/x/y; : > $FFT_OUT/x/z/w", {"x/y"});
  EXPECT_EQ(extra.message(), "it left x/z in $FFT_OUT, which is no output of this run");
  const v1::RunReport lie = world.RunJob(
      3, kShell + ": > $FFT_OUT/a; echo '{\"outputs\":[{\"ref\":\"b\"}]}' > $FFT_MANIFEST", {"a"});
  EXPECT_EQ(lie.outcome(), v1::OUTCOME_BAD_OUTPUT);
  EXPECT_EQ(lie.message(), "$FFT_MANIFEST: it names b, which is no output of this run");
  const v1::RunReport outside = world.RunJob(4, kShell, {"../up"});
  EXPECT_EQ(outside.outcome(), v1::OUTCOME_FAILED);
  EXPECT_EQ(outside.message(), "output ../up can't be a path below the root");
}

TEST(AgentTest, TakesTheManifest) {
  WorkerWorld world;
  const v1::RunReport report = world.RunJob(
      1,
      kShell +
          ": > $FFT_OUT/a; echo '{\"metric\":{\"name\":\"cities\",\"value\":2}}';"
          "echo '{\"manifest\":{\"outputs\":[{\"ref\":\"a\",\"rows\":12},{\"ref\":\"b\",\"uri\":"
          "\"s3://x\"}]}}'; echo '{\"metadata\":{\"k\":1}}' > $FFT_MANIFEST",
      {"a", "b"});
  ASSERT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED) << report.message();
  EXPECT_EQ(report.outputs(0).rows(), 12);
  EXPECT_EQ(report.outputs(1).uri(), "s3://x");
  EXPECT_EQ(report.outputs(1).content(), "");
  EXPECT_EQ(report.metadata(), "{\"k\":1,\"metrics\":{\"cities\":2}}");
}

TEST(AgentTest, ReplacesFoldersWhole) {
  WorkerWorld world;
  world.RunJob(1, kShell + "mkdir $FFT_OUT/d; echo 1 > $FFT_OUT/d/old; echo 1 > $FFT_OUT/d/same",
               {"d"});
  const v1::RunReport report = world.RunJob(
      2, kShell + "mkdir -p $FFT_OUT/d/sub; echo 2 > $FFT_OUT/d/same; ln -s same $FFT_OUT/d/link",
      {"d"});
  ASSERT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED) << report.message();
  EXPECT_FALSE(fs::exists(world.dir / "root/d/old"));
  EXPECT_EQ(world.Output("d/link"), "2\n");
  EXPECT_EQ(report.outputs(0).content(),
            std::string(Sha256("l " + ToHex(Sha256("same")) + " link\nf " + ToHex(Sha256("2\n")) +
                               " same\nd sub\n")
                            .view()));
  const v1::RunReport file = world.RunJob(3, kShell + "echo 3 > $FFT_OUT/d", {"d"});
  ASSERT_EQ(file.outcome(), v1::OUTCOME_SUCCEEDED) << file.message();
  EXPECT_EQ(world.Output("d"), "3\n");
}

TEST(AgentTest, WritesInPlaceWhenDeclared) {
  WorkerWorld world;
  v1::Grant grant =
      world.Job(1, kShell + "test -z \"$FFT_OUT\" && mkdir -p $FFT_ROOT && echo x > $FFT_ROOT/a",
                {"a", "warehouse:table"});
  grant.mutable_config()->set_in_place(true);
  world.daemon.Grant(grant);
  const v1::RunReport report = world.daemon.AwaitReport(1);
  ASSERT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED) << report.message();
  EXPECT_EQ(report.outputs(0).content(), std::string(Sha256("x\n").view()));
  EXPECT_EQ(report.outputs(1).content(), "");
  EXPECT_FALSE(report.left_outputs_alone());
}

TEST(AgentTest, ReportsTimeAndMemoryLimits) {
  WorkerWorld world;
  v1::Grant slow = world.Job(1, kShell + "exec tail -f /dev/null");
  slow.mutable_limits()->mutable_wall_max()->set_nanos(100'000'000);
  world.daemon.Grant(slow);
  v1::Grant fat = world.Job(2, "#!/usr/bin/python3\nx = bytearray(300 << 20)\nwhile True: pass\n");
  fat.mutable_limits()->set_memory_max_bytes(100 << 20);
  world.daemon.Grant(fat);
  EXPECT_EQ(world.daemon.AwaitReport(1).outcome(), v1::OUTCOME_TIME_LIMIT);
  EXPECT_EQ(world.daemon.AwaitReport(1).message(), "ran longer than its limit of 100 ms");
  EXPECT_EQ(world.daemon.AwaitReport(2).outcome(), v1::OUTCOME_MEMORY_LIMIT);
}

TEST(AgentTest, KillsByOrderWhereverARunIs) {
  WorkerWorld world(1);
  world.daemon.Grant(world.Job(1, kShell + "exec tail -f /dev/null"));
  world.daemon.AwaitStarted(1);
  world.daemon.Grant(world.Job(2, kShell));
  v1::DaemonMessage kills;
  kills.add_kills(2);
  kills.add_kills(1);
  world.daemon.Say(kills);
  EXPECT_EQ(world.daemon.AwaitReport(1).outcome(), v1::OUTCOME_CANCELLED);
  EXPECT_EQ(world.daemon.AwaitReport(2).outcome(), v1::OUTCOME_CANCELLED);
  EXPECT_TRUE(world.daemon.AwaitReport(2).left_outputs_alone());
}

TEST(AgentTest, FillsNoMoreSlotsThanItHas) {
  WorkerWorld world(1);
  const std::string path = world.dir / "alone";
  // Whoever finds another's mark runs beside it.
  const std::string job =
      kShell + "mkdir " + path + " || exit 1\nls -R /etc > /dev/null\nrmdir " + path + "\n";
  for (int run = 1; run <= 20; ++run) world.daemon.Grant(world.Job(run, job));
  for (int run = 1; run <= 20; ++run)
    EXPECT_EQ(world.daemon.AwaitReport(run).outcome(), v1::OUTCOME_SUCCEEDED) << run;
}

TEST(AgentTest, RunsConfigureTwiceAndCompares) {
  WorkerWorld world(1);
  v1::Grant grant = world.Job(1, kShell + "echo '{\"for\":\"'$*'\"}'; echo noise >&2");
  grant.set_configure(true);
  grant.mutable_config()->add_args("r/1");
  grant.mutable_config()->add_args("r/2");
  world.daemon.Grant(grant);
  const v1::RunReport report = world.daemon.AwaitReport(1);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED) << report.message();
  EXPECT_EQ(report.stdout_text(), "{\"for\":\"r/1 r/2\"}\n");
  EXPECT_TRUE(report.left_outputs_alone());
  grant = world.Job(2, kShell + "echo same; echo $(cat /proc/sys/kernel/random/uuid)");
  grant.set_configure(true);
  world.daemon.Grant(grant);
  const v1::RunReport unstable = world.daemon.AwaitReport(2);
  EXPECT_EQ(unstable.outcome(), v1::OUTCOME_FAILED);
  EXPECT_EQ(unstable.message(),
            "CONFIGURE_UNSTABLE: executed twice, it printed something else from line 2 on");
  grant = world.Job(3, kShell + "exec yes");
  grant.set_configure(true);
  world.daemon.Grant(grant);
  EXPECT_EQ(world.daemon.AwaitReport(3).message(), "printed more than 3145728 bytes");
}

TEST(AgentTest, AnswersNoopRunsAtOnceAndEachGrantOnce) {
  WorkerWorld world;
  constexpr int kRuns = 20'000;
  world.daemon.AwaitHello(1);
  const auto begin = std::chrono::steady_clock::now();
  v1::DaemonMessage message;
  for (int run = 1; run <= kRuns; ++run) {
    v1::Grant* grant = message.add_grants();
    grant->set_run(run);
    grant->set_epoch(1);
    grant->mutable_config()->set_runner(v1::RUNNER_NOOP);
    grant->mutable_config()->add_outputs("n/" + std::to_string(run));
    if (run % 500 != 0) continue;
    world.daemon.Say(message);
    message.clear_grants();
  }
  world.daemon.AwaitReport(kRuns);
  while (world.daemon.reports() < kRuns) std::this_thread::yield();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%.0f noop runs/s\n", kRuns / took.count());
  EXPECT_EQ(world.daemon.AwaitReport(kRuns).outputs(0).ref(), "n/20000");
  // A repetition changes nothing.
  v1::Grant again;
  again.set_run(kRuns);
  again.set_epoch(1);
  again.mutable_config()->set_runner(v1::RUNNER_NOOP);
  world.daemon.Grant(again);
  world.RunJob(kRuns + 1, kShell);
  EXPECT_EQ(world.daemon.ReportsOf(kRuns), 1);
}

TEST(AgentSpeedTest, ExecutesManyRuns) {
  WorkerWorld world;
  constexpr int kRuns = 1'000;
  const std::string program = ReadFile("/bin/true");
  const v1::Grant pattern = world.Job(1, program);
  const auto begin = std::chrono::steady_clock::now();
  v1::DaemonMessage message;
  for (int run = 1; run <= kRuns; ++run) {
    v1::Grant* grant = message.add_grants();
    *grant = pattern;
    grant->set_run(run);
    grant->mutable_config()->set_in_place(true);
    grant->mutable_config()->add_outputs("n/" + std::to_string(run));
  }
  world.daemon.Say(message);
  world.daemon.Wait([&] { return world.daemon.CountReported() == kRuns; });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%.0f executed runs/s\n", kRuns / took.count());
}

TEST(AgentSpeedTest, PublishesManyRuns) {
  WorkerWorld world;
  constexpr int kRuns = 500;
  const auto begin = std::chrono::steady_clock::now();
  v1::DaemonMessage message;
  for (int run = 1; run <= kRuns; ++run) {
    const std::string ref = "n/" + std::to_string(run);
    *message.add_grants() =
        world.Job(run, kShell + "read ref < $FFT_OUTPUTS; echo 1 > $FFT_OUT/$ref", {ref});
  }
  world.daemon.Say(message);
  world.daemon.Wait([&] { return world.daemon.CountReported() == kRuns; });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(world.daemon.AwaitReport(kRuns).outcome(), v1::OUTCOME_SUCCEEDED);
  std::printf("%.0f published runs/s\n", kRuns / took.count());
}

}  // namespace
}  // namespace fft
