#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/domain/plan.h"
#include "server/graph/analyser.h"
#include "server/plan/planner.h"

namespace fft {

/// A catalog, data and sources for plans to be made and run in, one after another.  What a job
/// writes is a digest of what its program means and of the bytes it reads, so that what a clean
/// build would give can be computed.
class PlanWorld {
 public:
  explicit PlanWorld(GraphSpec spec);
  void Deploy(GraphSpec spec);

  struct Writer {
    Digest plan_key;
    BuildId build;
    Digest config;  // as RefNow has it
  };
  std::map<std::string, Partition> catalog;
  std::map<std::string, Digest> data;     // what stands at a ref; missing: nothing
  std::map<std::string, Digest> sources;  // content by ref
  std::map<std::string, Writer> writers;  // pending
  std::map<RunId, RunFacts> runs;
  std::set<std::string> broken_jobs;  // these write rubbish
  BuildOptions options;
  int probes = 0;  // refs that were probed by the last MakePlan()

  /// What an executable means: files with the same meaning give the same bytes.
  std::function<std::string(const JobConfig&)> meaning;

  StatusOr<ConePtr> Analyse(const std::vector<std::string>& targets);
  Plan MakePlan(const std::vector<std::string>& targets);
  /// Runs it as a schedule would, deciding undecided nodes when they are ready.  Returns the first
  /// outputs of what ran, sorted.
  std::vector<std::string> Run(const Plan& plan);
  /// Both; the options are those of this build alone.
  std::vector<std::string> Build(const std::vector<std::string>& targets, BuildOptions with = {});

  /// What would stand at `ref` if all were built from nothing.
  Digest CleanContent(const std::string& ref);
  /// The whole plan in words: `EXECUTE NEVER_BUILT job:ref L0`, hits after the nodes.
  std::vector<std::string> Words(const Plan& plan) const;

 private:
  bool IsHitNow(const PlannedNode& node, const Digest& key) const;
  Digest RunJob(const JobConfig& config,
                const std::function<Digest(const std::string&)>& read) const;
  void Record(const JobConfig& config, const Digest& key, std::vector<Digest> identities);
  Digest SourceContent(const std::string& ref) const;

  std::shared_ptr<const CompiledGraph> graph_;
  KeyMemo memo_;
  std::unique_ptr<Analyser> analyser_;
  std::int64_t last_run_ = 0;
  std::int64_t last_partition_ = 0;
};

}  // namespace fft
