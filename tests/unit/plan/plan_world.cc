#include "tests/unit/plan/plan_world.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "server/fingerprint/fingerprint.h"

namespace fft {

PlanWorld::PlanWorld(GraphSpec spec) {
  meaning = [](const JobConfig& config) {
    return config.frame->files.empty() ? std::string() : ToHex(config.frame->files.front().digest);
  };
  Deploy(std::move(spec));
}

void PlanWorld::Deploy(GraphSpec spec) {
  auto graph = CompiledGraph::Compile(std::move(spec));
  ASSERT_TRUE(graph.ok()) << graph.status();
  graph_ = *graph;
  analyser_ = std::make_unique<Analyser>(graph_, ConfigDigest);
}

StatusOr<ConePtr> PlanWorld::Analyse(const std::vector<std::string>& targets) {
  return analyser_->Analyse(targets);
}

Digest PlanWorld::SourceContent(const std::string& ref) const {
  const auto content = sources.find(ref);
  return content == sources.end() ? Sha256("source " + ref) : content->second;
}

Plan PlanWorld::MakePlan(const std::vector<std::string>& targets) {
  const auto cone = analyser_->Analyse(targets);
  EXPECT_TRUE(cone.ok()) << cone.status();
  if (!cone.ok()) return {};
  std::vector<RefNow> now((*cone)->refs.size());
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::string ref((*cone)->refs[i]);
    if (const auto known = catalog.find(ref); known != catalog.end())
      now[i].partition = &known->second;
    if (const auto writer = writers.find(ref); writer != writers.end()) {
      now[i].pending_plan_key = writer->second.plan_key;
      now[i].pending_build = writer->second.build;
      now[i].pending_config = writer->second.config;
    }
  }
  std::vector<PlannedSource> contents;
  for (const ConeSource& source : (*cone)->sources) {
    const SourceSpec& spec = graph_->spec().sources[source.source];
    contents.push_back({spec.ref, spec.uri, SourceContent(spec.ref), -1});
  }
  const auto probed = [&](Planner& planner) {
    probes = 0;
    while (!planner.ToProbe().empty()) {
      std::vector<char> exists;
      for (const RefIndex ref : planner.ToProbe())
        exists.push_back(data.contains(std::string((*cone)->refs[ref])) ? 1 : 0);
      probes += static_cast<int>(exists.size());
      planner.Probed(exists);
    }
  };
  Planner planner({*cone, now, contents, options, &memo_});
  probed(planner);
  std::vector<RunFacts> history;
  for (const RunId run : planner.WantedHistory(1'000))
    if (runs.contains(run)) history.push_back(runs.at(run));
  planner.AddHistory(std::move(history));
  Plan plan = planner.Take();
  Planner forgetful({*cone, now, contents, options});
  probed(forgetful);
  EXPECT_EQ(forgetful.Take().etag, plan.etag);
  return plan;
}

Digest PlanWorld::RunJob(const JobConfig& config,
                         const std::function<Digest(const std::string&)>& read) const {
  std::string bytes = config.frame->job + " " + meaning(config);
  for (const std::string_view arg : config.args) (bytes += " ") += arg;
  for (const Input& input : config.inputs)
    if (input.kind == InputKind::kMaterialize) bytes += ToHex(read(input.ref));
  return Sha256(bytes);
}

void PlanWorld::Record(const JobConfig& config, const Digest& key, std::vector<Digest> identities) {
  const RunId run{++last_run_};
  Digest written = RunJob(config, [&](const std::string& ref) {
    if (graph_->Lookup(ref)->is_source) return SourceContent(ref);
    EXPECT_TRUE(data.contains(ref))
        << config.outputs.front() << " reads " << ref << ", which is not there";
    return data[ref];
  });
  if (broken_jobs.contains(config.frame->job)) written = Sha256("rubbish of " + ToHex(written));
  for (const std::string& output : config.outputs) {
    data[output] = Sha256(ToHex(written) + output);
    Partition& partition = catalog[output];
    if (!partition.id) partition.id = PartitionId{++last_partition_};
    partition.ref = output;
    partition.doubt.Set(&Doubt::uncertain_run, RunId{});
    partition.live = {};
    partition.live.run = run;
    partition.live.key = key;
    partition.live.content = data[output];
    partition.live.major_version = MajorVersion(config.frame->version);
    partition.live.is_reusable = Writes(options.cache);
  }
  runs[run] = {run, std::make_shared<const JobConfig>(config), std::move(identities)};
}

bool PlanWorld::IsHitNow(const PlannedNode& node, const Digest& key) const {
  if (node.must_run) return false;
  return std::all_of(
      node.config->outputs.begin(), node.config->outputs.end(), [&](const std::string& output) {
        const auto at = catalog.find(output);
        return at != catalog.end() && at->second.live.run && at->second.live.key == key &&
               at->second.live.is_reusable && !at->second.doubt->uncertain_run &&
               !at->second.is_tainted() &&
               (node.config->frame->runner == Runner::kNoop || data.contains(output));
      });
}

std::vector<std::string> PlanWorld::Run(const Plan& plan) {
  std::vector<std::string> ran;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const PlannedNode& node = plan.nodes[i];
    for (const std::uint32_t upstream : node.upstreams) EXPECT_LT(upstream, i);
    std::vector<Digest> identities;
    for (const Input& input : node.config->inputs) {
      const auto at = catalog.find(input.ref);
      const std::int64_t taint = at == catalog.end() ? 0 : at->second.doubt->taint;
      const auto maker = graph_->Lookup(input.ref);
      if (maker.ok() && maker->is_source)
        identities.push_back(SourceIdentity(input.identity, SourceContent(input.ref), taint));
      else
        identities.push_back(IdentityOf(
            input.identity, at == catalog.end() ? Materialisation{} : at->second.live, taint));
    }
    const Digest key = KeyOf(node.config_digest, identities);
    if (IsHitNow(node, key)) continue;
    ran.push_back(node.config->outputs.front());
    Record(*node.config, key, std::move(identities));
  }
  std::sort(ran.begin(), ran.end());
  return ran;
}

std::vector<std::string> PlanWorld::Build(const std::vector<std::string>& targets,
                                          BuildOptions with) {
  options = std::move(with);
  auto ran = Run(MakePlan(targets));
  options = {};
  return ran;
}

Digest PlanWorld::CleanContent(const std::string& ref) {
  const auto cone = analyser_->Analyse({ref});
  EXPECT_TRUE(cone.ok()) << cone.status();
  std::map<std::string, Digest> clean;
  for (const ConeConfig& at : (*cone)->configs) {
    const Digest written = RunJob(*at.config, [&](const std::string& input) {
      return graph_->Lookup(input)->is_source ? SourceContent(input) : clean.at(input);
    });
    for (const std::string& output : at.config->outputs)
      clean[output] = Sha256(ToHex(written) + output);
  }
  return clean.at(ref);
}

std::vector<std::string> PlanWorld::Words(const Plan& plan) const {
  std::vector<std::string> words;
  for (const PlannedNode& node : plan.nodes)
    words.push_back(fmt::format(
        "{}{} {} {} L{}", node.decision == Decision::kExecute ? "EXECUTE" : "UNDECIDED",
        node.must_run ? "!" : "", ToString(node.reason), node.config->outputs.front(), node.level));
  for (const PlannedHit& hit : plan.hits)
    words.push_back(
        fmt::format("HIT {}{}", hit.config->outputs.front(), hit.is_target ? " *" : ""));
  return words;
}

}  // namespace fft
