#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "server/base/check.h"
#include "server/fingerprint/fingerprint.h"
#include "server/schedule/accounts.h"
#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// A plan enters the one pending graph.  It was made beside the loop, so that each of its
// assumptions is checked here once more, by the one owner of joining and finishing.

namespace fft {

namespace {

NamespaceId InternNamespace(Catalog& catalog, Journal& journal, const std::string& name) {
  bool is_new = false;
  const Namespace& ns = catalog.InternNamespace(name, &is_new);
  if (is_new) journal.changes().namespaces.push_back(ns);
  return ns.id;
}

// What repairs itself when somebody else has built the ref since the plan was made.
bool IsRepair(Reason reason) {
  return reason == Reason::kDataMissing || reason == Reason::kUncertain ||
         reason == Reason::kTainted;
}

// No job of the graph is to be run once for each build.
bool MayAttachAsOne(const GraphSpec& spec) {
  return std::all_of(spec.jobs.begin(), spec.jobs.end(),
                     [](const JobSpec& job) { return job.is_merged; });
}

// Nobody is about to change what this plan takes for done: the hits, and what its nodes read of
// them.
bool Holds(const Catalog& catalog, const Traffic& traffic, const Plan& plan, NamespaceId ns) {
  for (const PlannedHit& hit : plan.hits)
    for (std::size_t i = 0; i < hit.outputs.size(); ++i) {
      if (!catalog.Is(hit.outputs[i], ns, hit.config->outputs[i])) return false;  // of a lost batch
      const Partition& partition = catalog.at(hit.outputs[i]);
      if (traffic.LastWriter(partition.id) || partition.is_tainted()) return false;
      if (partition.live.run == hit.runs[i]) continue;
      if (partition.live.key != hit.plan_key || partition.doubt->uncertain_run) return false;
    }
  std::unordered_set<std::string_view> produced;
  for (const PlannedNode& planned : plan.nodes)
    produced.insert(planned.config->outputs.begin(), planned.config->outputs.end());
  for (const PlannedNode& planned : plan.nodes)
    for (const Input& input : planned.config->inputs) {
      if (input.kind != InputKind::kMaterialize || produced.contains(input.ref)) continue;
      const PartitionId id = catalog.Find(ns, input.ref);
      if (id && traffic.LastWriter(id)) return false;
    }
  return true;
}

// Somebody has done it since the plan was made.  What the planner saw already proves nothing: it
// may have relied on a node that was to write it anew, and not have looked whether the data is
// there.
bool IsValidNow(const Catalog& catalog, const Traffic& traffic, const PlannedNode& planned,
                const std::vector<PartitionId>& outputs) {
  if (planned.must_run && !IsRepair(planned.reason)) return false;
  return std::all_of(outputs.begin(), outputs.end(), [&](PartitionId id) {
    const Partition& partition = catalog.at(id);
    return !traffic.LastWriter(id) && !partition.doubt->uncertain_run && !partition.is_tainted() &&
           partition.live.run > planned.seen_run && partition.live.is_reusable &&
           partition.live.key == planned.plan_key;
  });
}

// `other`, another build's, will do what is planned.  One that does not wait for everything that
// this plan does first is none: it would read what this plan is about to repair, and it is older
// than those repairs, which wait for it in turn.
bool IsJoinable(const PendingNode& other, const Catalog& catalog, const Traffic& traffic,
                const PlannedNode& planned, const std::vector<PartitionId>& outputs,
                const std::vector<PendingNode*>& slots, const JobSpec& job) {
  const bool wants_own_run = planned.must_run && !IsRepair(planned.reason);
  if (other.row.plan_key != planned.plan_key || other.row.outputs.size() != outputs.size() ||
      !job.is_merged || !other.job->spec->is_merged || other.lease->is_kill_requested ||
      (wants_own_run && other.lease->run) || (other.lease->run && ReadsTainted(catalog, other)))
    return false;
  for (const PartitionId id : outputs)
    if (traffic.LastWriter(id) != other.row.id ||
        (other.lease->run && other.lease->run < catalog.at(id).doubt->tainted_before))
      return false;
  const Few<NodeId>& awaited = other.row.upstreams;
  auto next = awaited.begin();  // equal plans name them in the same order
  for (const std::uint32_t upstream : planned.upstreams) {
    if (slots[upstream] == nullptr) continue;
    const NodeId id = slots[upstream]->row.id;
    if (next == awaited.end() || *next != id) next = std::find(awaited.begin(), awaited.end(), id);
    if (next++ == awaited.end()) return false;
  }
  return true;
}

}  // namespace

PendingNode& Schedule::AddNode(Node row, Few<NodeId> writers, PendingJobPtr job) {
  auto owned = std::make_unique<PendingNode>();
  PendingNode& added = *owned;
  added.job = std::move(job);
  added.path_ms = added.job->learned->expected_ms();
  added.writers = std::move(writers);
  added.row = std::move(row);
  added.row.evidence = {};
  for (const PartitionId id : added.row.outputs) traffic_.AddWriter(id, added.row.id);
  for (std::size_t i = 0; i < added.row.inputs.size(); ++i)
    if (added.row.config->inputs[i].kind == InputKind::kMaterialize)
      traffic_.AddReader(added.row.inputs[i], added.writers[i], added.row.id);
  for (const NodeId id : added.row.upstreams)
    if (const auto at = nodes_.find(id); at != nodes_.end() && !IsTerminal(at->second->row.state)) {
      at->second->downstreams.push_back(added.row.id);
      ++added.upstreams_left;
    }
  nodes_.emplace(added.row.id, std::move(owned));
  return added;
}

void Schedule::On(const BuildPlanned& c, TimePoint now) {
  for (const ConfigureAnswer& answer : c.answers)
    journal_.changes().configure_answers.push_back(answer);
  std::vector<PendingBuild*> builds;
  for (const BuildId id : c.builds) {
    PendingBuild* build = FindOpen(id);
    if (build != nullptr && !build->cohort->is_stopping &&
        build->row.state == BuildState::kPlanning && build->cohort->left == 0)
      builds.push_back(build);  // others were planned twice: what was asked first has answered
  }
  if (builds.empty()) return;
  const PendingBuild& first = *builds.front();
  const bool may_be_one = MayAttachAsOne(*c.plan->spec);
  const auto others =
      std::stable_partition(builds.begin(), builds.end(), [&](const PendingBuild* build) {
        return build == &first || (may_be_one && GoesAlike(build->row, first.row));
      });
  Merge({builds.begin(), others}, *c.plan, now);
  for (auto alone = others; alone != builds.end(); ++alone) Merge({*alone}, *c.plan, now);
}

void Schedule::Merge(const std::vector<PendingBuild*>& builds, const Plan& plan, TimePoint now) {
  PendingBuild& first = *builds.front();
  const NamespaceId ns = InternNamespace(catalog_, journal_, first.row.ns);
  NoteSources(plan, ns, now);
  if (!Holds(catalog_, traffic_, plan, ns)) {
    for (const PendingBuild* build : builds) effects_.plans.push_back({build->row.id, {}});
    return;
  }
  const auto of =
      std::make_shared<const RevisionName>(RevisionName{plan.spec->name, plan.revision});
  std::vector<Tie> ties;
  Found found;
  std::vector<PendingNode*> slots(plan.nodes.size(), nullptr);
  std::unordered_map<std::string_view, PendingJobPtr> jobs;
  std::unordered_map<std::string_view, PendingNode*> producers;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const PlannedNode& planned = plan.nodes[i];
    std::vector<PartitionId> outputs;
    for (const std::string& ref : planned.config->outputs) outputs.push_back(Intern(ns, ref));
    if (IsValidNow(catalog_, traffic_, planned, outputs)) {
      found.partitions.insert(found.partitions.end(), outputs.begin(), outputs.end());
      ++found.configs;
      found.saved_ms += SavedByHit(plan, *planned.config, durations_);
      continue;
    }
    const std::string& label = planned.config->frame->job;
    const NodeId last = traffic_.LastWriter(outputs.front());
    PendingNode* target = last ? &node(last) : nullptr;
    const bool is_joined =
        target != nullptr && IsJoinable(*target, catalog_, traffic_, planned, outputs, slots,
                                        *FindJob(*plan.spec, label));
    if (is_joined) {
      Node& row = target->row;
      const bool must_run = row.must_run || (planned.must_run && !target->lease->run);
      const bool is_reusable = row.is_reusable || Writes(first.row.options.cache);
      const bool is_changed = must_run != row.must_run || is_reusable != row.is_reusable;
      row.must_run = must_run;
      row.is_reusable = is_reusable;
      if (is_changed) journal_.NodeSaved(target->row);
      ++effects_.tally.joined;
    } else {
      Node row{.id = last_.node = NodeId{last_.node.value + 1},
               .kind = NodeKind::kJob,
               .ns = ns,
               .of = of,
               .config = planned.config,
               .config_digest = planned.config_digest,
               .plan_key = planned.plan_key,
               .outputs = std::move(outputs)};
      row.must_run = planned.must_run;
      row.is_reusable = Writes(first.row.options.cache);
      row.reason = planned.reason;
      row.evidence = planned.evidence;
      row.planned_at = now;
      Few<NodeId> writers;
      for (const Input& input : planned.config->inputs) {
        row.inputs.push_back(Intern(ns, input.ref));
        const auto at = producers.find(input.ref);
        writers.push_back(at == producers.end() ? NodeId{} : at->second->row.id);
      }
      for (const std::uint32_t upstream : planned.upstreams)
        if (slots[upstream] != nullptr) row.upstreams.push_back(slots[upstream]->row.id);
      journal_.changes().nodes.push_back(row);
      PendingJobPtr& job = jobs[label];
      if (job == nullptr) job = jobs_.Of(plan.spec, label, NodeKind::kJob, catalog_.ns(ns));
      target = &AddNode(std::move(row), std::move(writers), job);
    }
    slots[i] = target;
    for (const std::string& ref : planned.config->outputs) producers[ref] = target;
    ties.push_back(
        {target, planned.level, is_joined, is_joined ? Reason::kJoined : planned.reason});
  }
  AddPendingUpstreams(ties);
  RankPaths(plan, slots);
  for (PendingBuild* build : builds) {
    if (build->cohort != first.cohort)
      ready_.Drop(*build->cohort);  // it may stand for who it helps
    build->cohort = first.cohort;
    build->row.state = BuildState::kExecuting;
    build->StopAwaiting();
    TellBuild(*build, now);
    RecordHits(*build, plan, found, now);
  }
  ready_.SetMembers(*first.cohort, builds);
  Attach(*first.cohort, ties, now);
  agenda_.to_check.push_back(first.row.id);
}

void Schedule::RecordHits(PendingBuild& build, const Plan& plan, const Found& found,
                          TimePoint now) {
  BuildHits hits{.build = build.row.id, .partitions = found.partitions, .runs = {}};
  NodeCounts& counts = build.row.counts;
  std::int64_t configs = found.configs;
  for (const PlannedHit& hit : plan.hits) {
    hits.partitions.insert(hits.partitions.end(), hit.outputs.begin(), hit.outputs.end());
    ++configs;
  }
  if (hits.partitions.empty() && counts.cached == 0) return;
  for (const PartitionId id : hits.partitions) hits.runs.push_back(catalog_.at(id).live.run);
  // Planned again, it finds what was done for it, and was counted then.
  if (counts.succeeded + counts.cut_off > 0) {
    journal_.changes().hits.push_back(std::move(hits));
    return;
  }
  counts.total += configs - counts.cached;
  counts.cached = configs;
  effects_.tally.hits.emplace_back(Reason::kCached, configs);
  const std::int64_t saved_ms = found.saved_ms + SavedByHits(plan, durations_);
  build.row.accounts.saved_by_cache_ms += saved_ms;
  effects_.tally.accounts.saved_by_cache_ms += saved_ms;
  journal_.NodesSkipped(build.row.id, configs, now);
  journal_.changes().hits.push_back(std::move(hits));
}

void Schedule::On(const ConfigureNeeded& c, TimePoint now) {
  for (const ConfigureAnswer& answer : c.answers)
    journal_.changes().configure_answers.push_back(answer);
  PendingBuild* build = FindOpen(c.build);
  if (build == nullptr || build->cohort->is_stopping || build->row.state != BuildState::kPlanning ||
      build->cohort->left > 0)  // planned twice: what was asked first will answer
    return;
  build->StopAwaiting();
  const NamespaceId ns = InternNamespace(catalog_, journal_, build->row.ns);
  const auto of =
      std::make_shared<const RevisionName>(RevisionName{c.spec->name, build->row.revision});
  std::vector<Tie> ties;
  for (const ConfigureBatch& batch : c.batches) {
    const JobSpec* job = FindJob(*c.spec, batch.job);
    FFT_CHECK(job != nullptr);
    const auto config =
        std::make_shared<JobConfig>(JobConfig{.frame = JobFrame{.job = batch.job,
                                                                .version = job->version,
                                                                .runner = Runner::kExec,
                                                                .executable = job->configure,
                                                                .files = job->files},
                                              .outputs = {},
                                              .inputs = {},
                                              .args = batch.refs});
    const Digest digest = ConfigDigest(*config);
    const auto at = configures_.find(digest);
    if (at != configures_.end() && !node(at->second).lease->is_kill_requested) {
      ties.push_back({&node(at->second), 0, true, Reason::kConfigure});
      continue;
    }
    Node row{.id = last_.node = NodeId{last_.node.value + 1},
             .kind = NodeKind::kConfigure,
             .ns = ns,
             .of = of,
             .config = config,
             .config_digest = digest,
             .plan_key = digest};
    row.must_run = true;
    row.reason = Reason::kConfigure;
    row.planned_at = now;
    journal_.changes().nodes.push_back(row);
    configures_[digest] = row.id;
    PendingJobPtr pending = jobs_.Of(c.spec, batch.job, NodeKind::kConfigure, catalog_.ns(ns));
    ties.push_back(
        {&AddNode(std::move(row), {}, std::move(pending)), 0, false, Reason::kConfigure});
  }
  Attach(*build->cohort, ties, now);
  SaveBuild(*build);
}

}  // namespace fft
