#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "server/base/check.h"
#include "server/base/error_details.h"
#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// Who can run what, and what becomes of leases when workers come and go.

namespace fft {

namespace {

Status NoSuchWorker(const std::string& name) {
  return WithDetails(Error(Code::kNotFound, "no worker is called {}", name),
                     {.reason = "WORKER_NOT_FOUND", .metadata = {{"worker", name}}, .fields = {}});
}

}  // namespace

WorkerOrders& Schedule::OrdersFor(WorkerId worker) {
  for (WorkerOrders& orders : effects_.orders)
    if (orders.worker == worker) return orders;
  effects_.orders.push_back({.worker = worker, .epoch = epoch_});
  return effects_.orders.back();
}

void Schedule::On(const WorkerJoined& c, TimePoint now) {
  KnownWorker& worker = workers_.Join(c.worker);
  worker.row.connected_at = now;
  worker.joined = c.reply;
  const Worker& row = worker.row;
  journal_.changes().workers.push_back(row);
  journal_.Noted(EventKind::kWorkerChanged,
                 fmt::format("{} connected: {} slots", row.name, row.slots), now);
  effects_.answers.push_back(
      {.reply = c.reply, .status = Ok(), .build = {}, .kept = {}, .worker = row});

  WorkerOrders& orders = OrdersFor(row.id);
  const std::set<RunId> held(c.held.begin(), c.held.end());
  for (const RunId run : held) {
    const auto at = leases_.find(run);
    if (at != leases_.end() && node(at->second).lease->worker == row.id) {
      orders.adopted.push_back(run);
      if (node(at->second).lease->is_kill_requested) orders.kills.push_back(run);
    } else {  // its lease is lost, or its end is recorded: nobody wants to hear of it
      orders.kills.push_back(run);
      orders.acknowledged.push_back(run);
    }
  }
  // A grant that never arrived is told again: it names the same run, so hearing it twice is
  // harmless.
  for (const RunId run : worker.leases) {
    if (held.contains(run)) continue;
    const PendingNode& granted = node(leases_.at(run));
    orders.grants.push_back(GrantOf(catalog_, granted));
    if (granted.lease->is_kill_requested) orders.kills.push_back(run);
  }
}

void Schedule::On(const WorkerLeft& c, TimePoint now) {
  const auto at = workers_.all().find(c.worker);
  if (at == workers_.all().end() || !at->second.is_connected) return;
  if (c.joined && c.joined != at->second.joined) return;  // it is back already
  at->second.is_connected = false;
  at->second.left_at = now;
  journal_.Noted(EventKind::kWorkerChanged, fmt::format("{} disconnected", at->second.row.name),
                 now);
}

void Schedule::On(const WorkerDrained& c, TimePoint now) {
  Answer answer{.reply = c.reply, .status = Ok(), .build = {}, .kept = {}, .worker = {}};
  if (KnownWorker* worker = workers_.Find(c.name)) {
    worker->row.is_draining = c.is_draining;
    journal_.changes().workers.push_back(worker->row);
    journal_.Noted(EventKind::kWorkerChanged,
                   fmt::format("{} {}", c.name, c.is_draining ? "drains" : "no longer drains"),
                   now);
    answer.worker = worker->row;
  } else {
    answer.status = NoSuchWorker(c.name);
  }
  effects_.answers.push_back(std::move(answer));
}

void Schedule::On(const WorkerDied& c, TimePoint now) {
  Answer answer{.reply = c.reply, .status = Ok(), .build = {}, .kept = {}, .worker = {}};
  KnownWorker* const worker = workers_.Find(c.name);
  if (worker == nullptr) {
    answer.status = NoSuchWorker(c.name);
  } else if (worker->is_connected) {
    answer.status = WithDetails(
        Error(Code::kFailedPrecondition, "worker {} is connected: it is not dead", c.name),
        {.reason = "WORKER_CONNECTED", .metadata = {{"worker", c.name}}, .fields = {}});
  } else {
    journal_.Noted(EventKind::kWorkerChanged, fmt::format("{} is dead", c.name), now);
    LoseLeases(*worker, now);
    answer.worker = worker->row;
  }
  effects_.answers.push_back(std::move(answer));
}

void Schedule::On(const PoolSet& c, TimePoint) {
  gates_.SetPool(c.pool);
  journal_.changes().pools.push_back(c.pool);
  effects_.answers.push_back(
      {.reply = c.reply, .status = Ok(), .build = {}, .kept = {}, .worker = {}});
}

void Schedule::On(const GraphPaused& c, TimePoint now) {
  if (gates_.IsPaused(c.pause.graph) != c.pause.is_paused) {
    for (auto& [id, build] : builds_) {  // what keeps it waiting now is told anew
      if (build->is_ended || build->row.graph != c.pause.graph ||
          build->row.state != BuildState::kExecuting || !build->is_awaiting)
        continue;
      build->StopAwaiting();
      TellBuild(*build, now);
    }
    gates_.SetPause(c.pause);
    journal_.changes().pauses.push_back(c.pause);
    journal_.Noted(EventKind::kGraphDeployed,
                   fmt::format("{} {}", c.pause.graph, c.pause.is_paused ? "paused" : "resumed"),
                   now);
  }
  effects_.answers.push_back(
      {.reply = c.reply, .status = Ok(), .build = {}, .kept = {}, .worker = {}});
}

// By now the worker has killed its runs or is gone with its machine: others may have the work.
void Schedule::LoseLeases(KnownWorker& worker, TimePoint now) {
  const std::set<RunId> leases = worker.leases;
  for (const RunId run : leases) {
    PendingNode& lost = node(leases_.at(run));
    RunReport report{.run = run, .epoch = lost.lease->epoch, .outcome = Outcome::kInfrastructure};
    report.message = fmt::format("worker {} was lost", worker.row.name);
    report.left_outputs_alone = false;
    report.started_at = lost.lease->granted_at;
    report.ended_at = now;
    RetryOrFail(lost, report, now);
  }
  DrainFailing(now);
}

}  // namespace fft
