#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "server/telemetry/metrics.h"

namespace fft {

inline constexpr std::size_t kOutcomes = 9;
inline constexpr std::size_t kReasons = 64;

/// The registry and a handle to each of its series.  The handles live as long as the registry and
/// are safe from any thread; `calls` alone grows, under its mutex.
struct Metrics::Series {
  explicit Series(const std::string& version);

  std::shared_ptr<prometheus::Registry> registry;
  std::shared_ptr<prometheus::Collectable> process;  // the exposer holds it weakly
  std::unique_ptr<prometheus::Exposer> exposer;

  prometheus::Histogram& commit_seconds;
  prometheus::Histogram& commit_rows;
  prometheus::Counter& commit_failures;
  prometheus::Histogram& submit_to_start;
  prometheus::Histogram& ready_to_start;
  prometheus::Histogram& run_seconds;
  std::array<prometheus::Counter*, kOutcomes> runs{};  // by number of Outcome
  prometheus::Counter& late_reports;
  prometheus::Counter* compute_spent = nullptr;
  std::array<prometheus::Counter*, 3> compute_saved{};  // by cache, joining, cut-off
  std::array<prometheus::Counter*, kReasons> hits{};    // by number of Reason; null: not a hit's
  prometheus::Counter& joins;
  prometheus::Histogram& plan_seconds;
  prometheus::Counter& planned_nodes;
  prometheus::Gauge& nodes_waiting;
  prometheus::Gauge& nodes_ready;
  prometheus::Gauge& nodes_running;
  prometheus::Gauge& builds_open;
  prometheus::Gauge& inbox;
  prometheus::Gauge& workers;
  prometheus::Gauge& slots_busy;
  prometheus::Gauge& slots_free;
  prometheus::Gauge& watchers;
  prometheus::Gauge& watch_lag;
  prometheus::Gauge& leader;

  struct Calls {
    prometheus::Histogram* seconds;
    std::map<std::string, prometheus::Counter*, std::less<>> by_code;
  };
  prometheus::Family<prometheus::Counter>& call_counters;
  prometheus::Family<prometheus::Histogram>& call_seconds;
  std::mutex calls_mutex;
  std::map<std::string, Calls, std::less<>> calls;  // by method
};

}  // namespace fft
