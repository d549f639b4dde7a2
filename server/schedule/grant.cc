#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "server/fingerprint/fingerprint.h"
#include "server/schedule/claims.h"
#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// Who runs what next.

namespace fft {

namespace {

// The cohort whose `--jobs` does not let it run now; null: it may.
Cohort* LimitOf(const PendingNode& node) {
  for (const Cohort* cohort : node.dispatch->filed_in)
    if (cohort->options().jobs_max == 0 || cohort->running < cohort->options().jobs_max)
      return nullptr;
  return node.dispatch->filed_in.front();
}

// Until something of who wants it ends.
void GrantNothingAhead(ReadyQueue& ready, const PendingNode& node) {
  for (Cohort* cohort : node.dispatch->filed_in) {
    cohort->ahead_max = 0;
    ready.File(*cohort);
  }
}

}  // namespace

// A line whose first node nobody can take is closed for this batch: what stands behind it asks for
// the same.
void Schedule::GrantAll(TimePoint now) {
  std::vector<char> closed(static_cast<std::size_t>(ready_.lines()), 0);
  while (PendingNode* const next = ready_.First(closed)) {
    PendingNode& node = *next;
    FFT_CHECK(node.is_settled && !node.lease->run);
    if (IsBlocked(node)) {  // a writer and a QUERY of one ref became ready together: it is parked
      ready_.RemoveAll(node);
      continue;
    }
    Cohort* const limited = LimitOf(node);
    if (limited != nullptr) {
      if (!GrantAhead(*limited, node, now)) GrantNothingAhead(ready_, node);
      continue;
    }
    const bool is_held =
        gates_.IsPaused(node.row.of->graph) || gates_.FirstFull(PoolsOf(node)) != nullptr;
    KnownWorker* worker = is_held ? nullptr : workers_.For(node);
    if (worker == nullptr)
      closed[static_cast<std::size_t>(node.job->line)] = 1;
    else
      GrantTo(node, *worker, now);
  }
}

// The worker that has all that runs of it starts the next when one has ended, and nobody waits for
// a commit.  Nothing of that may keep others waiting: neither who wants the same nor a pool; who is
// to write what it reads, or reads what it writes, waits a second at most.
bool Schedule::GrantAhead(Cohort& cohort, PendingNode& node, TimePoint now) {
  const auto at = workers_.all().find(cohort.worker);
  if (at == workers_.all().end() || node.waiters.size() > 1 || node.dispatch->filed_in.size() > 1 ||
      node.waiters.front().cohort != &cohort || !PoolsOf(node).empty() ||
      gates_.IsPaused(node.row.of->graph) || node.row.kind != NodeKind::kJob ||
      !workers_.MayTakeMore(at->second, node.job->spec->limits))
    return false;
  node.dispatch.Make().is_ahead = true;
  cohort.ahead.push_back(node.row.id);
  GrantTo(node, at->second, now);
  return true;
}

// Who was granted ahead of `ended` takes its place.
void Schedule::MoveUp(Cohort& cohort, const PendingNode& ended, const RunReport& report) {
  std::erase_if(cohort.ahead, [&](NodeId id) {
    const auto at = nodes_.find(id);
    return id == ended.row.id || at == nodes_.end() || !at->second->dispatch->is_ahead;
  });
  if (!ended.dispatch->is_ahead && !cohort.ahead.empty()) {
    PendingNode& next = node(cohort.ahead.front());
    cohort.ahead.erase(cohort.ahead.begin());
    workers_.MoveUp(next);
  }
  if (report.outcome == Outcome::kReturned) cohort.ahead_max = 0;  // runs are not as short any more
  if (report.outcome != Outcome::kSucceeded || ended.row.kind != NodeKind::kJob ||
      ended.row.config->frame->runner == Runner::kNoop || cohort.options().jobs_max == 0)
    return;
  // Never less than 1: clocks step back, and much of nothing is not for ever.
  const double ms =
      std::max(1.0, static_cast<double>((report.ended_at - report.started_at).count()));
  cohort.run_ms = cohort.run_ms == 0 ? ms : (3 * cohort.run_ms + ms) / 4;
  cohort.ahead_max =
      std::min(options_.ahead_max, static_cast<int>(options_.ahead_ms / cohort.run_ms));
}

// From the ends of a plan to its beginnings.
void Schedule::RankPaths(const Plan& plan, const std::vector<PendingNode*>& slots) {
  std::vector<double> below(slots.size(), 0);
  for (std::size_t i = slots.size(); i-- > 0;) {
    if (slots[i] == nullptr) continue;
    const double path_ms = slots[i]->job->learned->expected_ms() + below[i];
    Raise(*slots[i], path_ms);
    for (const std::uint32_t upstream : plan.nodes[i].upstreams)
      below[upstream] = std::max(below[upstream], path_ms);
  }
}

// Of readers there may be very many, and while it waits there come no more: once is enough, until
// it is more urgent.
void Schedule::HelpWhoBlocks(PendingNode& waiting, PartitionId output) {
  const auto first = nodes_.find(traffic_.Blocker(output, waiting.row.id));
  if (first != nodes_.end()) return Help(waiting, *first->second);
  int priority = std::numeric_limits<int>::min();
  for (const Waiter& waiter : waiting.waiters)
    priority = std::max(priority, waiter.cohort->options().priority);
  for (const BuildId id : waiting.dispatch->helpers)
    if (const PendingBuild* build = FindOpen(id))
      priority = std::max(priority, build->row.options.priority);
  std::optional<int>& helped = waiting.dispatch.Make().helped_readers;
  if (helped && *helped >= priority) return;
  helped = priority;
  for (const NodeId id : traffic_.LiveReaders(output))
    if (const auto reader = nodes_.find(id); reader != nodes_.end()) Help(waiting, *reader->second);
}

// Priority is inherited: what a more urgent build has to wait for stands in that build's lines too,
// with all that has to end before it.
void Schedule::Help(const PendingNode& waiting, PendingNode& blocker) {
  std::vector<PendingBuild*> builds;
  for (const Waiter& waiter : waiting.waiters) builds.push_back(waiter.cohort->members.front());
  for (const BuildId id : waiting.dispatch->helpers)
    if (PendingBuild* build = FindOpen(id)) builds.push_back(build);
  std::vector<std::pair<PendingNode*, PendingBuild*>> helped;
  for (PendingBuild* build : builds)
    if (!build->cohort->is_stopping) helped.emplace_back(&blocker, build);
  while (!helped.empty()) {
    const auto [at, build] = helped.back();
    helped.pop_back();
    const int priority = build->row.options.priority;
    const bool is_urgent = std::all_of(
        at->waiters.begin(), at->waiters.end(),
        [&](const Waiter& waiter) { return waiter.cohort->options().priority < priority; });
    const Few<BuildId>& helpers = at->dispatch->helpers;
    const bool is_known = std::find(helpers.begin(), helpers.end(), build->row.id) != helpers.end();
    if (!is_urgent || is_known || at->lease->run || IsTerminal(at->row.state)) continue;
    at->dispatch.Make().helpers.push_back(build->row.id);
    if (at->is_settled) ready_.Add(*build->cohort, *at);
    Wake(*at);
    for (const NodeId id : at->row.upstreams)
      if (const auto found = nodes_.find(id); found != nodes_.end())
        helped.emplace_back(found->second.get(), build);
  }
}

void Schedule::Raise(PendingNode& node, double path_ms) {
  std::vector<std::pair<PendingNode*, double>> raised = {{&node, path_ms}};
  while (!raised.empty()) {
    const auto [at, path] = raised.back();
    raised.pop_back();
    if (path <= at->path_ms) continue;
    const Few<Cohort*> holders = at->dispatch->filed_in;
    ready_.RemoveAll(*at);
    at->path_ms = path;
    for (Cohort* cohort : holders) ready_.Add(*cohort, *at);
    for (const NodeId id : at->row.upstreams)
      if (const auto found = nodes_.find(id); found != nodes_.end())
        raised.emplace_back(found->second.get(), path + found->second->job->learned->expected_ms());
  }
}

void Schedule::GrantTo(PendingNode& node, KnownWorker& worker, TimePoint now) {
  Lease lease{.run = last_.run = RunId{last_.run.value + 1},
              .node = node.row.id,
              .worker = worker.row.id,
              .epoch = epoch_,
              .result_key = {},
              .input_runs = {},
              .input_identities = {},
              .granted_at = now,
              .started_at = {},
              .is_kill_requested = false};
  lease.input_identities = Identities(catalog_, node, &lease.input_runs);
  lease.result_key = KeyOf(node.row.config_digest, lease.input_identities);
  NodePast& past = node.row.past.Make();
  past.result_key = lease.result_key;
  past.last_run = lease.run;
  node.lease = lease;  // the journal takes the other
  Dispatch& dispatch = node.dispatch.Make();
  dispatch.is_in_turn = dispatch.is_ahead;
  TakeClaims(node, catalog_, traffic_);
  ready_.RemoveAll(node);
  for (const Waiter& waiter : node.waiters) {
    Cohort& cohort = *waiter.cohort;
    // Its worker counts it for one build alone.
    const bool is_counted =
        &waiter == &node.waiters.front() && (cohort.running == 0 || cohort.worker == worker.row.id);
    cohort.worker = is_counted ? worker.row.id : WorkerId{};
    ++cohort.running;
    cohort.is_under_way = true;
    for (PendingBuild* build : cohort.members) build->is_dirty = true;
    ready_.File(cohort);
  }
  workers_.Hold(worker, node);
  gates_.Take(PoolsOf(node));
  ready_.Charge(node,
                std::max(1.0, node.job->learned->expected_ms()) * node.job->spec->limits.slots);
  leases_.emplace(lease.run, node.row.id);
  journal_.changes().leases.push_back(std::move(lease));
  OrdersFor(worker.row.id).grants.push_back(GrantOf(catalog_, node));
}

}  // namespace fft
