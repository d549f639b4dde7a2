#pragma once

#include <string>

#include "server/domain/plan.h"
#include "server/schedule/durations.h"
#include "server/schedule/pending.h"

namespace fft {

// Whose account a run's time goes to, and who was spared how much.  Times are slot times: how long
// something took, times the slots that it held.

/// Who brought `node`, or, when that has left, who waits longest; null when nobody waits.
PendingBuild* PayerOf(const PendingNode& node);

/// The slot time of `report`, as the payer spent it and all others that waited were spared it.
Accounts ChargeRun(PendingNode& node, const RunReport& report);

/// What a run of `node` would have taken, as far as is known, is spared the payer.
Accounts CreditCutOff(PendingNode& node);

/// What runs of the jobs of `plan`'s hits would have taken, as far as is known, in milliseconds.
std::int64_t SavedByHits(const Plan& plan, Durations& durations);
/// The same of one run of a job of `plan`.
std::int64_t SavedByHit(const Plan& plan, const JobConfig& config, Durations& durations);

}  // namespace fft
