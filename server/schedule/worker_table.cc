#include "server/schedule/worker_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace fft {

namespace {

// The weight of the newest run in the learned length of a job.
constexpr double kLearningRate = 0.2;
// Of a job that never ran: more than any backlog may hold.
constexpr double kUnknownMs = 1e6;

std::string LearningName(const PendingNode& node) {
  return fmt::format("{}/{}", node.row.graph, node.row.config->job);
}

bool HasLabels(const Worker& worker, const RunLimits& limits) {
  return std::all_of(
      limits.worker_labels.begin(), limits.worker_labels.end(), [&](const std::string& label) {
        return std::find(worker.labels.begin(), worker.labels.end(), label) != worker.labels.end();
      });
}

}  // namespace

KnownWorker& WorkerTable::Join(Worker row) {
  for (const auto& [id, known] : workers_)
    if (known.row.name == row.name) {
      row.id = id;
      row.is_draining = known.row.is_draining;
    }
  if (!row.id) row.id = last_ = WorkerId{last_.value + 1};
  KnownWorker& worker = workers_[row.id];
  worker.row = std::move(row);
  worker.is_connected = true;
  return worker;
}

void WorkerTable::Restore(const Worker& row, TimePoint now) {
  KnownWorker& worker = workers_[row.id];
  worker.row = row;
  worker.left_at = now;
  last_ = std::max(last_, row.id);
}

KnownWorker* WorkerTable::For(const PendingNode& node) {
  KnownWorker* best = nullptr;
  int best_free = 0;
  const RunLimits& limits = node.job->limits;
  const double expected_ms = ExpectedMs(node);
  for (auto& [id, worker] : workers_) {
    if (!worker.is_connected || worker.row.is_draining || limits.slots > worker.row.slots ||
        static_cast<int>(worker.leases.size()) >= options_.leases_max ||
        !HasLabels(worker.row, limits))
      continue;
    if (node.row.kind == NodeKind::kConfigure) {  // a reserved slot: planning never waits for jobs
      if (worker.configures_held == 0) return &worker;
      continue;
    }
    const int free = worker.row.slots - worker.slots_held - limits.slots + 1;
    const bool fits =
        free > 0 || worker.backlog_ms + expected_ms <= options_.backlog_ms * worker.row.slots;
    if (fits && (best == nullptr || free > best_free)) {
      best = &worker;
      best_free = free;
    }
  }
  return best;
}

void WorkerTable::Hold(KnownWorker& worker, PendingNode& node) {
  worker.leases.insert(node.lease.run);
  node.expected_ms = ExpectedMs(node);
  if (node.row.kind == NodeKind::kConfigure) {
    ++worker.configures_held;
    return;
  }
  worker.slots_held += node.job->limits.slots;
  worker.backlog_ms += node.expected_ms;
}

void WorkerTable::Drop(const PendingNode& node, const Lease& lease) {
  KnownWorker& worker = workers_.at(lease.worker);
  worker.leases.erase(lease.run);
  if (node.row.kind == NodeKind::kConfigure) {
    --worker.configures_held;
    return;
  }
  worker.slots_held -= node.job->limits.slots;
  worker.backlog_ms = worker.leases.empty() ? 0 : worker.backlog_ms - node.expected_ms;
}

double WorkerTable::ExpectedMs(const PendingNode& node) const {
  if (node.row.config->runner == Runner::kNoop) return 0;
  const auto at = learned_ms_.find(LearningName(node));
  return at == learned_ms_.end() ? kUnknownMs : at->second;
}

void WorkerTable::Learn(const PendingNode& node, const RunReport& report) {
  if (node.row.config->runner == Runner::kNoop) return;
  const double ms =
      std::max(0.1, static_cast<double>((report.ended_at - report.started_at).count()));
  const auto [at, is_new] = learned_ms_.try_emplace(LearningName(node), ms);
  if (!is_new) at->second += kLearningRate * (ms - at->second);
}

}  // namespace fft
