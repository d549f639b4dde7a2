#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/app/service.h"
#include "tests/support/no_library.h"

namespace fft {

/// Holds what a test puts in.  Safe from any thread.
class FakeLibrary final : public NoLibrary {
 public:
  StatusOr<Build> GetBuild(BuildId id) override;
  StatusOr<BuildSnapshot> SnapshotBuild(BuildId id) override;
  StatusOr<Page<Build>> ListBuilds(const BuildFilter& filter, const PageRequest& page) override;
  StatusOr<NodeInBuild> GetNode(NodeId id) override;
  StatusOr<Page<NodeInBuild>> ListNodes(const NodeFilter& filter, const PageRequest& page) override;
  StatusOr<std::vector<RunRecord>> GetRuns(const std::vector<RunId>& ids) override;
  StatusOr<JobConfig> GetConfig(const Digest& digest) override;
  StatusOr<GraphRevision> GetRevision(const std::string& graph, const Digest& revision) override;
  StatusOr<GraphRevision> FindRevision(const std::string& graph,
                                       const std::string& digits) override;
  StatusOr<PartitionNow> GetPartition(const std::string& ns, const std::string& ref) override;
  StatusOr<Page<PartitionNow>> ListPartitions(const PartitionFilter& filter,
                                              const PageRequest& page) override;
  StatusOr<std::vector<Partition>> GetPartitions(const std::vector<PartitionId>& ids) override;
  StatusOr<std::vector<Digest>> FindMissingBlobs(const std::vector<Digest>& wanted) override;
  Status WriteBlob(const Digest& digest, const std::string& bytes) override;
  StatusOr<std::string> ReadBlob(const Digest& digest) override;
  StatusOr<std::vector<EventPtr>> ReadEvents(EventSeq after, int events_max) override;
  Status AppendLog(RunId run, std::int64_t offset, const std::string& bytes) override;
  StatusOr<std::string> ReadLog(RunId run, std::int64_t offset, std::int64_t bytes_max) override;
  Status Audit(const std::string& principal, const std::string& method, const std::string& outcome,
               TimePoint at) override;

  std::mutex mutex;
  std::map<std::int64_t, Build> builds;
  std::map<std::int64_t, BuildSnapshot> snapshots;
  std::vector<NodeInBuild> nodes;
  std::map<std::int64_t, RunRecord> runs;
  std::map<Digest, JobConfig> configs;
  std::map<std::string, GraphRevision> graphs;
  std::map<PartitionId, std::pair<NodeId, NodeState>> makers;
  std::vector<Partition> partitions;  // all in namespace `demo`
  std::map<Digest, std::string> blobs;
  std::vector<EventPtr> events;  // all there were
  EventSeq oldest_event{1};
  std::map<std::int64_t, std::string> logs;
  std::vector<std::string> audit;  // method: outcome
  BuildFilter last_build_filter;
  std::atomic<int> event_reads = 0;

 private:
  PartitionNow Now(const Partition& partition) const;
};

/// Answers commands by the functions that a test sets, or at once with the plainest value.
class FakeService final : public Service {
 public:
  explicit FakeService(std::size_t events_kept);
  ~FakeService() override;

  void CreateBuild(BuildRequest request, Reply<Build> reply) override;
  void UpdateBuild(BuildId id, std::optional<int> priority, std::optional<TimePoint> deadline,
                   Reply<Build> reply) override;
  void CancelBuild(BuildId id, const std::string& principal, Reply<CancelResult> reply) override;
  void RetryBuild(BuildId id, const std::string& request_id, const std::string& principal,
                  Reply<Build> reply) override;
  void DeployGraph(GraphSpec spec, const std::string& principal, bool validate_only,
                   Reply<GraphRevision> reply) override;
  void LookupRefs(const std::string& graph, const Digest& revision, std::vector<std::string> refs,
                  Reply<std::map<std::string, std::string>> reply) override;
  void PlanBuild(BuildRequest request, Reply<PlanResult> reply) override;
  Status Read(std::function<void(Library&)> read) override;
  void KeepText(const Digest& digest, const std::string& text) override {
    const std::lock_guard lock(mutex);
    texts[digest] = text;
  }
  EventLog& events() override { return log_; }
  void WorkerConnected(WorkerHello hello, std::shared_ptr<WorkerSession> session,
                       Reply<WorkerWelcome> reply) override;
  void WorkerSaid(WorkerNews news) override;
  void WorkerGone(WorkerId worker, const std::shared_ptr<WorkerSession>& session) override;
  void DrainWorker(const std::string& name, bool is_draining, Reply<WorkerView> reply) override;
  void MarkWorkerDead(const std::string& name, Reply<WorkerView> reply) override;
  void ListWorkers(Reply<std::vector<WorkerView>> reply) override;
  void TaintPartitions(const std::string& ns, std::vector<std::string> refs,
                       const std::string& text, Reply<TaintResult> reply) override;
  void SetPool(const Pool& pool, Reply<PoolView> reply) override;
  void ListPools(Reply<std::vector<PoolView>> reply) override;
  void PauseGraph(const GraphPause& pause, Reply<GraphRevision> reply) override;
  bool IsPaused(const std::string& graph) override { return paused.contains(graph); }
  std::set<NodeId> ReadyOf(const std::vector<NodeId>& nodes) override;
  std::vector<std::string> WhyWaiting(NodeId) override { return why; }
  void SetSecret(const std::string& name, const std::string& value, const std::string& principal,
                 Reply<std::int64_t> reply) override;
  ServiceView View() override;

  /// Numbers `events`, keeps them in the library, then shows them to the watchers: a commit.
  void Commit(std::vector<Event> events);

  FakeLibrary library;
  std::function<StatusOr<Build>(const BuildRequest&)> on_create;
  std::function<void(Reply<Build>)> on_retry;
  PlanResult plan;
  std::map<std::string, int> pools;
  std::map<std::string, std::string> secrets;
  std::set<std::string> paused;
  std::vector<std::string> why;
  std::set<NodeId> ready;
  std::atomic<bool> refuses_reads = false;

  std::mutex mutex;
  BuildRequest last_request;
  GraphSpec last_spec;
  std::map<Digest, std::string> texts;
  std::string last_principal;
  std::optional<int> last_priority;
  std::optional<TimePoint> last_deadline;
  std::shared_ptr<WorkerSession> session;
  WorkerHello hello;
  std::vector<WorkerNews> news;
  std::vector<WorkerId> gone;

 private:
  void ReadLoop();

  EventLog log_;
  std::mutex commit_mutex_;
  std::mutex reads_mutex_;
  std::condition_variable reads_changed_;
  std::deque<std::function<void(Library&)>> reads_;
  bool is_ending_ = false;
  std::vector<std::jthread> readers_;
};

}  // namespace fft
