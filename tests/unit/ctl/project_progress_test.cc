#include "client/ctl/project_progress.h"

#include <sstream>

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "client/ctl/progress_printer.h"

namespace fft {
namespace {

namespace v1 = build::v1;

/// A screen with two models of level 1 and one of level 2.
class ProjectProgressTest : public testing::Test {
 protected:
  /// What `text`, the events of one message, made it write.
  std::string Takes(const std::string& text) {
    v1::WatchResponse message;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
    out_.str("");
    progress_.Take(message, TimePoint{});
    return out_.str();
  }
  static std::string Attached(const std::string& job) {
    return "changes { node: 1 job: \"" + job + "\" state: NODE_WAITING } ";
  }
  static std::string Change(const char* state, const std::string& job, int second,
                            const std::string& more = "") {
    return "events { time { seconds: " + std::to_string(second) +
           " } nodes_changed { state: NODE_" + state + " changes { job: \"" + job + "\" run: 7 " +
           more + " } } }";
  }
  static std::string Ended(const char* state) {
    return std::string("events { build_changed { build { id: 3 state: BUILD_") + state +
           " reason: \"JOB_FAILED\" counts { total: 3 } } } }";
  }
  std::ostringstream out_;
  ProjectProgress progress_{out_, {{"b.ff", 0}, {"a.ff", 0}, {"c.ff", 1}}};
};

TEST_F(ProjectProgressTest, TellsLevelsInTheirOrder) {
  EXPECT_EQ(Takes("events { build_changed { build { id: 3 state: BUILD_EXECUTING } } }"), "");
  EXPECT_EQ(Takes("events { nodes_attached { " + Attached("b.ff") + Attached("c.ff") + "} }"), "");
  EXPECT_EQ(Takes(Change("RUNNING", "b.ff", 10)),
            "↻ L01 [PG] a.ff skipped (cache)\n▶ L01 [PG] b.ff\n");
  EXPECT_EQ(Takes(Change("SUCCEEDED", "b.ff", 12)),
            "✓ L01 [PG] b.ff (2000 ms)\n— L01 summary: ok=1 failed=0 skipped=1 2000 ms\n");
  EXPECT_EQ(Takes(Change("SKIPPED", "c.ff", 12)),
            "↻ L02 [PG] c.ff skipped (cache)\n— L02 summary: ok=0 failed=0 skipped=1 0 ms\n")
      << "a node that is cut off when it is ready";
  const std::string end = Takes(Ended("SUCCEEDED"));
  EXPECT_EQ(end, EndLine(*progress_.ended()) + "\n");
  EXPECT_EQ(progress_.results().at("b.ff").run, 7);
  EXPECT_EQ(progress_.results().at("b.ff").status, ModelResult::Status::kSucceeded);
  EXPECT_EQ(progress_.results().at("c.ff").status, ModelResult::Status::kSkipped);
}

TEST_F(ProjectProgressTest, NothingToDoTellsAllAsSkipped) {
  const std::string end =
      Takes("events { nodes_skipped { build: 3 count: 3 } } " + Ended("SUCCEEDED"));
  EXPECT_EQ(end,
            "↻ L01 [PG] a.ff skipped (cache)\n↻ L01 [PG] b.ff skipped (cache)\n"
            "— L01 summary: ok=0 failed=0 skipped=2 0 ms\n"
            "↻ L02 [PG] c.ff skipped (cache)\n"
            "— L02 summary: ok=0 failed=0 skipped=1 0 ms\n" +
                EndLine(*progress_.ended()) + "\n");
}

TEST_F(ProjectProgressTest, AFailureIsToldOnceAndLaterLevelsDoNotBegin) {
  Takes("events { nodes_attached { " + Attached("a.ff") + Attached("b.ff") + Attached("c.ff") +
        "} }");
  Takes(Change("RUNNING", "a.ff", 1) + Change("RUNNING", "b.ff", 1) +
        Change("SUCCEEDED", "b.ff", 2));
  EXPECT_EQ(Takes(Change("FAILED", "a.ff", 3, "message: \"line 2: no\" reason: \"JOB_FAILED\"")),
            "✖ L01 [PG] a.ff (2000 ms)\n    line 2: no\n"
            "— L01 summary: ok=1 failed=1 skipped=0 2000 ms\n");
  EXPECT_EQ(Takes(Change("FAILED", "c.ff", 3, "reason: \"UPSTREAM_FAILED\"")), "");
  const std::string end = Takes(Ended("FAILED"));
  EXPECT_EQ(end, EndLine(*progress_.ended()) + "\n  JOB_FAILED\n");
  EXPECT_EQ(progress_.results().at("a.ff").message, "line 2: no");
  EXPECT_EQ(progress_.results().at("c.ff").status, ModelResult::Status::kCancelled);
}

TEST_F(ProjectProgressTest, APlanThatFailedSkippedNothing) {
  const std::string end =
      Takes("events { build_changed { build { id: 3 state: BUILD_FAILED message: \"no\" } } }");
  EXPECT_EQ(end, EndLine(*progress_.ended()) + "\n  no\n");
}

}  // namespace
}  // namespace fft
