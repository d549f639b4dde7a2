#include "server/schedule/accounts.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

namespace fft {

namespace {

std::int64_t SlotsOf(const PendingNode& node) { return node.job->spec->limits.slots; }

std::int64_t Expected(const LearnedDuration& learned, std::int64_t slots) {
  if (!learned.is_known || learned.is_noop) return 0;
  return static_cast<std::int64_t>(std::llround(learned.ms)) * slots;
}

}  // namespace

PendingBuild* PayerOf(const PendingNode& node) {
  if (node.waiters.empty()) return nullptr;
  const auto brought = std::find_if(node.waiters.begin(), node.waiters.end(),
                                    [](const Waiter& waiter) { return !waiter.is_joined; });
  const Waiter& payer = brought == node.waiters.end() ? node.waiters.front() : *brought;
  return payer.cohort->members.front();
}

Accounts ChargeRun(PendingNode& node, const RunReport& report) {
  Accounts all;
  if (report.started_at == TimePoint{} || report.ended_at <= report.started_at) return all;
  const std::int64_t ms = (report.ended_at - report.started_at).count() * SlotsOf(node);
  const PendingBuild* const payer = PayerOf(node);
  for (const Waiter& waiter : node.waiters)
    for (PendingBuild* build : waiter.cohort->members) {
      Accounts& accounts = build->row.accounts;
      std::int64_t& part = build == payer ? accounts.spent_ms : accounts.saved_by_joining_ms;
      part += ms;
      if (build != payer) all.saved_by_joining_ms += ms;
    }
  all.spent_ms = ms;
  return all;
}

Accounts CreditCutOff(PendingNode& node) {
  Accounts all;
  if (PendingBuild* const payer = PayerOf(node)) {
    all.saved_by_cut_off_ms = Expected(*node.job->learned, SlotsOf(node));
    payer->row.accounts.saved_by_cut_off_ms += all.saved_by_cut_off_ms;
  }
  return all;
}

std::int64_t SavedByHit(const Plan& plan, const JobConfig& config, Durations& durations) {
  const bool is_noop = config.frame->runner == Runner::kNoop;
  if (is_noop) return 0;
  const auto& jobs = plan.spec->jobs;
  const auto job = std::lower_bound(
      jobs.begin(), jobs.end(), config.frame->job,
      [](const JobSpec& spec, const std::string& label) { return spec.label < label; });
  const std::int64_t slots = job == jobs.end() ? 1 : job->limits.slots;
  return Expected(durations.Of(plan.spec->name, config.frame->job, is_noop), slots);
}

// Thousands of hits are of a few jobs.
std::int64_t SavedByHits(const Plan& plan, Durations& durations) {
  std::unordered_map<std::string_view, std::int64_t> by_job;
  std::int64_t saved = 0;
  for (const PlannedHit& hit : plan.hits) {
    const auto [at, is_new] = by_job.try_emplace(hit.config->frame->job);
    if (is_new) at->second = SavedByHit(plan, *hit.config, durations);
    saved += at->second;
  }
  return saved;
}

}  // namespace fft
