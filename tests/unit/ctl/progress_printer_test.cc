#include "client/ctl/progress_printer.h"

#include <sstream>

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

namespace v1 = build::v1;

v1::WatchResponse Message(const std::string& text) {
  v1::WatchResponse message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

/// A printer and what it wrote.
struct Screen {
  explicit Screen(bool is_verbose)
      : printer(out, is_verbose, [](std::int64_t) { return "pool warehouse is full"; }) {}
  /// What `message` made it write, `ms` after the first one.
  std::string At(int ms, const std::string& message) {
    out.str("");
    printer.Take(Message(message), FromMillis(1'000'000 + ms));
    return out.str();
  }
  std::ostringstream out;
  ProgressPrinter printer;
};

constexpr char kAttached[] = R"(events { nodes_attached { build: 7
  changes { node: 1 job: "daily" outputs: "w/d/1" state: NODE_READY level: 1 }
  changes { node: 2 job: "daily" outputs: "w/d/2" state: NODE_READY level: 1 }
  changes { node: 3 job: "month" outputs: "w/m/1" outputs: "w/m/2" state: NODE_WAITING level: 2 }
} })";
constexpr char kRunning[] = R"(events { nodes_changed { state: NODE_RUNNING
  changes { node: 1 job: "daily" outputs: "w/d/1" run: 11 }
  changes { node: 2 job: "daily" outputs: "w/d/2" run: 12 } } })";
constexpr char kFailed[] = R"(events { nodes_changed { state: NODE_FAILED
  changes { node: 1 job: "daily" outputs: "w/d/1" run: 11 reason: "JOB_FAILED"
            message: "exit 3\none\ntwo\nthree\nfour\nfive\nsix\n" } } })";
constexpr char kOneDone[] = R"(events { nodes_changed { state: NODE_SUCCEEDED
  changes { node: 2 job: "daily" outputs: "w/d/2" run: 12 reason: "NEVER_BUILT" } } })";
constexpr char kUpstream[] = R"(events { nodes_changed { state: NODE_FAILED
  changes { node: 3 job: "month" outputs: "w/m/1" outputs: "w/m/2" reason: "UPSTREAM_FAILED" } } })";

TEST(ProgressPrinter, SaysWhatIsWaitedForWhenNothingHappens) {
  Screen screen(false);
  screen.At(0, kAttached);
  EXPECT_THAT(screen.At(5'000, ""),
              testing::EndsWith("0 of 3 done, 0 running; L01 of 2: 0 of 2\n"));
  EXPECT_THAT(screen.At(16'000, ""), testing::EndsWith("  node 1: pool warehouse is full\n"));
  screen.At(17'000, kRunning);
  EXPECT_THAT(screen.At(40'000, ""), testing::Not(testing::HasSubstr("warehouse")));
}

TEST(ProgressPrinter, WhatGoesOnForOthersIsDoneHere) {
  Screen screen(true);
  screen.At(0, kAttached);
  EXPECT_EQ(screen.At(1'000, R"(events { nodes_withdrawn { build: 7 changes { node: 1 job: "daily"
              outputs: "w/d/1" state: NODE_CANCELLED reason: "FAIL_FAST"
              message: "it goes on for others" } } })"),
            "L01 cancelled w/d/1 (daily) FAIL_FAST: it goes on for others\n"
            "   1.0 s  1 of 3 done, 0 running; L01 of 2: 1 of 2\n");
}

TEST(ProgressPrinter, SaysWhoseWorkItJoined) {
  Screen screen(false);
  EXPECT_THAT(screen.At(0, R"(events { nodes_attached { build: 8 changes { node: 1 job: "daily"
                outputs: "w/d/1" joined: true message: "it joins build 7" } } })"),
              testing::StartsWith("it joins build 7: w/d/1 (daily)\n"));
}

TEST(ProgressPrinter, TellsTheStart) {
  Screen screen(false);
  EXPECT_EQ(screen.At(0, R"(events { build_changed { build { id: 7 state: BUILD_RECEIVED
              graph: "weather" revision: "0123456789abcdef0123" targets: "a" targets: "b" } } })"),
            "build 7 received: weather@0123456789ab, 2 targets\n");
  EXPECT_EQ(screen.At(1, R"(events { build_changed { build { id: 7 state: BUILD_PLANNING } } })"),
            "build 7 planning\n");
  const std::string executing =
      "events { build_changed { build { id: 7 state: BUILD_EXECUTING } } }";
  EXPECT_EQ(screen.At(2, executing), "");  // what there is to do comes next
  EXPECT_EQ(screen.At(3, "events { nodes_skipped { build: 7 count: 2890 } }"), "");
  EXPECT_EQ(screen.At(4, R"(events { nodes_attached { build: 7
              changes { node: 1 job: "j" outputs: "a" joined: true message: "it joins build 6" }
              changes { node: 2 job: "j" outputs: "b" } } })"),
            "");
  EXPECT_EQ(screen.At(5, R"(events { nodes_changed { state: NODE_READY
              changes { node: 1 job: "j" outputs: "a" } } })"),
            "build 7 executing: 2892 nodes, 2890 cached, 2 to do\nit joins build 6: a (j)\n");
  EXPECT_EQ(screen.At(6, executing), "");
}

TEST(ProgressPrinter, TellsHowFarABuildIsThatGoesOnAlready) {
  Screen screen(true);
  EXPECT_EQ(screen.At(0, R"(events { build_changed { build { id: 7 state: BUILD_EXECUTING
              counts { total: 9 cached: 3 cut_off: 1 succeeded: 1 failed: 1 cancelled: 1 } } } }
              events { nodes_skipped { build: 7 count: 3 } }
              events { nodes_attached { build: 7
                changes { node: 1 job: "j" outputs: "a" state: NODE_SUCCEEDED level: 1 }
                changes { node: 2 job: "j" outputs: "b" state: NODE_CANCELLED level: 1
                          reason: "FAIL_FAST" message: "it goes on for others" }
                changes { node: 3 job: "j" outputs: "c" state: NODE_RUNNING level: 1 } } })"),
            "build 7 executing: 9 nodes, 3 cached, 2 to do\n"
            "L01 succeeded a (j)\n"
            "L01 cancelled b (j) FAIL_FAST: it goes on for others\n");
}

TEST(ProgressPrinter, ConfigureRunsAreNotCounted) {
  Screen screen(false);
  screen.At(0, "events { build_changed { build { id: 7 state: BUILD_PLANNING } } }");
  screen.At(1, R"(events { nodes_attached { build: 7 changes { node: 1 job: "j" } } })");
  screen.At(2, "events { nodes_changed { state: NODE_SUCCEEDED changes { node: 1 job: 'j' } } }");
  screen.At(3, "events { build_changed { build { id: 7 state: BUILD_EXECUTING } } }");
  screen.At(4,
            R"(events { nodes_attached { build: 7 changes { node: 2 job: "j" outputs: "a" } } })");
  EXPECT_EQ(screen.At(1'000, ""),
            "build 7 executing: 1 node, 0 cached, 1 to do\n"
            "   1.0 s  0 of 1 done, 0 running; L00 of 0: 0 of 1\n");
}

TEST(ProgressPrinter, SaysThatAResultIsNotReused) {
  Screen screen(false);
  screen.At(0, kAttached);
  EXPECT_EQ(screen.At(1, R"(events { nodes_changed { state: NODE_SUCCEEDED changes { node: 1
              job: "daily" outputs: "w/d/1" message: "recorded as tainted: it was declared wrong" } } })"),
            "note   w/d/1 (daily)\n  recorded as tainted: it was declared wrong\n");
}

TEST(ProgressPrinter, SumsUpAtMostEverySecond) {
  Screen screen(false);
  EXPECT_EQ(screen.At(0, kAttached), "");
  EXPECT_EQ(screen.At(500, kRunning), "");
  EXPECT_EQ(screen.At(1'000, ""), "   1.0 s  0 of 3 done, 2 running; L01 of 2: 0 of 2\n");
  EXPECT_EQ(screen.At(1'500, kOneDone), "");
  EXPECT_EQ(screen.At(2'100, ""), "   2.1 s  1 of 3 done, 1 running; L01 of 2: 1 of 2\n");
  EXPECT_EQ(screen.At(9'000, ""), "");  // nothing happened
  EXPECT_EQ(screen.At(12'100, ""), "  12.1 s  1 of 3 done, 1 running; L01 of 2: 1 of 2\n");
}

TEST(ProgressPrinter, SaysOnceWhatItWaitsForBeforeItRuns) {
  Screen screen(false);
  screen.At(0, "events { build_changed { build { id: 7 state: BUILD_PLANNING } } }");
  const std::string waits =
      "events { build_changed { build { id: 7 state: BUILD_PLANNING message: 'waiting: x' } } }";
  EXPECT_EQ(screen.At(1, waits), "build 7 planning: waiting: x\n");
  EXPECT_EQ(screen.At(2, waits), "");
}

TEST(ProgressPrinter, SaysWhatItWaitsForWhereItsNodesAreCounted) {
  Screen screen(false);
  const auto executing = [](const std::string& message) {
    return "events { build_changed { build { id: 7 state: BUILD_EXECUTING message: '" + message +
           "' counts { total: 2 } } } }";
  };
  EXPECT_EQ(screen.At(0, executing("")), "build 7 executing: 2 nodes, 0 cached, 2 to do\n");
  const std::string waits = executing("waiting: a a/1: shop is paused");
  EXPECT_EQ(screen.At(1, waits), "build 7 executing: waiting: a a/1: shop is paused\n");
  EXPECT_EQ(screen.At(2, waits), "");
}

TEST(ProgressPrinter, SaysThatItStillPlans) {
  Screen screen(false);
  screen.At(0, "events { build_changed { build { id: 7 state: BUILD_PLANNING } } }");
  EXPECT_EQ(screen.At(9'000, ""), "");
  EXPECT_EQ(screen.At(10'000, ""), "  10.0 s  still planning\n");
  EXPECT_EQ(screen.At(11'500, ""), "");
}

TEST(ProgressPrinter, TellsFailuresAtOnce) {
  Screen screen(false);
  screen.At(0, kAttached);
  screen.At(1, kRunning);
  EXPECT_EQ(screen.At(2, kFailed),
            "FAILED w/d/1 (daily): JOB_FAILED\n"
            "  exit 3\n  one\n  two\n  three\n  four\n  ... and 2 more lines\n"
            "  fftctl logs 11\n");
  EXPECT_EQ(screen.At(3, kOneDone), "");
  EXPECT_EQ(screen.At(4, kUpstream), "");  // a consequence
  EXPECT_EQ(screen.At(5, R"(events { build_changed { build { id: 7 state: BUILD_FAILED
              reason: "JOB_FAILED" message: "1 node failed" counts { total: 3 succeeded: 1 failed: 2 }
              receive_time { seconds: 100 } end_time { seconds: 102 nanos: 100000000 } } } })"),
            "1 more failed node not shown: fftctl get 7 --state failed\n"
            "build 7 failed: 3 nodes, 1 ran, 0 cached, 0 cut off, 2 failed in 2.1 s\n"
            "  JOB_FAILED\n  1 node failed\n");
  ASSERT_TRUE(screen.printer.ended());
  EXPECT_EQ(screen.printer.ended()->state(), v1::BUILD_FAILED);
}

TEST(ProgressPrinter, TellsRetries) {
  Screen screen(false);
  screen.At(0, kAttached);
  screen.At(1, kRunning);
  EXPECT_EQ(screen.At(2, R"(events { nodes_changed { state: NODE_READY
              changes { node: 1 job: "daily" outputs: "w/d/1" message: "exit 75: again in 2 s" } } })"),
            "again  w/d/1 (daily)\n  exit 75: again in 2 s\n");
}

TEST(ProgressPrinter, ManyFailuresAreCutShort) {
  Screen screen(false);
  std::string changes;
  for (int i = 1; i <= 25; ++i)
    changes += "changes { node: " + std::to_string(i) +
               " job: \"j\" outputs: \"o\" reason: \"JOB_FAILED\" } ";
  const std::string text =
      screen.At(0, "events { nodes_changed { state: NODE_FAILED " + changes + "} }");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20);
  EXPECT_THAT(screen.At(1, "events { build_changed { build { id: 7 state: BUILD_FAILED } } }"),
              testing::StartsWith("5 more failed nodes not shown: fftctl get 7 --state failed\n"));
}

TEST(ProgressPrinter, VerboseTellsEveryNode) {
  Screen screen(true);
  EXPECT_EQ(screen.At(0, kAttached), "");
  EXPECT_EQ(screen.At(1, kRunning),
            "L01 running   w/d/1 (daily)\n"
            "L01 running   w/d/2 (daily)\n");
  EXPECT_EQ(screen.At(2, kOneDone), "L01 succeeded w/d/2 (daily) NEVER_BUILT\n");
  EXPECT_EQ(screen.At(3, R"(events { nodes_changed { state: NODE_SKIPPED
              changes { node: 3 job: "month" outputs: "w/m/1" outputs: "w/m/2" reason: "CUT_OFF" } } })"),
            "L02 skipped   w/m/1 +1 (month) CUT_OFF\n");
}

TEST(ProgressPrinter, AnAttachmentMayComeTwiceAndLate) {
  Screen screen(false);
  screen.At(0, kRunning);  // joined nodes may move before their attachment is seen
  screen.At(1, kAttached);
  screen.At(2, kAttached);
  EXPECT_EQ(screen.At(1'100, kRunning), "   1.1 s  0 of 3 done, 2 running; L01 of 2: 0 of 2\n");
}

TEST(EndLine, Sums) {
  v1::Build build;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(id: 7 state: BUILD_SUCCEEDED counts { total: 3019 cached: 2890 cut_off: 9 succeeded: 120
         joined: 4 } receive_time { seconds: 10 } end_time { seconds: 80 })",
      &build));
  EXPECT_EQ(
      EndLine(build),
      "build 7 succeeded: 3019 nodes, 120 ran, 2890 cached, 9 cut off, 0 failed, 4 shared with "
      "other builds in 1 min 10 s");
}

}  // namespace
}  // namespace fft
