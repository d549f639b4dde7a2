#include "server/plan/assembly.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fft {

namespace {

bool IsPlanned(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::kExecute || verdict.kind == Verdict::Kind::kUndecided;
}

/// Calls `visit` with every planned config that builds a MATERIALIZE or ORDER input of `config`.
template <class Visit>
void ForUpstreams(const Cone& cone, const std::vector<Verdict>& verdicts, ConfigIndex config,
                  const Visit& visit) {
  const ConeConfig& of = cone.configs[config];
  for (std::uint32_t i = of.inputs_begin; i < of.inputs_end; ++i) {
    if (of.config->inputs[i - of.inputs_begin].kind == InputKind::kQuery) continue;
    const ConfigIndex producer = cone.producers[cone.inputs[i]];
    if (producer != kNoIndex && IsPlanned(verdicts[producer])) visit(producer);
  }
}

// Kahn's levels among the planned: the length of the longest way to a node from one that waits for
// nothing.
std::vector<int> LevelsOf(const Cone& cone, const std::vector<Verdict>& verdicts) {
  std::vector<int> levels(cone.configs.size(), 0);
  for (ConfigIndex i = 0; i < cone.configs.size(); ++i) {
    if (!IsPlanned(verdicts[i])) continue;
    ForUpstreams(cone, verdicts, i, [&](ConfigIndex upstream) {
      levels[i] = std::max(levels[i], levels[upstream] + 1);
    });
  }
  return levels;
}

std::vector<ConfigIndex> OrderOf(const Cone& cone, const std::vector<Verdict>& verdicts,
                                 const std::vector<int>& levels) {
  std::vector<ConfigIndex> order;
  for (ConfigIndex i = 0; i < cone.configs.size(); ++i)
    if (IsPlanned(verdicts[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](ConfigIndex a, ConfigIndex b) {
    const ConeConfig& x = cone.configs[a];  // jobs are numbered in the order of their labels
    const ConeConfig& y = cone.configs[b];
    return std::tie(levels[a], x.job, x.config->outputs) <
           std::tie(levels[b], y.job, y.config->outputs);
  });
  return order;
}

PlannedNode NodeOf(const Cone& cone, const KeyPass& keys, ConfigIndex config, Verdict& verdict) {
  PlannedNode node;
  node.config = cone.configs[config].config;
  node.config_digest = cone.configs[config].digest;
  node.plan_key = verdict.joined_key ? verdict.joined_key : keys.plan_key(config);
  node.decision =
      verdict.kind == Verdict::Kind::kExecute ? Decision::kExecute : Decision::kUndecided;
  node.must_run = verdict.must_run;
  node.reason = verdict.reason;
  node.evidence = std::move(verdict.evidence);
  for (std::uint32_t i = cone.configs[config].outputs_begin; i < cone.configs[config].outputs_end;
       ++i)
    if (const Partition* partition = keys.now(cone.outputs[i]).partition; partition != nullptr)
      node.seen_run = std::max(node.seen_run, partition->live.run);
  return node;
}

PlannedHit HitOf(const Cone& cone, const KeyPass& keys, ConfigIndex config,
                 const std::vector<char>& is_target) {
  const ConeConfig& of = cone.configs[config];
  PlannedHit hit;
  hit.config = of.config;
  hit.plan_key = keys.plan_key(config);
  hit.outputs.reserve(of.outputs_end - of.outputs_begin);
  hit.runs.reserve(of.outputs_end - of.outputs_begin);
  for (std::uint32_t i = of.outputs_begin; i < of.outputs_end; ++i) {
    const RefIndex ref = cone.outputs[i];
    hit.outputs.push_back(keys.now(ref).partition->id);
    hit.runs.push_back(keys.now(ref).partition->live.run);
    hit.is_target |= is_target[ref] != 0;
  }
  return hit;
}

// Fixed widths, and a tag first: injective.
Digest EtagOf(const Plan& plan, const std::vector<Digest>& hit_configs) {
  std::string bytes = "fft-plan-1";
  for (const PlannedNode& node : plan.nodes) {
    bytes += node.decision == Decision::kExecute ? 'E' : 'U';
    bytes += node.must_run ? '1' : '0';
    bytes += node.config_digest.view();
    bytes += node.plan_key.view();
  }
  for (std::size_t i = 0; i < plan.hits.size(); ++i) {
    bytes += "H0";
    bytes += hit_configs[i].view();
    bytes += plan.hits[i].plan_key.view();
  }
  return Sha256(bytes);
}

}  // namespace

AssembledPlan AssemblePlan(const PlanRequest& request, const KeyPass& keys,
                           std::vector<Verdict>& verdicts) {
  const Cone& cone = *request.cone;
  AssembledPlan assembled;
  Plan& plan = assembled.plan;
  const std::vector<int> levels = LevelsOf(cone, verdicts);
  assembled.configs = OrderOf(cone, verdicts, levels);
  std::vector<std::uint32_t> places(cone.configs.size(), kNoIndex);
  plan.nodes.reserve(assembled.configs.size());
  for (const ConfigIndex config : assembled.configs) {
    places[config] = static_cast<std::uint32_t>(plan.nodes.size());
    PlannedNode node = NodeOf(cone, keys, config, verdicts[config]);
    node.level = levels[config];
    ForUpstreams(cone, verdicts, config,
                 [&](ConfigIndex upstream) { node.upstreams.push_back(places[upstream]); });
    std::sort(node.upstreams.begin(), node.upstreams.end());
    node.upstreams.erase(std::unique(node.upstreams.begin(), node.upstreams.end()),
                         node.upstreams.end());
    plan.nodes.push_back(std::move(node));
  }
  std::vector<char> is_target(cone.refs.size(), 0);
  for (const RefIndex target : cone.targets) is_target[target] = 1;
  std::vector<Digest> hit_configs;
  for (ConfigIndex i = 0; i < cone.configs.size(); ++i) {
    if (verdicts[i].kind != Verdict::Kind::kHit) continue;
    plan.hits.push_back(HitOf(cone, keys, i, is_target));
    hit_configs.push_back(cone.configs[i].digest);
  }
  plan.sources.assign(request.sources.begin(), request.sources.end());
  plan.unneeded =
      static_cast<std::int64_t>(cone.configs.size() - plan.nodes.size() - plan.hits.size());
  plan.etag = EtagOf(plan, hit_configs);
  return assembled;
}

}  // namespace fft
