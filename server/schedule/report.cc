#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "server/base/check.h"
#include "server/schedule/accounts.h"
#include "server/schedule/claims.h"
#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// What workers report, and how nodes end.

namespace fft {

namespace {

std::string EvidenceOf(NodeId culprit, const PendingNode* failed) {
  nlohmann::json evidence = {{"node", culprit.value}};
  if (failed != nullptr && !failed->row.config->outputs.empty())
    evidence["refs"] = {failed->row.config->outputs.front()};
  return evidence.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Between half and all of the step, by a hash of who waits: chance has no place here.
Duration Jittered(Duration step, NodeId node, int attempt) {
  const std::uint64_t mixed =
      (static_cast<std::uint64_t>(node.value) * 1'000'003U + static_cast<std::uint64_t>(attempt)) *
      0x9E3779B97F4A7C15ULL;
  const double part = static_cast<double>(mixed >> 40) / static_cast<double>(1U << 24);
  return Duration(static_cast<std::int64_t>(static_cast<double>(step.count()) * (0.5 + part / 2)));
}

// What is recorded as live is recorded by place: a report that tells other outputs, or in another
// order, is no success.
void CheckOutputs(const std::vector<std::string>& declared, RunReport& report) {
  const auto [ref, output] =
      std::mismatch(declared.begin(), declared.end(), report.outputs.begin(), report.outputs.end(),
                    [](const std::string& d, const OutputReport& o) { return d == o.ref; });
  if (ref == declared.end() && output == report.outputs.end()) return;
  report.message = declared.size() != report.outputs.size()
                       ? fmt::format("the worker reported {} outputs of {}", report.outputs.size(),
                                     declared.size())
                       : fmt::format("the worker reported {} in place of {}", output->ref, *ref);
  report.outcome = Outcome::kInfrastructure;
  report.left_outputs_alone = false;
}

Reason ReasonOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFailed: return Reason::kJobFailed;
    case Outcome::kTimeLimit: return Reason::kTimeLimit;
    case Outcome::kMemoryLimit: return Reason::kMemoryLimit;
    case Outcome::kBadOutput: return Reason::kBadOutput;
    case Outcome::kRetriable: return Reason::kAttemptsExhausted;
    case Outcome::kInfrastructure: return Reason::kQuarantined;
    case Outcome::kCancelled: return Reason::kCancelRequested;
    case Outcome::kReturned:
    case Outcome::kNone:
    case Outcome::kSucceeded: return Reason::kNone;
  }
  return Reason::kNone;
}

void CountInCohort(const PendingNode& node, const Waiter& waiter) {
  Cohort& cohort = *waiter.cohort;
  --cohort.left;
  --cohort.left_by_level[waiter.level];
  const NodeState state = node.row.state;
  cohort.has_failed |= state == NodeState::kFailed ||
                       (state == NodeState::kCancelled && node.row.kind == NodeKind::kJob);
}

}  // namespace

void Schedule::On(const WorkerHeard& c, TimePoint now) {
  for (const auto& [run, at] : c.started)
    if (const auto found = leases_.find(run); found != leases_.end())
      Started(node(found->second), at, now);
  // All starts before all ends, so that each kind travels in few events.
  for (const RunReport& report : c.reports)
    if (const auto found = leases_.find(report.run);
        found != leases_.end() && report.outcome != Outcome::kReturned)
      Started(node(found->second), report.started_at, now);
  for (const RunReport& report : c.reports) {
    const auto found = leases_.find(report.run);
    if (found != leases_.end() && MustVerify(node(found->second), report)) continue;
    OrdersFor(c.worker).acknowledged.push_back(report.run);
    if (found == leases_.end()) {
      ++effects_.tally.late_reports;  // its lease is lost, or its end is recorded already
      continue;
    }
    Reported(node(found->second), report, now);
  }
  DrainFailing(now);
}

void Schedule::Started(PendingNode& node, TimePoint at, TimePoint now) {
  if (node.row.state == NodeState::kRunning) return;
  node.lease.get()->started_at = at;
  journal_.changes().lease_starts.push_back({node.lease->run, at});
  node.row.state = NodeState::kRunning;
  --totals_.ready;
  ++totals_.running;
  journal_.NodeChanged(ChangeOf(catalog_, node, NodeState::kRunning, node.row.reason, ""), now);
  effects_.tally.ready_to_start_ms.push_back((now - node.dispatch->ready_at).count());
  // Somebody came who has what nobody had.
  const bool was_unrunnable = node.dispatch->unrunnable_since != TimePoint{};
  for (const Waiter& waiter : node.waiters)
    for (PendingBuild* build : waiter.cohort->members) {
      if (was_unrunnable) {
        build->StopAwaiting();
        SaveBuild(*build);
      }
      Build& row = build->row;
      if (row.started_at != TimePoint{} || node.row.kind != NodeKind::kJob) continue;
      row.started_at = now;
      effects_.tally.submit_to_start_ms.push_back((now - row.received_at).count());
    }
}

void Schedule::Reported(PendingNode& node, const RunReport& report, TimePoint now) {
  RunReport seen = report;
  const bool is_noop = node.row.config->frame->runner == Runner::kNoop;
  if (seen.outcome == Outcome::kSucceeded && !is_noop && node.row.kind == NodeKind::kJob)
    CheckOutputs(node.row.config->outputs, seen);
  if (seen.outcome == Outcome::kNone) seen.outcome = Outcome::kInfrastructure;
  if (seen.outcome == Outcome::kCancelled && !node.lease->is_kill_requested &&
      !node.waiters.empty())
    seen.outcome = Outcome::kInfrastructure;  // stopped, but not by us
  if (seen.outcome == Outcome::kSucceeded) {
    durations_.Learn(*node.job->learned,
                     static_cast<double>((seen.ended_at - seen.started_at).count()));
    return Succeeded(node, seen, now);
  }
  RetryOrFail(node, seen, now);
}

void Schedule::Succeeded(PendingNode& node, const RunReport& report, TimePoint now) {
  for (std::size_t i = 0; i < node.row.outputs.size(); ++i) {
    Partition& partition = catalog_.at(node.row.outputs[i]);
    Materialisation& live = partition.live;
    live = {.run = node.lease->run,
            .key = node.lease->result_key,
            .content = {},
            .rows = -1,
            .bytes = -1,
            .major_version = MajorVersion(node.row.config->frame->version),
            .is_reusable = node.row.is_reusable,
            .uri = {},
            .at = now};
    if (i < report.outputs.size()) {
      live.content = report.outputs[i].content;
      live.rows = report.outputs[i].rows;
      live.bytes = report.outputs[i].bytes;
      live.uri = report.outputs[i].uri;
    }
    partition.doubt.Set(&Doubt::uncertain_run, RunId{});
    node.dispatch.Make().uncertain_before[i] = {};
    if (!partition.is_tainted()) {  // it was granted after what was said of the data before
      partition.doubt.Set(&Doubt::tainted_before, RunId{});
      partition.doubt.Set(&Doubt::is_suspect, false);
    }
    SavePartition(partition.id);
  }
  std::string warning = InheritTaint(node, now);
  if (warning.empty()) warning = report.message;
  if (node.row.kind == NodeKind::kConfigure)
    for (const Waiter& waiter : node.waiters)
      for (PendingBuild* build : waiter.cohort->members)
        build->configured.push_back(
            {node.row.config->frame->job, node.row.config->args.vec(), report.stdout_text});
  EndLease(node, report, Reason::kNone, now);
  EndNode(node, NodeState::kSucceeded, node.row.reason, std::move(warning), now);
}

void Schedule::EndLease(PendingNode& node, const RunReport& report, Reason reason, TimePoint) {
  const Rare<Lease> held = std::exchange(node.lease, {});
  const Lease& lease = *held;
  node.dispatch.Make().unverified.reset();
  const Accounts charged = ChargeRun(node, report);
  effects_.tally.accounts.spent_ms += charged.spent_ms;
  effects_.tally.accounts.saved_by_joining_ms += charged.saved_by_joining_ms;
  GiveClaims(node, traffic_);
  for (std::size_t i = 0; report.outcome != Outcome::kSucceeded && i < node.row.outputs.size();
       ++i) {
    Partition& partition = catalog_.at(node.row.outputs[i]);
    partition.doubt.Set(&Doubt::uncertain_run,
                        report.left_outputs_alone ? node.dispatch->uncertain_before[i] : lease.run);
    if (!report.left_outputs_alone) SavePartition(partition.id);
  }
  if (PendingBuild* payer = PayerOf(node); payer != nullptr && charged.spent_ms > 0)
    SaveBuild(*payer);  // what was spent is told with the run; what was saved, now and then
  for (const Waiter& waiter : node.waiters) {
    --waiter.cohort->running;
    MoveUp(*waiter.cohort, node, report);
    for (PendingBuild* build : waiter.cohort->members) build->is_dirty = true;
    ready_.File(*waiter.cohort);
  }
  workers_.Drop(node, lease);
  node.dispatch.Make().is_ahead = false;
  gates_.Give(PoolsOf(node));
  leases_.erase(lease.run);
  if (node.row.state == NodeState::kRunning)
    --totals_.running;
  else
    --totals_.ready;
  node.is_settled = false;
  node.row.state = NodeState::kWaiting;
  effects_.tally.runs_ended.push_back(
      {report.outcome, (report.ended_at - report.started_at).count()});
  journal_.changes().ended_leases.push_back(lease.run);
  Run& run = journal_.changes().runs.emplace_back(Run{lease, report, reason});
  run.report.stdout_text.clear();
  if (report.outcome != Outcome::kSucceeded) return;
  run.outputs = node.row.outputs.vec();
  run.major_version = MajorVersion(node.row.config->frame->version);
  run.is_reusable = node.row.is_reusable;
}

void Schedule::RetryOrFail(PendingNode& node, const RunReport& report, TimePoint now) {
  if (node.lease->is_kill_requested || report.outcome == Outcome::kCancelled ||
      node.waiters.empty()) {
    const bool is_late =
        !node.waiters.empty() &&
        node.waiters.front().cohort->members.front()->row.reason == Reason::kDeadlineExceeded;
    const Reason reason = is_late ? Reason::kDeadlineExceeded : Reason::kCancelRequested;
    EndLease(node, report, reason, now);
    return EndNode(node, NodeState::kCancelled, reason, report.message, now);
  }
  const bool is_fault = report.outcome == Outcome::kInfrastructure;
  const bool is_returned = report.outcome == Outcome::kReturned;  // nothing was tried
  NodePast& past = node.row.past.Make();
  if (!is_fault && !is_returned) past.faults = 0;
  const int count = is_returned ? 0 : is_fault ? ++past.faults : ++past.attempts;
  const int count_max = is_fault ? options_.faults_max : node.job->spec->limits.attempts_max;
  const bool may_retry =
      is_returned || ((is_fault || report.outcome == Outcome::kRetriable) && count < count_max);
  const Reason reason = may_retry ? Reason::kNone : ReasonOf(report.outcome);
  EndLease(node, report, reason, now);
  if (!may_retry) return EndNode(node, NodeState::kFailed, reason, report.message, now);
  for (const Waiter& waiter : node.waiters)  // who starts nothing more awaits no other attempt
    if (waiter.cohort->is_stopping) CountWithdrawn(node, waiter, Reason::kFailFast);
  erase_if(node.waiters, [](const Waiter& waiter) { return waiter.cohort->is_stopping; });
  if (node.waiters.empty())
    EndNode(node, NodeState::kCancelled, Reason::kFailFast, report.message, now);
  TellWithdrawn(now);
  if (IsTerminal(node.row.state)) return;
  if (is_returned) {
    journal_.NodeChanged(ChangeOf(catalog_, node, NodeState::kWaiting, node.row.reason, ""), now);
    return Wake(node);
  }
  const int doublings = std::min(count - 1, 20);
  const Duration step =
      std::min(options_.backoff_max, options_.backoff_base * (std::int64_t{1} << doublings));
  past.not_before = now + Jittered(step, node.row.id, count);
  agenda_.backoffs.emplace(past.not_before, node.row.id);
  journal_.NodeSaved(node.row);
  journal_.NodeChanged(
      ChangeOf(catalog_, node, NodeState::kWaiting, node.row.reason, report.message), now);
}

void Schedule::EndNode(PendingNode& node, NodeState state, Reason reason, std::string text,
                       TimePoint now) {
  Node& row = node.row;
  FFT_CHECK(!IsTerminal(row.state) && !node.lease->run);
  if (row.state == NodeState::kReady) --totals_.ready;
  row.state = state;
  row.reason = reason;
  NodePast& past = row.past.Make();
  past.message = text;
  past.ended_at = now;
  journal_.NodeSaved(node.row);
  journal_.NodeChanged(ChangeOf(catalog_, node, state, reason, std::move(text)), now);
  for (const PartitionId id : row.outputs) traffic_.RemoveWriter(id, row.id);
  for (std::size_t i = 0; i < row.inputs.size(); ++i)
    if (row.config->inputs[i].kind == InputKind::kMaterialize)
      traffic_.RemoveReader(row.inputs[i], node.writers[i], row.id);
  if (state == NodeState::kSkipped) effects_.tally.hits.emplace_back(reason, 1);
  if (const auto at = configures_.find(row.plan_key);
      at != configures_.end() && at->second == row.id)
    configures_.erase(at);
  ready_.RemoveAll(node);
  for (const Waiter& waiter : node.waiters) {
    CountInCohort(node, waiter);
    agenda_.to_check.push_back(waiter.cohort->id());
    for (PendingBuild* build : waiter.cohort->members) CountEnd(node, *build);
  }
  const bool is_good = state == NodeState::kSucceeded || state == NodeState::kSkipped;
  for (const NodeId id : node.downstreams) {
    const auto at = nodes_.find(id);
    if (at == nodes_.end() || IsTerminal(at->second->row.state)) continue;
    if (!is_good)
      agenda_.failing.emplace_back(id, agenda_.culprit ? agenda_.culprit : row.id);
    else if (--at->second->upstreams_left == 0)
      Wake(*at->second);
  }
  agenda_.ended.push_back(row.id);
}

void Schedule::CountEnd(PendingNode& node, PendingBuild& build) {
  NodeCounts& counts = build.row.counts;
  build.is_dirty = true;
  const Cohort& cohort = *build.cohort;
  if (node.row.kind == NodeKind::kConfigure) {
    if (cohort.left > 0 || cohort.is_stopping || node.row.state != NodeState::kSucceeded) {
      if (node.row.state == NodeState::kFailed && build.row.message.empty()) {
        build.row.message = fmt::format("configuring {}: {}", node.row.config->frame->job,
                                        node.row.past->message.view());
        SaveBuild(build);
      }
      return;
    }
    if (!cohort.has_failed)
      effects_.plans.push_back({build.row.id, std::exchange(build.configured, {})});
    return;
  }
  switch (node.row.state) {
    case NodeState::kSucceeded: ++counts.succeeded; break;
    case NodeState::kSkipped: ++counts.cut_off; break;
    case NodeState::kCancelled: ++counts.cancelled; break;
    default: ++counts.failed; break;
  }
  if (node.row.state != NodeState::kFailed && node.row.state != NodeState::kCancelled) return;
  build.StopAwaiting();
  if (node.row.state != NodeState::kFailed || !build.row.message.empty()) return;
  const Text& message = node.row.past->message;
  build.row.message =
      fmt::format("{} {}: {}", node.row.config->frame->job, node.row.config->outputs.front(),
                  message.empty() ? ToString(node.row.reason) : message.view());
  SaveBuild(build);
}

void Schedule::DrainFailing(TimePoint now) {
  while (!agenda_.failing.empty()) {
    const auto [id, culprit] = agenda_.failing.back();
    agenda_.failing.pop_back();
    const auto at = nodes_.find(id);
    if (at == nodes_.end() || IsTerminal(at->second->row.state)) continue;
    FFT_CHECK(!at->second->lease->run);
    at->second->row.evidence = EvidenceOf(culprit, FindNode(culprit));
    agenda_.culprit = culprit;
    EndNode(*at->second, NodeState::kCancelled, Reason::kUpstreamFailed, "", now);
    agenda_.culprit = {};
  }
}

}  // namespace fft
