#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/base/flat_map.h"
#include "server/schedule/catalog.h"
#include "server/schedule/effects.h"
#include "server/schedule/gates.h"
#include "server/schedule/journal.h"
#include "server/schedule/options.h"
#include "server/schedule/pending_jobs.h"
#include "server/schedule/request_ids.h"
#include "server/schedule/traffic.h"
#include "server/schedule/worker_table.h"

namespace fft {

/// The one pending graph for everybody: which node is in which state for whom, and who runs next.
/// Owned by one thread; reads no clock, blocks on nothing.  Step() takes what happened; Settle()
/// hands out what is to be committed, then sent.  When a commit fails, another is Restore()d.
class Schedule {
 public:
  using Specs = std::map<Digest, std::shared_ptr<const GraphSpec>>;
  Schedule(ScheduleOptions options, EventSeq last_event)
      : options_(options), journal_(last_event), workers_(options) {}

  /// As committed.  `specs`: of every revision that a node or build names.  Leases are kept for
  /// their workers until orphan_after + kill_time from `now`.  Effects follow at the next Settle().
  static std::unique_ptr<Schedule> Restore(ScheduleOptions options, Epoch epoch, Snapshot snapshot,
                                           const Specs& specs, TimePoint now);

  void Step(const Command& command, TimePoint now);
  Effects Settle(TimePoint now);

  const Catalog& catalog() const { return catalog_; }
  /// The last node that is to write `partition`, for planners; null when there is none.
  const PendingNode* LastWriter(PartitionId partition) const;
  const PendingNode* FindNode(NodeId id) const;
  const PendingBuild* FindBuild(BuildId id) const;
  const std::map<WorkerId, KnownWorker>& workers() const { return workers_.all(); }
  const Gates& gates() const { return gates_; }
  const Traffic& traffic() const { return traffic_; }
  Totals totals() const;

 private:
  void On(const BuildRequested& c, TimePoint now);
  void On(const QueryAwaited& c, TimePoint now);
  void On(const BuildPlanFailed& c, TimePoint now);
  void On(const BuildCancelled& c, TimePoint now);
  void On(const BuildUpdated& c, TimePoint now);
  void On(const PoolSet& c, TimePoint now);
  void On(const GraphPaused& c, TimePoint now);
  void On(const TaintRequested& c, TimePoint now);
  void On(const LineageRead& c, TimePoint now);
  void On(const GraphNoted& c, TimePoint now);
  void On(const Ticked& c, TimePoint now);
  void Stop(Cohort& cohort, Reason reason, bool kills, TimePoint now, Answer* answer);
  void Part(PendingBuild& build);
  void Withdraw(Cohort& cohort, PendingNode& node, Reason reason, bool kills, Answer* answer);
  void CountWithdrawn(PendingNode& node, const Waiter& waiter, Reason reason);
  void TellWithdrawn(TimePoint now);
  void EndBuild(PendingBuild& build, BuildState state, Reason reason, std::string message,
                TimePoint now);
  void StopIfFailed(Cohort& cohort, TimePoint now);
  void Check(Cohort& cohort, TimePoint now);
  void TellBuild(PendingBuild& build, TimePoint now);
  void SaveBuild(PendingBuild& build);
  void TellUnrunnable(PendingBuild& build, TimePoint now);
  void WriteBuilds();
  void On(const BuildPlanned& c, TimePoint now);
  void Merge(const std::vector<PendingBuild*>& builds, const Plan& plan, TimePoint now);
  void On(const ConfigureNeeded& c, TimePoint now);
  PartitionId Intern(NamespaceId ns, const std::string& ref);
  PendingNode& AddNode(Node row, Few<NodeId> writers, PendingJobPtr job);
  void RecordHits(PendingBuild& build, const Plan& plan, const Found& found, TimePoint now);
  void AddPendingUpstreams(std::vector<Tie>& ties);
  void Attach(Cohort& cohort, const std::vector<Tie>& ties, TimePoint now);
  void NoteSources(const Plan& plan, NamespaceId ns, TimePoint now);
  void NoteSource(Partition& partition, const PlannedSource& source, TimePoint now);
  bool MustVerify(PendingNode& node, const RunReport& report);
  void On(const SourcesRead& c, TimePoint now);
  void WantPlansAgain(const PendingNode& node);
  bool PlanAgain(PendingBuild& build, TimePoint now);
  void On(const NodeProbed& c, TimePoint now);
  void Wake(PendingNode& node);
  void Look(PendingNode& node, TimePoint now);
  bool IsBlocked(PendingNode& node);
  void CutOff(PendingNode& node, TimePoint now);
  void MakeReady(PendingNode& node, TimePoint now);
  void Release(PendingNode& node);
  void OpenLevels(Cohort& cohort);
  void RankPaths(const Plan& plan, const std::vector<PendingNode*>& slots);
  void Raise(PendingNode& node, double path_ms);
  void HelpWhoBlocks(PendingNode& waiting, PartitionId output);
  void Help(const PendingNode& waiting, PendingNode& blocker);
  void GrantAll(TimePoint now);
  bool GrantAhead(Cohort& cohort, PendingNode& node, TimePoint now);
  void MoveUp(Cohort& cohort, const PendingNode& ended, const RunReport& report);
  void GrantTo(PendingNode& node, KnownWorker& worker, TimePoint now);
  void On(const WorkerHeard& c, TimePoint now);
  void Started(PendingNode& node, TimePoint at, TimePoint now);
  void Reported(PendingNode& node, const RunReport& report, TimePoint now);
  void Succeeded(PendingNode& node, const RunReport& report, TimePoint now);
  std::string InheritTaint(const PendingNode& node, TimePoint now);
  void EndLease(PendingNode& node, const RunReport& report, Reason reason, TimePoint now);
  void RetryOrFail(PendingNode& node, const RunReport& report, TimePoint now);
  void EndNode(PendingNode& node, NodeState state, Reason reason, std::string text, TimePoint now);
  void CountEnd(PendingNode& node, PendingBuild& build);
  void DrainFailing(TimePoint now);
  void On(const WorkerJoined& c, TimePoint now);
  void On(const WorkerLeft& c, TimePoint now);
  void On(const WorkerDrained& c, TimePoint now);
  void On(const WorkerDied& c, TimePoint now);
  void LoseLeases(KnownWorker& worker, TimePoint now);
  WorkerOrders& OrdersFor(WorkerId worker);
  void RestoreNodes(Snapshot& snapshot, const Specs& specs);
  void RestoreBuilds(const Snapshot& snapshot, TimePoint now);
  void RestoreLeases(const Snapshot& snapshot);
  PendingNode& node(NodeId id) { return *nodes_.at(id); }
  PendingBuild* FindOpen(BuildId id);
  PendingBuild& AddBuild(const Build& row);
  void SavePartition(PartitionId id);

  ScheduleOptions options_;
  Epoch epoch_;
  Catalog catalog_;
  Traffic traffic_;
  Journal journal_;
  Effects effects_;  // all but the changes, which the journal holds
  FlatMap<NodeId, std::unique_ptr<PendingNode>> nodes_;
  std::map<BuildId, std::unique_ptr<PendingBuild>> builds_;
  WorkerTable workers_;
  std::unordered_map<RunId, NodeId> leases_;
  std::unordered_map<Digest, NodeId> configures_;  // pending, by plan key
  Agenda agenda_;
  ReadyQueue ready_;
  Gates gates_;
  Durations durations_;
  PendingJobs jobs_{durations_, ready_};
  RequestIds requests_;
  std::map<ReplyId, OpenTaint> taints_;
  LastIds last_;
  Totals totals_;
};

}  // namespace fft
