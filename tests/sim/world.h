#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/app/loop.h"
#include "server/app/planning.h"
#include "tests/sim/faults.h"
#include "tests/sim/hearing.h"
#include "tests/sim/project.h"
#include "tests/sim/simulated_worker.h"
#include "tests/support/memory_store.h"
#include "tests/support/no_library.h"

namespace fft::sim {

/// The whole service on one thread, with one seeded generator behind every choice: the real loop,
/// schedule and planning; a memory store, workers, network and disk that misbehave.
class World final : MemoryStore, NoLibrary, Prober {
 public:
  World(std::uint64_t seed, int workers, Faults faults);
  ~World() override;

  Disk& disk() { return disk_; }
  std::mt19937_64& rng() { return rng_; }

  void Deploy(CompiledGraphPtr graph);
  /// Repeated by the client until it is acknowledged.
  void Request(const CompiledGraphPtr& graph, std::vector<std::string> targets,
               BuildOptions options);
  /// Runs until every build has ended; faults stop at half of `limit`.  False if that never comes.
  bool RunUntilSettled(Duration limit);
  /// From now on sources stay as they are, or are edited again as the faults say.
  void KeepSources(bool are_kept);
  /// Somebody notices every run that left rubbish so far, and taints the refs.  From then on
  /// nothing that it went into may be taken for valid.
  void TaintWhatWentWrong();
  /// Once settled: nothing is left of what was pending.
  void CheckRest();

  const std::vector<std::string>& violations() const { return violations_; }
  const std::string& transcript() const { return transcript_; }
  std::int64_t runs_started() const { return runs_started_; }
  std::int64_t cut_off() const { return cut_off_; }
  std::int64_t joined() const { return joined_; }
  std::int64_t crashes() const { return crashes_; }
  std::int64_t suspects() const { return suspects_; }
  using MemoryStore::builds;

 private:
  // The store with its faults, and the checks that every commit passes.
  Status Commit(Epoch epoch, const ChangeSet& changes) override;
  void CheckCommitted(const ChangeSet& changes);
  void CheckNodeEnd(const NodeUpdate& update);
  void CheckData(const std::string& ref, const Digest& revision, const std::string& what);
  bool RestsOnRubbish(const CompiledGraph& graph, const std::string& ref,
                      std::set<std::string>& seen) const;
  std::string Lineage(const CompiledGraph& graph, const std::string& ref, int depth);
  // Library and prober.
  StatusOr<GraphRevision> GetRevision(const std::string& graph, const Digest& revision) override;
  StatusOr<std::vector<ConfigureAnswer>> FindConfigureAnswers(
      const Digest&, const std::vector<std::string>&) override;
  StatusOr<RunId> FirstRunAt(const std::vector<PartitionId>& partitions) override;
  StatusOr<std::vector<Manifest>> ListManifests(RunId from) override;
  StatusOr<JobConfig> GetConfig(const Digest& config_digest) override;
  StatusOr<std::vector<char>> Exist(const std::vector<std::string>& uris) override;
  StatusOr<Digest> Content(const std::string& uri, std::int64_t* bytes) override;
  TimePoint ChangedAt(const std::string& uri) override;

  bool Chance(double p) { return !is_calm_ && unit_(rng_) < p; }
  Duration Between(int low_ms, int high_ms);
  void Turn();
  void RunClients();
  void RunOperator();
  void RunDaemon();
  void AskTaint(std::vector<std::string> refs);
  void DeliverAnswer(const Answer& answer);
  void Deliver(Effects effects);
  void CrashDaemon(const std::string& why);
  void TurnOff(SimulatedWorker& worker);
  void RunWorker(SimulatedWorker& worker);
  void Obey(SimulatedWorker& worker, const WorkerOrders& orders);
  void StartRuns(SimulatedWorker& worker);
  void EndRun(SimulatedWorker& worker, SimulatedWorker::Held& held);
  void Publish(const SimulatedWorker::Held& held, bool half);
  void ReportAll(SimulatedWorker& worker);
  void Break(SimulatedWorker& worker, Duration away);
  void EditSource();
  void ReadEarly(SimulatedWorker::Held& held);
  void NoteResults(const ChangeSet& changes);
  void CheckOneVersion(const Build& build);
  void CheckSum(const Build& build);
  void CheckCounts();
  bool IsEdited() const { return faults_.edit > 0 && !are_sources_kept_; }
  void BeginAccess(const Grant& grant);
  void EndAccess(const Grant& grant);
  void Violate(std::string what);
  void Say(const std::string& line);

  struct Wanted {
    Build build;
    ReplyId reply;  // under way, or none
    TimePoint again_at{};
    std::optional<BuildId> accepted;
  };

  std::mt19937_64 rng_;
  std::uniform_real_distribution<double> unit_{0, 1};
  Faults faults_;
  bool is_calm_ = false;
  TimePoint now_{};
  TimePoint calms_at_{};

  std::map<Digest, CompiledGraphPtr> graphs_by_revision_;
  Graphs graphs_;
  Disk disk_;
  std::deque<SimulatedWorker> workers_;
  std::vector<Wanted> wanted_;

  SharedSchedule shared_;
  std::unique_ptr<Planning> planning_;
  std::unique_ptr<Loop> loop_;
  std::vector<Command> inbox_;
  std::deque<std::pair<TimePoint, PlanWanted>> plans_;
  std::deque<std::pair<TimePoint, ProbeWanted>> probes_;
  std::deque<std::pair<TimePoint, SourcesWanted>> sources_;
  std::deque<std::pair<TimePoint, LineageWanted>> lineages_;
  std::multimap<TimePoint, std::pair<std::size_t, WorkerOrders>>
      to_workers_;  // index of the worker
  std::multimap<TimePoint, std::pair<std::size_t, Command>> from_workers_;
  std::int64_t last_reply_ = 0;

  int era_ = 1;
  std::map<std::string, RunId> wrong_refs_;  // a run left rubbish there, and nobody has noticed
  std::map<std::string, RunId> noticed_;     // what runs before these left there is tainted
  std::optional<ReplyId> taint_;             // the last that was asked for and is not answered

  // Of sources that are edited while builds run.
  bool are_sources_kept_ = false;
  std::map<std::string, TimePoint> edited_at_;        // by URI
  std::map<std::string, std::set<Digest>> versions_;  // by URI: what each source held
  std::map<NodeId, std::set<BuildId>> waiting_;
  std::map<BuildId, std::map<std::string, Digest>> results_;  // by ref: what the build got

  // What the checks keep.
  std::map<std::string, std::set<RunId>> writing_, reading_;  // by URI, on all workers
  std::map<std::pair<std::string, Digest>, RunId> running_keys_;
  std::map<std::string, std::set<RunId>> pool_users_;
  std::map<std::pair<std::int64_t, WorkerId>, std::set<RunId>> running_of_;  // by group
  std::map<Digest, std::map<std::string, Digest>> clean_;                    // by revision
  std::map<BuildId, int> terminal_events_;
  Hearing hearing_;
  std::set<BuildId> acknowledged_;
  std::vector<std::string> violations_;
  std::string transcript_;
  std::int64_t runs_started_ = 0, cut_off_ = 0, joined_ = 0, crashes_ = 0, suspects_ = 0;
};

}  // namespace fft::sim
