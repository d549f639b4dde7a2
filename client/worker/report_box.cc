#include "client/worker/report_box.h"

#include "client/worker/times.h"

namespace fft {
namespace {

// gRPC takes 4 MiB; one report with a configure answer alone may have more than 3.
constexpr std::size_t kMessageBytes = 512 << 10;

}  // namespace

void ReportBox::AddStarted(std::int64_t run, std::int64_t at_ms) {
  build::v1::RunStarted& started = started_.emplace_back();
  started.set_run(run);
  *started.mutable_time() = ToTimestamp(at_ms);
}

void ReportBox::Add(build::v1::RunReport report) {
  const std::int64_t run = report.run();
  const auto [it, is_new] = reports_.try_emplace(run);
  if (!is_new) return;
  it->second.report = std::move(report);
  unsent_.push_back(run);
}

void ReportBox::Fill(std::int64_t now_ms, build::v1::WorkerMessage* message) {
  for (build::v1::RunStarted& started : started_) *message->add_started() = std::move(started);
  started_.clear();
  std::size_t bytes = 0;
  while (!unsent_.empty()) {
    const auto it = reports_.find(unsent_.front());
    if (it != reports_.end() && it->second.sent_ms < 0) {
      const std::size_t size = it->second.report.ByteSizeLong();
      if (bytes > 0 && bytes + size > kMessageBytes) return;
      bytes += size;
      it->second.sent_ms = now_ms;
      *message->add_reports() = it->second.report;
    }
    unsent_.pop_front();
  }
}

void ReportBox::SendAllAgain() {
  SendOldAgain(INT64_MAX);
  started_.clear();
}

void ReportBox::SendOldAgain(std::int64_t before_ms) {
  for (auto& [run, entry] : reports_) {
    if (entry.sent_ms < 0 || entry.sent_ms >= before_ms) continue;
    entry.sent_ms = -1;
    unsent_.push_back(run);
  }
}

void ReportBox::SendAgain(std::int64_t run) {
  const auto it = reports_.find(run);
  if (it == reports_.end() || it->second.sent_ms < 0) return;
  it->second.sent_ms = -1;
  unsent_.push_back(run);
}

std::vector<std::int64_t> ReportBox::runs() const {
  std::vector<std::int64_t> runs;
  runs.reserve(reports_.size());
  for (const auto& [run, entry] : reports_) runs.push_back(run);
  return runs;
}

}  // namespace fft
