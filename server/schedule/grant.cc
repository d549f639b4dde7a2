#include <set>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "server/fingerprint/fingerprint.h"
#include "server/schedule/schedule.h"

// Who runs what next.

namespace fft {

namespace {

// A build whose first nodes fit no worker is not searched further than this in one batch.
constexpr int kMisfitsMax = 256;

}  // namespace

void Schedule::GrantAll(TimePoint now) {
  const std::vector<std::pair<int, BuildId>> hungry(hungry_.begin(), hungry_.end());
  std::set<const JobSpec*> misfits;
  for (const auto& [priority, id] : hungry) {
    PendingBuild& build = *builds_.at(id);
    const int jobs_max = build.row.options.jobs_max;
    int misfits_left = kMisfitsMax;
    for (auto at = build.ready.begin(); at != build.ready.end() && misfits_left > 0;) {
      if (jobs_max > 0 && build.running >= jobs_max) break;
      const auto found = nodes_.find(at->second);
      if (found == nodes_.end() || !found->second->is_settled || found->second->lease.run) {
        at = build.ready.erase(at);
        continue;
      }
      PendingNode& node = *found->second;
      if (IsBlocked(node)) {  // a writer and a QUERY of one ref became ready together: it is parked
        at = build.ready.erase(at);
        continue;
      }
      KnownWorker* worker = misfits.contains(node.job.get()) && node.row.kind == NodeKind::kJob
                                ? nullptr
                                : workers_.For(node);
      if (worker == nullptr) {
        if (node.row.kind == NodeKind::kJob) misfits.insert(node.job.get());
        --misfits_left;
        ++at;
        continue;
      }
      at = build.ready.erase(at);
      GrantTo(node, *worker, now);
    }
    if (build.ready.empty()) hungry_.erase({priority, id});
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
    waiter.build->ready.erase({waiter.level, node.row.id});
    ++waiter.build->running;
    waiter.build->is_dirty = true;
  }
  workers_.Hold(worker, node);
  leases_.emplace(lease.run, node.row.id);
  journal_.changes().leases.push_back(lease);
  OrdersFor(worker.row.id).grants.push_back(GrantOf(node));
}

}  // namespace fft
