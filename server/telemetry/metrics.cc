#include "server/telemetry/metrics.h"

#include <exception>

#include <prometheus/text_serializer.h>

#include "server/telemetry/process_metrics.h"
#include "server/telemetry/series.h"

namespace fft {

namespace {

double Seconds(Observer::Micros duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Metrics::Metrics(const std::string& version) : series_(std::make_unique<Series>(version)) {}
Metrics::~Metrics() = default;

Status Metrics::Listen(const std::string& address) {
  try {
    series_->exposer = std::make_unique<prometheus::Exposer>(address);
    series_->exposer->RegisterCollectable(series_->registry);
    series_->process = MakeProcessMetrics();
    series_->exposer->RegisterCollectable(series_->process);
  } catch (const std::exception& error) {
    series_->exposer.reset();
    return Error(Code::kUnavailable, "cannot serve metrics at {}: {}", address, error.what());
  }
  return Ok();
}

int Metrics::port() const {
  if (!series_->exposer) return 0;
  const std::vector<int> ports = series_->exposer->GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

std::string Metrics::Text() const {
  std::vector<prometheus::MetricFamily> all = series_->registry->Collect();
  for (prometheus::MetricFamily& family : MakeProcessMetrics()->Collect())
    all.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(all);
}

void Metrics::CallEnded(std::string_view method, std::string_view code, Micros duration) {
  const std::lock_guard lock(series_->calls_mutex);
  auto calls = series_->calls.find(method);
  if (calls == series_->calls.end()) {
    prometheus::Histogram& seconds = series_->call_seconds.Add(
        {{"method", std::string(method)}},
        prometheus::Histogram::BucketBoundaries{0.0002, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10});
    calls = series_->calls.emplace(std::string(method), Series::Calls{&seconds, {}}).first;
  }
  auto counter = calls->second.by_code.find(code);
  if (counter == calls->second.by_code.end())
    counter = calls->second.by_code
                  .emplace(std::string(code),
                           &series_->call_counters.Add(
                               {{"method", std::string(method)}, {"code", std::string(code)}}))
                  .first;
  counter->second->Increment();
  calls->second.seconds->Observe(Seconds(duration));
}

void Metrics::Committed(std::int64_t rows, Micros duration) {
  series_->commit_rows.Observe(static_cast<double>(rows));
  series_->commit_seconds.Observe(Seconds(duration));
}

void Metrics::CommitFailed() { series_->commit_failures.Increment(); }

void Metrics::BuildStarted(Micros since_submit) {
  series_->submit_to_start.Observe(Seconds(since_submit));
}

void Metrics::NodeStarted(Micros since_ready) {
  series_->ready_to_start.Observe(Seconds(since_ready));
}

void Metrics::RunEnded(Outcome outcome, Micros duration) {
  const auto index = static_cast<std::size_t>(outcome);
  if (index < kOutcomes && series_->runs[index] != nullptr) series_->runs[index]->Increment();
  series_->run_seconds.Observe(Seconds(duration));
}

void Metrics::LateReportRefused() { series_->late_reports.Increment(); }

void Metrics::Hits(Reason reason, std::int64_t count) {
  const auto index = static_cast<std::size_t>(reason);
  if (index < kReasons && series_->hits[index] != nullptr)
    series_->hits[index]->Increment(static_cast<double>(count));
}

void Metrics::Joined(std::int64_t count) { series_->joins.Increment(static_cast<double>(count)); }

void Metrics::Computed(const Accounts& accounts) {
  const auto add = [](prometheus::Counter* counter, std::int64_t ms) {
    if (ms > 0) counter->Increment(static_cast<double>(ms) / 1000);
  };
  add(series_->compute_spent, accounts.spent_ms);
  add(series_->compute_saved[0], accounts.saved_by_cache_ms);
  add(series_->compute_saved[1], accounts.saved_by_joining_ms);
  add(series_->compute_saved[2], accounts.saved_by_cut_off_ms);
}

void Metrics::Planned(std::int64_t nodes, Micros duration) {
  series_->planned_nodes.Increment(static_cast<double>(nodes));
  series_->plan_seconds.Observe(Seconds(duration));
}

void Metrics::Queue(const QueueDepth& depth) {
  series_->nodes_waiting.Set(static_cast<double>(depth.waiting));
  series_->nodes_ready.Set(static_cast<double>(depth.ready));
  series_->nodes_running.Set(static_cast<double>(depth.running));
  series_->builds_open.Set(static_cast<double>(depth.builds_open));
  series_->inbox.Set(static_cast<double>(depth.inbox));
}

void Metrics::Workers(const WorkerLoad& load) {
  series_->workers.Set(static_cast<double>(load.workers));
  series_->slots_busy.Set(static_cast<double>(load.busy));
  series_->slots_free.Set(static_cast<double>(load.slots - load.busy));
}

void Metrics::Watchers(std::int64_t count, std::int64_t lag) {
  series_->watchers.Set(static_cast<double>(count));
  series_->watch_lag.Set(static_cast<double>(lag));
}

void Metrics::Leading(bool is_leading) { series_->leader.Set(is_leading ? 1 : 0); }

}  // namespace fft
