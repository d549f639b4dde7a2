#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/app/event_log.h"
#include "server/app/graphs.h"
#include "server/app/loop.h"
#include "server/app/loop_thread.h"
#include "server/app/observer.h"
#include "server/app/planners.h"
#include "server/app/ports.h"
#include "server/app/read_pool.h"
#include "server/app/replies.h"
#include "server/app/secrets.h"
#include "server/app/service.h"
#include "server/app/sessions.h"
#include "server/app/source_reader.h"
#include "server/app/texts.h"

namespace fft {

struct CoreOptions {
  ScheduleOptions schedule;
  std::string holder;  // who we are: host and process
  Duration lease_length{30'000};
  Duration heartbeat_every{5'000};
  int read_threads = 2;
  std::size_t reads_waiting_max = 10'000;
  std::size_t inbox_max = 10'000;
  std::size_t events_kept = 20'000;
};

/// The use cases, and the threads behind them.
///
/// A command goes into the inbox and its reply is kept until the batch that holds it is committed.
/// Everything that blocks is done by read threads or planners.  While nothing can be committed,
/// commands are refused with UNAVAILABLE and workers' reports wait with the workers.
class Core final : public Service, Outlets {
 public:
  Core(Store& store, Library& library, Prober& prober, Secrets& secrets, Clock& clock,
       Observer& observer, CoreOptions options);
  ~Core() override;

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
    texts_.Keep(digest, text);
  }
  EventLog& events() override { return events_; }
  void WorkerConnected(WorkerHello hello, std::shared_ptr<WorkerSession> session,
                       Reply<WorkerWelcome> reply) override;
  void WorkerSaid(WorkerNews news) override;
  void WorkerGone(WorkerId worker, const std::shared_ptr<WorkerSession>& session) override;
  void DrainWorker(const std::string& name, bool is_draining, Reply<WorkerView> reply) override;
  void MarkWorkerDead(const std::string& name, Reply<WorkerView> reply) override;
  void ListWorkers(Reply<std::vector<WorkerView>> reply) override;
  void SetPool(const Pool& pool, Reply<PoolView> reply) override;
  void ListPools(Reply<std::vector<PoolView>> reply) override;
  void PauseGraph(const GraphPause& pause, Reply<GraphRevision> reply) override;
  bool IsPaused(const std::string& graph) override;
  std::set<NodeId> ReadyOf(const std::vector<NodeId>& nodes) override;
  std::vector<std::string> WhyWaiting(NodeId node) override;
  void TaintPartitions(const std::string& ns, std::vector<std::string> refs,
                       const std::string& text, Reply<TaintResult> reply) override;
  void SetSecret(const std::string& name, const std::string& value, const std::string& principal,
                 Reply<std::int64_t> reply) override;
  ServiceView View() override;

 private:
  void Committed(Effects effects) override;
  void Failed(const Status& why) override;
  void StandBy() override;
  Status Learn() override;
  void Loaded(Epoch epoch, EventSeq last_event) override;

  /// Whether commands are taken at all just now.
  Status Serving() const;
  /// Sends a command whose answer goes to `waiting`; refuses at once when it cannot.
  template <class Waiting, class MakeCommand>
  void Send(Waiting waiting, MakeCommand make);
  /// Calls `then` with the graph, now or from a read thread; `fail` with why not.
  void WithGraph(const std::string& name, const Digest& revision,
                 std::function<void(StatusOr<CompiledGraphPtr>)> then);
  void Accept(const CompiledGraphPtr& graph, BuildRequest request, Reply<Build> reply);
  void Submit(Build build, Reply<Build> reply);
  void FindLineage(const LineageWanted& wanted);
  GraphRevision Deploy(Library& library, GraphSpec spec, const std::string& principal,
                       bool validate_only, Status* status);
  WorkerView ViewOf(const Worker& row);
  std::function<void(const Answer&)> Viewing(Reply<WorkerView> reply);
  void Observe(const Tally& tally);
  void HandSecrets(Grant& grant);

  Library& library_;
  Secrets& secrets_;
  Texts texts_;
  Clock& clock_;
  Observer& observer_;
  const CoreOptions options_;
  const TimePoint started_at_;

  SharedSchedule shared_;
  Inbox inbox_;
  Graphs graphs_;
  Replies replies_;
  Sessions sessions_;
  EventLog events_;
  std::atomic<std::int64_t> epoch_ = 0;
  std::string service_id_;     // set before anything leaves
  bool is_following_ = false;  // another daemon's events; the loop's thread

  ReadPool reads_;
  std::unique_ptr<Planners> planners_;
  std::unique_ptr<SourceReader> source_reader_;
  Loop loop_;
  std::unique_ptr<LoopThread> loop_thread_;
};

}  // namespace fft
