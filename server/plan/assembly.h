#pragma once

#include <vector>

#include "server/domain/plan.h"
#include "server/graph/cone.h"
#include "server/plan/key_pass.h"
#include "server/plan/planner.h"
#include "server/plan/verdict.h"

namespace fft {

struct AssembledPlan {
  Plan plan;
  std::vector<ConfigIndex> configs;  // parallel to plan.nodes
};

/// Puts the verdicts, parallel to the cone's configs, into a plan: levels, order, upstreams, etag.
AssembledPlan AssemblePlan(const PlanRequest& request, const KeyPass& keys,
                           std::vector<Verdict>& verdicts);

}  // namespace fft
