#include "server/telemetry/metrics.h"

#include <array>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

/// The server keeps the connection open for a second after its answer.
bool IsComplete(const std::string& answer) {
  const std::string key = "Content-Length: ";
  const std::size_t length = answer.find(key);
  const std::size_t head = answer.find("\r\n\r\n");
  if (length == std::string::npos || head == std::string::npos) return false;
  return answer.size() - head - 4 >= std::stoul(answer.substr(length + key.size()));
}

/// What an HTTP server at the port answers to GET `path`.
std::string Get(int port, const std::string& path) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    EXPECT_EQ(write(connection, request.data(), request.size()),
              static_cast<ssize_t>(request.size()));
    std::array<char, 4096> piece{};
    for (ssize_t got = 0;
         !IsComplete(answer) && (got = read(connection, piece.data(), piece.size())) > 0;)
      answer.append(piece.data(), static_cast<std::size_t>(got));
  }
  close(connection);
  return answer;
}

TEST(Metrics, EverySeriesWithKnownLabelsIsThereFromTheStart) {
  const Metrics metrics("1.2.3");
  const std::string text = metrics.Text();
  for (const char* line :
       {"fft_nodes{state=\"WAITING\"} 0", "fft_nodes{state=\"READY\"} 0",
        "fft_nodes{state=\"RUNNING\"} 0", "fft_submit_to_start_seconds_count 0",
        "fft_ready_to_start_seconds_count 0", "fft_hits_total{reason=\"CACHED\"} 0",
        "fft_hits_total{reason=\"CUT_OFF\"} 0", "fft_joins_total 0", "fft_commit_seconds_count 0",
        "fft_commit_rows_count 0", "fft_watchers 0", "fft_watch_lag_events 0", "fft_workers 0",
        "fft_slots{state=\"busy\"} 0", "fft_slots{state=\"free\"} 0", "fft_leader 0",
        "fft_late_reports_total 0", "fft_build_info{version=\"1.2.3\"} 1"})
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  EXPECT_THAT(text,
              HasSubstr("fft_runs_total{class=\"infrastructure\",result=\"INFRASTRUCTURE\"} 0"));
}

TEST(Metrics, CountsWhatItIsTold) {
  Metrics metrics("1");
  metrics.Committed(40, milliseconds(3));
  metrics.Committed(2, milliseconds(1));
  metrics.CommitFailed();
  metrics.BuildStarted(milliseconds(5));
  metrics.NodeStarted(milliseconds(90'000));
  metrics.RunEnded(Outcome::kTimeLimit, milliseconds(10));
  metrics.RunEnded(Outcome::kSucceeded, milliseconds(10));
  metrics.LateReportRefused();
  metrics.Hits(Reason::kCached, 100'000);
  metrics.Joined(7);
  metrics.Planned(12, milliseconds(2));
  const std::string text = metrics.Text();
  for (const char* line :
       {"fft_commit_rows_sum 42", "fft_commit_seconds_count 2", "fft_commit_failures_total 1",
        "fft_submit_to_start_seconds_bucket{le=\"0.004\"} 0",
        "fft_submit_to_start_seconds_bucket{le=\"0.008\"} 1",
        "fft_ready_to_start_seconds_bucket{le=\"60\"} 0",
        "fft_ready_to_start_seconds_bucket{le=\"+Inf\"} 1",
        "fft_runs_total{class=\"job\",result=\"TIME_LIMIT\"} 1",
        "fft_runs_total{class=\"success\",result=\"SUCCEEDED\"} 1", "fft_run_seconds_count 2",
        "fft_late_reports_total 1", "fft_hits_total{reason=\"CACHED\"} 100000", "fft_joins_total 7",
        "fft_planned_nodes_total 12", "fft_plan_seconds_count 1"})
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
}

TEST(Metrics, LevelsShowTheLatest) {
  Metrics metrics("1");
  metrics.Queue({.waiting = 9, .ready = 8, .running = 7, .builds_open = 6, .inbox = 5});
  metrics.Queue({.waiting = 1, .ready = 2, .running = 3, .builds_open = 4, .inbox = 5});
  metrics.Workers({.workers = 2, .slots = 8, .busy = 3});
  metrics.Watchers(4, 77);
  metrics.Leading(true);
  const std::string text = metrics.Text();
  for (const char* line :
       {"fft_nodes{state=\"WAITING\"} 1", "fft_nodes{state=\"READY\"} 2",
        "fft_nodes{state=\"RUNNING\"} 3", "fft_builds_open 4", "fft_inbox_commands 5",
        "fft_workers 2", "fft_slots{state=\"busy\"} 3", "fft_slots{state=\"free\"} 5",
        "fft_watchers 4", "fft_watch_lag_events 77", "fft_leader 1"})
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
}

TEST(Metrics, CallsAreCountedByMethodAndCode) {
  Metrics metrics("1");
  metrics.CallEnded("fft.build.v1.Builds/GetBuild", "OK", milliseconds(1));
  metrics.CallEnded("fft.build.v1.Builds/GetBuild", "OK", milliseconds(1));
  metrics.CallEnded("fft.build.v1.Builds/GetBuild", "NOT_FOUND", milliseconds(1));
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("fft_requests_total{code=\"OK\",method=\"fft.build.v1.Builds/"
                              "GetBuild\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("fft_requests_total{code=\"NOT_FOUND\",method=\"fft.build.v1.Builds/"
                              "GetBuild\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("fft_request_seconds_count{method=\"fft.build.v1.Builds/GetBuild\"} 3\n"));
}

TEST(Metrics, AReasonThatIsNoHitIsNotCounted) {
  Metrics metrics("1");
  metrics.Hits(Reason::kJobFailed, 1);
  metrics.RunEnded(Outcome::kNone, milliseconds(1));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("JOB_FAILED")));
}

TEST(Metrics, TheProcessIsMeasured) {
  const std::string text = Metrics("1").Text();
  for (const char* name : {"process_cpu_seconds_total ", "process_resident_memory_bytes ",
                           "process_virtual_memory_bytes ", "process_start_time_seconds ",
                           "process_open_fds ", "process_max_fds ", "process_threads 1\n"})
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name));
}

TEST(Metrics, ServesItsTextOverHttp) {
  Metrics metrics("1");
  EXPECT_EQ(metrics.port(), 0);
  ASSERT_TRUE(metrics.Listen("127.0.0.1:0").ok());
  ASSERT_NE(metrics.port(), 0);
  metrics.Joined(3);
  const std::string answer = Get(metrics.port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(answer, HasSubstr("fft_joins_total 3"));
  EXPECT_THAT(answer, HasSubstr("process_open_fds"));
  EXPECT_THAT(Get(metrics.port(), "/nothing"), HasSubstr("404"));
}

TEST(Metrics, AnAddressThatIsTakenIsNamed) {
  Metrics first("1");
  ASSERT_TRUE(first.Listen("127.0.0.1:0").ok());
  Metrics second("1");
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  const Status taken = second.Listen(address);
  EXPECT_EQ(taken.code(), Code::kUnavailable);
  EXPECT_THAT(Message(taken), HasSubstr(address));
}

}  // namespace
}  // namespace fft
