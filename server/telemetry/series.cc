#include "server/telemetry/series.h"

namespace fft {

namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;
using Bounds = Histogram::BucketBoundaries;

/// What people wait for: 0.5 ms to a minute.
Bounds LatencyBounds() {
  return {0.0005, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.125, 0.25, 0.5, 1, 5, 15, 60};
}
/// A round trip to the database: 0.05 ms to 5 s.
Bounds CommitBounds() {
  return {0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5};
}
Bounds RowBounds() { return {1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000}; }
/// A process: 1 ms to 4 h.
Bounds RunBounds() {
  return {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3600, 14400};
}

Counter& AddCounter(Registry& registry, const char* name, const char* help,
                    const Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}
Gauge& AddGauge(Registry& registry, const char* name, const char* help, const Labels& labels = {}) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}
Histogram& AddHistogram(Registry& registry, const char* name, const char* help,
                        const Bounds& bounds) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
}

/// Who is to blame for an end.
const char* ClassOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded: return "success";
    case Outcome::kFailed:
    case Outcome::kTimeLimit:
    case Outcome::kMemoryLimit:
    case Outcome::kBadOutput: return "job";
    case Outcome::kRetriable: return "retriable";
    case Outcome::kInfrastructure: return "infrastructure";
    case Outcome::kCancelled: return "cancelled";
    case Outcome::kReturned:
    case Outcome::kNone: break;
  }
  return "none";
}

constexpr char kNodes[] = "fft_nodes";
constexpr char kNodesHelp[] = "Nodes that have not ended, by state.";
constexpr char kSlots[] = "fft_slots";
constexpr char kSlotsHelp[] = "Slots of connected workers, by state.";

}  // namespace

Metrics::Series::Series(const std::string& version)
    : registry(std::make_shared<Registry>(Registry::InsertBehavior::Merge)),
      commit_seconds(AddHistogram(*registry, "fft_commit_seconds",
                                  "Time of one transaction, from sending to its answer.",
                                  CommitBounds())),
      commit_rows(
          AddHistogram(*registry, "fft_commit_rows", "Rows of one transaction.", RowBounds())),
      commit_failures(AddCounter(*registry, "fft_commit_failures_total",
                                 "Transactions that were refused or whose answer was lost.")),
      submit_to_start(AddHistogram(*registry, "fft_submit_to_start_seconds",
                                   "From the acceptance of a build to its first job's start.",
                                   LatencyBounds())),
      ready_to_start(AddHistogram(*registry, "fft_ready_to_start_seconds",
                                  "From when a node could run to its run's start.",
                                  LatencyBounds())),
      run_seconds(
          AddHistogram(*registry, "fft_run_seconds", "Wall time of ended runs.", RunBounds())),
      late_reports(AddCounter(*registry, "fft_late_reports_total",
                              "Refused reports of runs whose lease was lost.")),
      joins(AddCounter(*registry, "fft_joins_total",
                       "Nodes that a build found pending for another one.")),
      plan_seconds(
          AddHistogram(*registry, "fft_plan_seconds", "Time to plan a request.", LatencyBounds())),
      planned_nodes(
          AddCounter(*registry, "fft_planned_nodes_total", "Nodes decided on by planners.")),
      nodes_waiting(AddGauge(*registry, kNodes, kNodesHelp, {{"state", "WAITING"}})),
      nodes_ready(AddGauge(*registry, kNodes, kNodesHelp, {{"state", "READY"}})),
      nodes_running(AddGauge(*registry, kNodes, kNodesHelp, {{"state", "RUNNING"}})),
      builds_open(AddGauge(*registry, "fft_builds_open", "Builds that have not ended.")),
      inbox(AddGauge(*registry, "fft_inbox_commands", "Commands that wait for the loop.")),
      workers(AddGauge(*registry, "fft_workers", "Connected workers.")),
      slots_busy(AddGauge(*registry, kSlots, kSlotsHelp, {{"state", "busy"}})),
      slots_free(AddGauge(*registry, kSlots, kSlotsHelp, {{"state", "free"}})),
      watchers(AddGauge(*registry, "fft_watchers", "Open watches.")),
      watch_lag(AddGauge(*registry, "fft_watch_lag_events",
                         "By how many events the slowest watcher is behind.")),
      leader(AddGauge(*registry, "fft_leader", "1 while this daemon leads.")),
      call_counters(prometheus::BuildCounter()
                        .Name("fft_requests_total")
                        .Help("Ended calls, by method and gRPC code.")
                        .Register(*registry)),
      call_seconds(prometheus::BuildHistogram()
                       .Name("fft_request_seconds")
                       .Help("Time of ended calls, streams included, by method.")
                       .Register(*registry)) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (outcome == Outcome::kNone) continue;
    runs[i] =
        &AddCounter(*registry, "fft_runs_total", "Ended runs, by outcome and who is to blame.",
                    {{"result", std::string(ToString(outcome))}, {"class", ClassOf(outcome)}});
  }
  for (const Reason reason : {Reason::kCached, Reason::kCutOff, Reason::kSource})
    hits[static_cast<std::size_t>(reason)] =
        &AddCounter(*registry, "fft_hits_total", "Nodes that need not run, by reason.",
                    {{"reason", std::string(ToString(reason))}});
  compute_spent =
      &AddCounter(*registry, "fft_compute_seconds_total",
                  "Slot time of ended runs: how long they took, times their slots.", {});
  constexpr std::array kSavers = {"cache", "joining", "cut_off"};
  for (std::size_t i = 0; i < kSavers.size(); ++i)
    compute_saved[i] =
        &AddCounter(*registry, "fft_compute_saved_seconds_total",
                    "Slot time that builds were spared, by what spared it.", {{"by", kSavers[i]}});
  AddGauge(*registry, "fft_build_info", "1, with the version of the program.",
           {{"version", version}})
      .Set(1);
}

}  // namespace fft
