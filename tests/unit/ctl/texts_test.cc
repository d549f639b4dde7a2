#include "client/ctl/texts.h"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "client/ctl/doctor.h"
#include "client/ctl/format.h"
#include "client/ctl/plan_printer.h"
#include "client/lib/failure.h"

namespace fft {
namespace {

namespace v1 = build::v1;
using testing::HasSubstr;

template <class Message>
Message Of(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

class TextsTest : public testing::Test {
 protected:
  TextsTest() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

TEST_F(TextsTest, Values) {
  EXPECT_EQ(FormatDuration(Duration(340)), "340 ms");
  EXPECT_EQ(FormatDuration(Duration(2'100)), "2.1 s");
  EXPECT_EQ(FormatDuration(Duration(200'000)), "3 min 20 s");
  EXPECT_EQ(FormatDuration(Duration(7'500'000)), "2 h 5 min");
  EXPECT_EQ(FormatBytes(-1), "-");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1'258'291), "1.2 MiB");
  EXPECT_EQ(FormatTime({}), "-");
  EXPECT_EQ(Count(1, "job"), "1 job");
  EXPECT_EQ(StateName(v1::BUILD_EXECUTING), "executing");
  EXPECT_EQ(StateName(v1::NODE_SKIPPED), "skipped");
  EXPECT_EQ(FirstLines("", 3, "  "), "");
  EXPECT_EQ(FirstLines("a\nb\n", 3, "  "), "  a\n  b\n");
  EXPECT_EQ(FirstLines("a\nb\nc", 1, ""), "a\n... and 2 more lines\n");
  EXPECT_EQ(FirstLines(std::string(300, 'x'), 1, "").size(), 200 + 5U);
  EXPECT_EQ(FormatTable({{"A", "B"}, {"é", "long"}, {"xyz", ""}}), "A    B\né    long\nxyz\n");
}

TEST_F(TextsTest, JsonKeepsFieldsThatAreZero) {
  EXPECT_EQ(ToJson(Of<v1::Pool>(R"(name: "w" size: 4)")), R"({"name":"w","size":4,"used":0})");
}

TEST_F(TextsTest, Explain) {
  EXPECT_EQ(ExplainText(Of<v1::ExplainNodeResponse>(R"(
      node { id: 5 build: 7 state: NODE_SKIPPED reason: "CUT_OFF" result_key: "0123456789abcdef" }
      lines: "w/m/1 was not built: nothing it reads has changed"
      lines: "run 12 proves it"
      proof { id: 12 worker: "local" end_time { seconds: 1714564801 } })")),
            "w/m/1 was not built: nothing it reads has changed\n"
            "  run 12 proves it\n"
            "  build      7\n"
            "  node       5, skipped\n"
            "  reason     CUT_OFF\n"
            "  key        0123456789ab\n"
            "  proof      run 12 on local, 2024-05-01 12:00:01\n");
  EXPECT_EQ(ExplainText(Of<v1::ExplainNodeResponse>(R"(
      node { outputs: "a" job: "j" state: NODE_SUCCEEDED reason: "FACTS_CHANGED"
             evidence: "{\"changed\":[\"args\"]}" })")),
            "a (j): succeeded FACTS_CHANGED\n"
            "  evidence   {\"changed\":[\"args\"]}\n"
            "  reason     FACTS_CHANGED\n");
}

constexpr char kPlan[] = R"(
  nodes { job: "daily" outputs: "d/0" reason: "CACHED" state: NODE_SKIPPED }
  nodes { job: "daily" outputs: "d/1" reason: "NEVER_BUILT" level: 1 state: NODE_WAITING }
  nodes { job: "daily" outputs: "d/2" reason: "NEVER_BUILT" level: 1 state: NODE_WAITING }
  nodes { job: "month" outputs: "m/1" outputs: "m/2" reason: "INPUT_UNDECIDED" level: 2
          evidence: "{\"input\":\"d/1\"}" }
  etag: "ab12" executes: 2 undecided: 1 hits: 1 unneeded: 4)";

TEST_F(TextsTest, PlanIsSummedUp) {
  EXPECT_EQ(PlanText(Of<v1::PlanBuildResponse>(kPlan), false),
            "LEVEL  JOB    NODES  WHY              FOR INSTANCE\n"
            "L01    daily  2      NEVER_BUILT      d/1\n"
            "L02    month  1      INPUT_UNDECIDED  m/1 +1\n"
            "2 to run, 1 decided when their inputs are there, 1 cached, 4 not needed\n"
            "etag ab12\n");
  EXPECT_EQ(PlanText(Of<v1::PlanBuildResponse>("hits: 12 etag: \"ab\""), false),
            "nothing to do: 12 cached\netag ab\n");
}

TEST_F(TextsTest, PlanInFull) {
  EXPECT_EQ(PlanText(Of<v1::PlanBuildResponse>(kPlan), true),
            "LEVEL  JOB    WHY              OUTPUTS  EVIDENCE\n"
            "-      daily  CACHED           d/0\n"
            "L01    daily  NEVER_BUILT      d/1\n"
            "L01    daily  NEVER_BUILT      d/2\n"
            "L02    month  INPUT_UNDECIDED  m/1 +1   {\"input\":\"d/1\"}\n"
            "2 to run, 1 decided when their inputs are there, 1 cached, 4 not needed\n"
            "etag ab12\n");
}

TEST_F(TextsTest, Builds) {
  EXPECT_EQ(BuildsText({}), "no builds\n");
  EXPECT_EQ(
      BuildsText({Of<v1::Build>(R"(id: 7 state: BUILD_FAILED graph: "weather" principal: "ann"
      counts { total: 5 succeeded: 2 cached: 1 failed: 2 }
      receive_time { seconds: 1714564801 } end_time { seconds: 1714564803 })")}),
      "BUILD  STATE   GRAPH    NODES  RAN  CACHED  FAILED  BY   RECEIVED             TOOK\n"
      "7      failed  weather  5      2    1       2       ann  2024-05-01 12:00:01  2.0 s\n");
  EXPECT_EQ(BuildText(Of<v1::Build>(R"(id: 7 state: BUILD_EXECUTING graph: "weather" revision: "ab"
      namespace: "weather" principal: "ann" targets: "a" counts { total: 5 running: 2 }
      options { keep_going: true rebuild: "x/*" priority: 3 } receive_time { seconds: 1714564801 })")),
            "build 7 executing: 5 nodes, 0 ran, 0 cached, 0 cut off, 0 failed\n"
            "  graph      weather@ab\n"
            "  namespace  weather\n"
            "  by         ann\n"
            "  options    cache rw, levels, keep going, priority 3, rebuild x/*\n"
            "  received   2024-05-01 12:00:01\n"
            "  target     a\n");
}

TEST_F(TextsTest, Partitions) {
  const auto partition = Of<v1::Partition>(R"(namespace: "w" ref: "a" state: PARTITION_AVAILABLE
      live { run: 5 key: "0123456789abcdef" rows: -1 size_bytes: 2048 uri: "file:///d/a"
             time { seconds: 1714564801 } reusable: true } tainted: true)");
  EXPECT_EQ(PartitionsText({partition}),
            "REF  STATE      ROWS  SIZE     RUN  SINCE\n"
            "a    available  -     2.0 KiB  5    2024-05-01 12:00:01  tainted\n");
  EXPECT_EQ(PartitionText(partition, {partition.live()}),
            "a: available, tainted\n"
            "  namespace  w\n"
            "  at         file:///d/a\n"
            "  key        0123456789abcdef\n"
            "  content    not known\n"
            "  RUN  TIME                 ROWS  SIZE     KEY           CONTENT\n"
            "  5    2024-05-01 12:00:01  -     2.0 KiB  0123456789ab\n");
  EXPECT_EQ(PartitionText(Of<v1::Partition>(R"(namespace: "w" ref: "b")"), {}),
            "b: unknown\n  namespace  w\n  nothing was ever left here\n");
}

TEST_F(TextsTest, Lineage) {
  EXPECT_EQ(
      LineageText({Of<v1::LineageStep>(R"(ref: "m" run { id: 5 job: "month" worker: "local" })"),
                   Of<v1::LineageStep>(R"(depth: 1 ref: "s")")}),
      "STEP  REF  JOB       RUN  WORKER  ENDED\n"
      "0     m    month     5    local   -\n"
      "1     s    (source)  -    -       -\n");
}

TEST_F(TextsTest, Events) {
  const std::string time = "time { seconds: 1714564801 } ";
  const auto text = [&](const std::string& what) {
    return EventText(Of<v1::Event>("seq: 12 " + time + what));
  };
  const std::string before = "      12 2024-05-01 12:00:01 ";
  EXPECT_EQ(text(R"(build_changed { build { id: 7 state: BUILD_FAILED reason: "JOB_FAILED" } })"),
            before + "build 7 failed JOB_FAILED\n");
  EXPECT_EQ(text("nodes_skipped { build: 7 count: 3 }"), before + "build 7 found 3 nodes cached\n");
  std::string changes;
  for (int i = 1; i <= 5; ++i)
    changes += "changes { job: \"j\" outputs: \"o" + std::to_string(i) + "\" } ";
  EXPECT_EQ(text("nodes_changed { state: NODE_RUNNING " + changes + "}"),
            before + "running o1 (j), o2 (j), o3 (j) and 2 more nodes\n");
  EXPECT_EQ(text("nodes_withdrawn { build: 7 changes { job: \"j\" outputs: \"o\" } }"),
            before + "build 7 leaves to others o (j)\n");
  EXPECT_EQ(text("nodes_withdrawn { build: 7 also: 8 changes { job: \"j\" outputs: \"o\" } }"),
            before + "build 7 (and 1 more) leave to others o (j)\n");
  EXPECT_EQ(text("partitions_tainted { refs: \"a\" text: \"wrong\" }"),
            before + "tainted a: wrong\n");
  EXPECT_EQ(text(""), before + "something this fftctl does not know\n");
}

TEST_F(TextsTest, DoctorFindsAllWell) {
  Findings findings;
  findings.address = "unix:/x";
  findings.round_trip = Duration(1);
  findings.health = Health::kServing;
  findings.service =
      Of<v1::ServiceStatus>(R"(version: "0.1.0" epoch: 3 leading: true store: "serving"
      start_time { seconds: 1714564801 } builds_open: 1 last_event: 99)");
  findings.workers = {Of<v1::Worker>(R"(name: "local" connected: true slots: 2 runs: 5)")};
  findings.skew = Duration(-4);
  EXPECT_EQ(DoctorText(Diagnose(findings)),
            "ok  address: unix:/x\n"
            "ok  reachable: answers within 1 ms\n"
            "ok  health: SERVING\n"
            "ok  version 0.1.0, epoch 3, since 2024-05-01 12:00:01\n"
            "ok  leads\n"
            "ok  database: serving\n"
            "ok  workers: 1 connected, 2 slots, 1 run\n"
            "ok  clock: agrees\n"
            "ok  1 build open, 0 waiting, 0 ready, 0 running, 0 partitions, event 99\n");
  EXPECT_THAT(DoctorJson(findings, Diagnose(findings)), HasSubstr(R"("clockSkewMs":-4)"));
}

TEST_F(TextsTest, DoctorSaysWhatToDo) {
  Findings findings;
  findings.address = "unix:/x";
  findings.health = Health::kNotServing;
  findings.service = Of<v1::ServiceStatus>(R"(store: "connection refused" leading: true)");
  findings.skew = Duration(65'000);
  const std::string text = DoctorText(Diagnose(findings));
  EXPECT_THAT(text, HasSubstr("BAD health: NOT_SERVING\n"));
  EXPECT_THAT(text, HasSubstr("BAD database: connection refused\n    nothing is granted"));
  EXPECT_THAT(text,
              HasSubstr("BAD workers: 0 connected, 0 slots, 0 runs\n    nothing can run: start"));
  EXPECT_THAT(text, HasSubstr("BAD clock: fftd's is 1 min 5 s ahead\n"));
  findings.reached = Unreachable("unix:/x", Error(Code::kUnavailable, "no such file"));
  EXPECT_EQ(DoctorText(Diagnose(findings)),
            "ok  address: unix:/x\n"
            "BAD cannot reach fftd at unix:/x: no such file\n"
            "    start it with 'fftd dev', or say with --address or FFT_ADDRESS where it is\n");
}

}  // namespace
}  // namespace fft
