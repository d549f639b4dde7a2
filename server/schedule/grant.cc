#include <algorithm>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "server/fingerprint/fingerprint.h"
#include "server/schedule/schedule.h"

// Who runs what next.

namespace fft {

// A line whose first node nobody can take is closed for this batch: what stands behind it asks for
// the same.
void Schedule::GrantAll(TimePoint now) {
  std::vector<char> closed(static_cast<std::size_t>(ready_.lines()), 0);
  while (const auto choice = ready_.First(closed)) {
    PendingNode& node = *choice->node;
    FFT_CHECK(node.is_settled && !node.lease.run);
    if (IsBlocked(node)) {  // a writer and a QUERY of one ref became ready together: it is parked
      for (const Waiter& waiter : node.waiters) ready_.Remove(*waiter.build, node);
      continue;
    }
    const bool is_held =
        gates_.IsPaused(node.row.graph) || gates_.FirstFull(PoolsOf(node)) != nullptr;
    KnownWorker* worker = is_held ? nullptr : workers_.For(node);
    if (worker == nullptr)
      closed[static_cast<std::size_t>(node.line)] = 1;
    else
      GrantTo(node, *worker, now);
  }
}

// From the ends of a plan to its beginnings.
void Schedule::RankPaths(const Plan& plan, const std::vector<PendingNode*>& slots) {
  std::vector<double> below(slots.size(), 0);
  for (std::size_t i = slots.size(); i-- > 0;) {
    if (slots[i] == nullptr) continue;
    const double path_ms = slots[i]->learned->expected_ms() + below[i];
    Raise(*slots[i], path_ms);
    for (const std::uint32_t upstream : plan.nodes[i].upstreams)
      below[upstream] = std::max(below[upstream], path_ms);
  }
}

void Schedule::Raise(PendingNode& node, double path_ms) {
  std::vector<std::pair<PendingNode*, double>> raised = {{&node, path_ms}};
  while (!raised.empty()) {
    const auto [at, path] = raised.back();
    raised.pop_back();
    if (path <= at->path_ms) continue;
    std::vector<PendingBuild*> holders;
    for (const Waiter& waiter : at->waiters)
      if (ready_.Remove(*waiter.build, *at)) holders.push_back(waiter.build);
    at->path_ms = path;
    for (PendingBuild* build : holders) ready_.Add(*build, *at);
    for (const NodeId id : at->row.upstreams)
      if (const auto found = nodes_.find(id); found != nodes_.end())
        raised.emplace_back(found->second.get(), path + found->second->learned->expected_ms());
  }
}

void Schedule::GrantTo(PendingNode& node, KnownWorker& worker, TimePoint now) {
  Lease& lease = node.lease;
  lease = {.run = last_run_ = RunId{last_run_.value + 1},
           .node = node.row.id,
           .worker = worker.row.id,
           .epoch = epoch_,
           .result_key = {},
           .input_runs = {},
           .input_identities = {},
           .granted_at = now,
           .started_at = {},
           .is_kill_requested = false};
  lease.input_identities = Identities(node, &lease.input_runs);
  lease.result_key = node.row.result_key = KeyOf(node.row.config_digest, lease.input_identities);
  node.row.last_run = lease.run;
  node.uncertain_before.clear();
  for (const PartitionId id : node.row.outputs) {
    traffic_.BeginWrite(id);
    Partition& partition = catalog_.at(id);
    node.uncertain_before.push_back(std::exchange(partition.uncertain_run, lease.run));
  }
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i)
    if (node.row.config->inputs[i].kind == InputKind::kQuery)
      traffic_.BeginQuery(node.row.inputs[i]);
  for (const Waiter& waiter : node.waiters) {
    PendingBuild& build = *waiter.build;
    ready_.Remove(build, node);
    ++build.running;
    build.is_dirty = build.is_under_way = true;
    ready_.File(build);
  }
  workers_.Hold(worker, node);
  gates_.Take(PoolsOf(node));
  ready_.Charge(node, std::max(1.0, node.learned->expected_ms()) * node.job->limits.slots);
  leases_.emplace(lease.run, node.row.id);
  journal_.changes().leases.push_back(lease);
  OrdersFor(worker.row.id).grants.push_back(GrantOf(node));
}

}  // namespace fft
