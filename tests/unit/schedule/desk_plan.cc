#include <algorithm>

#include <fmt/format.h>

#include "server/fingerprint/fingerprint.h"
#include "tests/unit/schedule/desk.h"

// Plans as transcripts write them: what a planner would make of the catalog as it is now.

namespace fft {

namespace {

std::vector<std::string> Split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) parts.push_back(part);
  return parts;
}

Input ParseInput(const std::string& word) {
  switch (word.front()) {
    case '~':
      return {
          .kind = InputKind::kMaterialize, .identity = Identity::kContent, .ref = word.substr(1)};
    case '?':
      return {.kind = InputKind::kQuery, .identity = Identity::kNone, .ref = word.substr(1)};
    case '>':
      return {.kind = InputKind::kOrder, .identity = Identity::kNone, .ref = word.substr(1)};
    case '=':
      return {
          .kind = InputKind::kMaterialize, .identity = Identity::kVersion, .ref = word.substr(1)};
    default: return {.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = word};
  }
}

struct Flag {
  const char* name;
  Reason reason;
  bool must_run;
};
constexpr Flag kFlags[] = {
    {"rebuild", Reason::kRebuildRequested, true}, {"missing", Reason::kDataMissing, true},
    {"uncertain", Reason::kUncertain, true},      {"tainted", Reason::kTainted, true},
    {"suspect", Reason::kSuspect, false},         {"off", Reason::kCacheOff, true},
    {"changed", Reason::kFactsChanged, false},    {"undecided", Reason::kInputUndecided, false}};

// The place of the planned node that leaves `ref`; -1: none does.
int ProducerOf(const Plan& plan, const std::string& ref) {
  for (std::size_t i = 0; i < plan.nodes.size(); ++i)
    for (const std::string& output : plan.nodes[i].config->outputs)
      if (output == ref) return static_cast<int>(i);
  return -1;
}

}  // namespace

JobSpec& Desk::Job(const std::string& label) {
  JobSpec& job = jobs_[label];
  job.label = label;
  return job;
}

std::shared_ptr<const GraphSpec> Desk::Spec(const Digest& revision) {
  auto spec = std::make_shared<GraphSpec>();
  spec->name = "g";
  spec->default_namespace = "dev";
  spec->root_uri = "file:///d";
  for (const auto& [label, job] : jobs_) spec->jobs.push_back(job);
  specs_[revision] = spec;
  return spec;
}

const Partition* Desk::Find(const std::string& ref) const {
  const Catalog& catalog = schedule_->catalog();
  const NamespaceId ns = catalog.FindNamespace("dev");
  const PartitionId id = ns ? catalog.Find(ns, ref) : PartitionId{};
  return id ? &catalog.at(id) : nullptr;
}

PlanPtr Desk::MakePlan(const Words& words) {
  Plan plan;
  for (const std::string& word : words) {
    if (word.starts_with("hit:"))
      AddHit(plan, word.substr(4));
    else if (word.starts_with("source:")) {
      plan.sources.push_back(ParseSource(word.substr(7)));
    } else {
      AddNode(plan, word);
    }
  }
  plan.revision = Sha256(fmt::format("revision {}", specs_.size()));
  plan.spec = Spec(plan.revision);
  return std::make_shared<const Plan>(std::move(plan));
}

PlannedSource Desk::ParseSource(const std::string& word) {
  const auto parts = Split(word, '=');
  const Digest content = parts.size() > 1 ? Sha256(parts[1]) : Digest{};
  return {.ref = parts[0], .uri = "file:///s/" + parts[0], .content = content, .bytes = 1};
}

// OUTPUT[+OUTPUT][@ARGUMENT][<-INPUT,INPUT][!FLAG]; the job is called like the first output.
void Desk::AddNode(Plan& plan, const std::string& word) {
  PlannedNode planned;
  const auto flag_at = word.find('!');
  const auto inputs_at = word.find("<-");
  const auto outputs = Split(word.substr(0, std::min(inputs_at, flag_at)), '@');
  JobConfig config;
  config.outputs = Split(outputs[0], '+');
  if (outputs.size() > 1) config.args = {outputs[1]};
  const JobSpec& job = Job(config.outputs.front());
  config.frame = JobFrame{.job = job.label, .runner = job.runner};
  if (inputs_at != std::string::npos)
    for (const std::string& input : Split(word.substr(inputs_at + 2, flag_at - inputs_at - 2), ','))
      config.inputs.push_back(ParseInput(input));
  std::sort(config.inputs.begin(), config.inputs.end(),
            [](const Input& a, const Input& b) { return a.ref < b.ref; });

  std::vector<Digest> identities;
  for (const Input& input : config.inputs) {
    const int producer = ProducerOf(plan, input.ref);
    const Partition* partition = Find(input.ref);
    const Materialisation live = partition == nullptr ? Materialisation{} : partition->live;
    const std::int64_t taint = partition == nullptr ? 0 : partition->doubt->taint;
    const bool is_source = std::any_of(plan.sources.begin(), plan.sources.end(),
                                       [&](const PlannedSource& s) { return s.ref == input.ref; });
    if (producer < 0 || input.kind == InputKind::kQuery) {
      identities.push_back(is_source
                               ? SourceIdentity(input.identity, plan.sources.front().content, taint)
                               : IdentityOf(input.identity, live, taint));
      continue;
    }
    const PlannedNode& upstream = plan.nodes[static_cast<std::size_t>(producer)];
    identities.push_back(PendingIdentity(input.identity, upstream.plan_key, 0, taint));
    planned.upstreams.push_back(static_cast<std::uint32_t>(producer));
    planned.level = std::max(planned.level, upstream.level + 1);
  }
  planned.config_digest = ConfigDigest(config);
  planned.plan_key = KeyOf(planned.config_digest, identities);
  planned.reason = Reason::kNeverBuilt;
  for (const Flag& flag : kFlags)
    if (flag_at != std::string::npos && word.substr(flag_at + 1) == flag.name) {
      planned.reason = flag.reason;
      planned.must_run = flag.must_run;
    }
  for (const std::string& ref : config.outputs)
    if (const Partition* partition = Find(ref))
      planned.seen_run = std::max(planned.seen_run, partition->live.run);
  planned.config = std::make_shared<const JobConfig>(std::move(config));
  plan.nodes.push_back(std::move(planned));
}

void Desk::AddHit(Plan& plan, const std::string& ref) {
  const Partition* partition = Find(ref);
  auto config = std::make_shared<JobConfig>();
  config->frame = JobFrame{.job = ref};
  config->outputs = {ref};
  plan.hits.push_back({.config = config,
                       .plan_key = partition->live.key,
                       .outputs = {partition->id},
                       .runs = {partition->live.run}});
}

}  // namespace fft
