#include "server/schedule/worker_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace fft {

namespace {

// Of a job that never ran: more than any backlog may hold.
constexpr double kUnknownMs = 1e6;

}  // namespace

bool CouldRun(const Worker& worker, const RunLimits& limits) {
  return limits.slots <= worker.slots &&
         std::all_of(limits.worker_labels.begin(), limits.worker_labels.end(),
                     [&](const std::string& label) {
                       return std::find(worker.labels.begin(), worker.labels.end(), label) !=
                              worker.labels.end();
                     });
}

std::string WhatNobodyHas(const RunLimits& limits) {
  std::string labels;
  for (const std::string& label : limits.worker_labels)
    labels += (labels.empty() ? " and the labels " : ", ") + label;
  return fmt::format("no worker that is connected and takes work has {} slots{}", limits.slots,
                     labels);
}

bool CouldAny(const std::map<WorkerId, KnownWorker>& workers, const RunLimits& limits) {
  return std::any_of(workers.begin(), workers.end(), [&](const auto& item) {
    const KnownWorker& worker = item.second;
    return worker.is_connected && !worker.row.is_draining && CouldRun(worker.row, limits);
  });
}

KnownWorker* WorkerTable::Find(const std::string& name) {
  for (auto& [id, known] : workers_)
    if (known.row.name == name) return &known;
  return nullptr;
}

KnownWorker& WorkerTable::Join(Worker row) {
  if (const KnownWorker* known = Find(row.name)) {
    row.id = known->row.id;
    row.is_draining = known->row.is_draining;
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
  const RunLimits& limits = node.job->spec->limits;
  const double expected_ms = ExpectedMs(node);
  for (auto& [id, worker] : workers_) {
    if (!MayTakeMore(worker, limits)) continue;
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
  worker.leases.insert(node.lease->run);
  Dispatch& dispatch = node.dispatch.Make();
  dispatch.expected_ms = ExpectedMs(node);
  if (node.row.kind == NodeKind::kConfigure) {
    ++worker.configures_held;
    return;
  }
  if (dispatch.is_ahead) return;
  worker.slots_held += node.job->spec->limits.slots;
  worker.backlog_ms += dispatch.expected_ms;
}

void WorkerTable::MoveUp(PendingNode& node) {
  node.dispatch.Make().is_ahead = false;
  Hold(workers_.at(node.lease->worker), node);
}

bool WorkerTable::MayTakeMore(const KnownWorker& worker, const RunLimits& limits) const {
  return worker.is_connected && !worker.row.is_draining &&
         static_cast<int>(worker.leases.size()) < options_.leases_max &&
         CouldRun(worker.row, limits);
}

void WorkerTable::Drop(const PendingNode& node, const Lease& lease) {
  KnownWorker& worker = workers_.at(lease.worker);
  worker.leases.erase(lease.run);
  if (node.row.kind == NodeKind::kConfigure) {
    --worker.configures_held;
    return;
  }
  if (node.dispatch->is_ahead) return;
  worker.slots_held -= node.job->spec->limits.slots;
  worker.backlog_ms = worker.leases.empty() ? 0 : worker.backlog_ms - node.dispatch->expected_ms;
}

double WorkerTable::ExpectedMs(const PendingNode& node) {
  if (node.job->learned->is_noop) return 0;
  return node.job->learned->is_known ? node.job->learned->ms : kUnknownMs;
}

}  // namespace fft
