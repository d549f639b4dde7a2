#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/app/event_log.h"
#include "server/app/ports.h"
#include "server/app/views.h"
#include "server/base/status.h"
#include "server/domain/build.h"

namespace fft {

/// Called once, from a thread of the app's, with no lock held.  Must not block.
template <class T>
using Reply = std::function<void(StatusOr<T>)>;

/// A request for a build as the caller phrased it; rpc has checked form and limits.
struct BuildRequest {
  std::string request_id;
  std::string principal;
  std::string graph;
  Digest revision;  // zeros: the latest
  std::string ns;   // empty: the graph's default
  std::vector<std::string> targets;
  BuildOptions options;
  std::map<std::string, std::string> labels;
  Digest plan_etag;  // zeros: not pinned
};

struct WorkerHello {
  std::string name, host;
  int slots = 1;
  std::vector<std::string> labels;
  int protocol = 1;
  std::vector<RunId> held;
};

struct WorkerWelcome {
  WorkerId worker;
  Epoch epoch;
  Duration heartbeat_every{}, lease_length{}, orphan_after{};
  std::string service;  // Library::ServiceId()
};

struct WorkerNews {
  WorkerId worker;
  std::vector<std::pair<RunId, TimePoint>> started;
  std::vector<RunReport> reports;
  bool is_heartbeat = false;
  std::vector<RunId> held;  // with a heartbeat: all of them
};

/// The sending half of a worker's stream.  Send() never blocks and is safe from any thread; what
/// is sent after the stream broke is lost.
class WorkerSession {
 public:
  virtual ~WorkerSession() = default;
  virtual void Send(WorkerOrders orders) = 0;
  /// Ends the stream: another one took its name, or the daemon stops.  Both may come before the
  /// welcome.
  virtual void Close(const Status& why) = 0;
};

/// The use cases, as rpc sees them.  Safe from any thread; none of these blocks.
/// Replies to commands leave after the commit that records them.
class Service {
 public:
  virtual ~Service() = default;

  virtual void CreateBuild(BuildRequest request, Reply<Build> reply) = 0;
  virtual void UpdateBuild(BuildId id, std::optional<int> priority,
                           std::optional<TimePoint> deadline, Reply<Build> reply) = 0;
  virtual void CancelBuild(BuildId id, const std::string& principal, Reply<CancelResult> reply) = 0;
  virtual void RetryBuild(BuildId id, const std::string& request_id, const std::string& principal,
                          Reply<Build> reply) = 0;

  /// Checks the whole graph, and that its blobs are there.
  virtual void DeployGraph(GraphSpec spec, const std::string& principal, bool validate_only,
                           Reply<GraphRevision> reply) = 0;
  virtual void LookupRefs(const std::string& graph, const Digest& revision,
                          std::vector<std::string> refs,
                          Reply<std::map<std::string, std::string>> reply) = 0;
  virtual void PlanBuild(BuildRequest request, Reply<PlanResult> reply) = 0;

  /// Runs `read` on a read thread.  RESOURCE_EXHAUSTED, at once, when too many wait already.
  virtual Status Read(std::function<void(Library&)> read) = 0;

  /// A blob was written or read: a short one goes along with the grants that need it.
  virtual void KeepText(const Digest& digest, const std::string& text) = 0;

  virtual EventLog& events() = 0;

  /// A worker's stream opened.  An earlier session of the same name is closed.
  virtual void WorkerConnected(WorkerHello hello, std::shared_ptr<WorkerSession> session,
                               Reply<WorkerWelcome> reply) = 0;
  virtual void WorkerSaid(WorkerNews news) = 0;
  virtual void WorkerGone(WorkerId worker, const std::shared_ptr<WorkerSession>& session) = 0;
  virtual void DrainWorker(const std::string& name, bool is_draining, Reply<WorkerView> reply) = 0;
  /// Nothing of it runs any more.  FAILED_PRECONDITION: it is connected.
  virtual void MarkWorkerDead(const std::string& name, Reply<WorkerView> reply) = 0;
  virtual void ListWorkers(Reply<std::vector<WorkerView>> reply) = 0;

  virtual void SetPool(const Pool& pool, Reply<PoolView> reply) = 0;
  virtual void ListPools(Reply<std::vector<PoolView>> reply) = 0;
  /// NOT_FOUND: there is no such graph.
  virtual void PauseGraph(const GraphPause& pause, Reply<GraphRevision> reply) = 0;
  virtual bool IsPaused(const std::string& graph) = 0;
  /// Those of `nodes` that may start and were not granted yet: no row says so.
  virtual std::set<NodeId> ReadyOf(const std::vector<NodeId>& nodes) = 0;
  /// What keeps a node from running, a line each; empty: it runs or has ended.
  virtual std::vector<std::string> WhyWaiting(NodeId node) = 0;

  /// NOT_FOUND names the first ref that is not known.
  virtual void TaintPartitions(const std::string& ns, std::vector<std::string> refs,
                               const std::string& text, Reply<TaintResult> reply) = 0;

  /// Its version.
  virtual void SetSecret(const std::string& name, const std::string& value,
                         const std::string& principal, Reply<std::int64_t> reply) = 0;

  virtual ServiceView View() = 0;
};

}  // namespace fft
