#include "tests/rpc/fake_service.h"

#include <algorithm>

#include "server/base/error_details.h"

namespace fft {

namespace {

template <class Map, class Key>
StatusOr<typename Map::mapped_type> Find(const Map& map, const Key& key, std::string_view what) {
  const auto found = map.find(key);
  if (found == map.end()) return Error(Code::kNotFound, "no such {}", what);
  return found->second;
}

/// A page of `all` where tokens are positions.
template <class T>
Page<T> PageOf(const std::vector<T>& all, const PageRequest& page) {
  const std::size_t first = page.after.empty() ? 0 : std::stoul(page.after);
  const std::size_t last = std::min(all.size(), first + static_cast<std::size_t>(page.size));
  Page<T> out;
  for (std::size_t i = first; i < last; ++i) out.items.push_back(all[i]);
  if (last < all.size()) out.next = std::to_string(last);
  return out;
}

}  // namespace

StatusOr<Build> FakeLibrary::GetBuild(BuildId id) {
  const std::lock_guard lock(mutex);
  return Find(builds, id.value, "build");
}

StatusOr<BuildSnapshot> FakeLibrary::SnapshotBuild(BuildId id) {
  const std::lock_guard lock(mutex);
  return Find(snapshots, id.value, "build");
}

StatusOr<Page<Build>> FakeLibrary::ListBuilds(const BuildFilter& filter, const PageRequest& page) {
  const std::lock_guard lock(mutex);
  last_build_filter = filter;
  std::vector<Build> all;
  for (const auto& [id, build] : builds) all.push_back(build);
  return PageOf(all, page);
}

StatusOr<NodeInBuild> FakeLibrary::GetNode(NodeId id) {
  const std::lock_guard lock(mutex);
  for (const NodeInBuild& node : nodes)
    if (node.node.id == id) return node;
  return Error(Code::kNotFound, "no such node");
}

StatusOr<Page<NodeInBuild>> FakeLibrary::ListNodes(const NodeFilter&, const PageRequest& page) {
  const std::lock_guard lock(mutex);
  return PageOf(nodes, page);
}

StatusOr<std::vector<RunRecord>> FakeLibrary::GetRuns(const std::vector<RunId>& ids) {
  const std::lock_guard lock(mutex);
  std::vector<RunRecord> found;
  for (const RunId id : ids) {
    const auto run = Find(runs, id.value, "run");
    if (!run.ok()) return run.status();
    found.push_back(*run);
  }
  return found;
}

StatusOr<JobConfig> FakeLibrary::GetConfig(const Digest& digest) {
  const std::lock_guard lock(mutex);
  return Find(configs, digest, "config");
}

StatusOr<GraphRevision> FakeLibrary::GetRevision(const std::string& graph, const Digest&) {
  const std::lock_guard lock(mutex);
  return Find(graphs, graph, "graph");
}

StatusOr<GraphRevision> FakeLibrary::FindRevision(const std::string& graph,
                                                  const std::string& digits) {
  auto revision = GetRevision(graph, {});
  if (revision.ok() && !ToHex(revision->revision).starts_with(digits))
    return Error(Code::kNotFound, "no revision {}", digits);
  return revision;
}

PartitionNow FakeLibrary::Now(const Partition& partition) const {
  const auto maker = makers.find(partition.id);
  if (maker == makers.end()) return {.partition = partition, .maker = {}};
  return {partition, maker->second.first, maker->second.second};
}

StatusOr<PartitionNow> FakeLibrary::GetPartition(const std::string& ns, const std::string& ref) {
  const std::lock_guard lock(mutex);
  for (const Partition& partition : partitions)
    if (ns == "demo" && partition.ref == ref) return Now(partition);
  return Error(Code::kNotFound, "no partition {} in {}", ref, ns);
}

StatusOr<Page<PartitionNow>> FakeLibrary::ListPartitions(const PartitionFilter&,
                                                         const PageRequest& page) {
  const std::lock_guard lock(mutex);
  std::vector<PartitionNow> all;
  for (const Partition& partition : partitions) all.push_back(Now(partition));
  return PageOf(all, page);
}

StatusOr<std::vector<Partition>> FakeLibrary::GetPartitions(const std::vector<PartitionId>& ids) {
  const std::lock_guard lock(mutex);
  std::vector<Partition> found;
  for (const PartitionId id : ids)
    for (const Partition& partition : partitions)
      if (partition.id == id) found.push_back(partition);
  return found;
}

StatusOr<std::vector<Digest>> FakeLibrary::FindMissingBlobs(const std::vector<Digest>& wanted) {
  const std::lock_guard lock(mutex);
  std::vector<Digest> missing;
  for (const Digest& digest : wanted)
    if (!blobs.contains(digest)) missing.push_back(digest);
  return missing;
}

Status FakeLibrary::WriteBlob(const Digest& digest, const std::string& bytes) {
  const std::lock_guard lock(mutex);
  blobs[digest] = bytes;
  return Ok();
}

StatusOr<std::string> FakeLibrary::ReadBlob(const Digest& digest) {
  const std::lock_guard lock(mutex);
  return Find(blobs, digest, "blob");
}

StatusOr<std::vector<EventPtr>> FakeLibrary::ReadEvents(EventSeq after, int events_max) {
  ++event_reads;
  const std::lock_guard lock(mutex);
  if (after.value + 1 < oldest_event.value)
    return Error(Code::kOutOfRange, "events before {} were dropped", oldest_event.value);
  const auto all = static_cast<std::int64_t>(events.size());
  std::vector<EventPtr> out;
  for (std::int64_t i = after.value; i < std::min(all, after.value + events_max); ++i)
    out.push_back(events[static_cast<std::size_t>(i)]);
  return out;
}

Status FakeLibrary::AppendLog(RunId run, std::int64_t offset, const std::string& bytes) {
  const std::lock_guard lock(mutex);
  std::string& log = logs[run.value];
  const auto have = static_cast<std::int64_t>(log.size());
  if (offset > have) return Error(Code::kInvalidArgument, "a gap at {}", have);
  if (offset + static_cast<std::int64_t>(bytes.size()) > have)
    log += bytes.substr(static_cast<std::size_t>(have - offset));
  return Ok();
}

StatusOr<std::string> FakeLibrary::ReadLog(RunId run, std::int64_t offset, std::int64_t bytes_max) {
  const std::lock_guard lock(mutex);
  const std::string& log = logs[run.value];
  if (offset >= static_cast<std::int64_t>(log.size())) return std::string();
  return log.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes_max));
}

Status FakeLibrary::Audit(const std::string&, const std::string& method, const std::string& outcome,
                          TimePoint) {
  const std::lock_guard lock(mutex);
  audit.push_back(method + ": " + outcome);
  return Ok();
}

FakeService::FakeService(std::size_t events_kept) : log_(events_kept) {
  for (int i = 0; i < 3; ++i) readers_.emplace_back([this] { ReadLoop(); });
}

FakeService::~FakeService() {
  {
    const std::lock_guard lock(reads_mutex_);
    is_ending_ = true;
  }
  reads_changed_.notify_all();
}

void FakeService::ReadLoop() {
  std::unique_lock lock(reads_mutex_);
  while (true) {
    reads_changed_.wait(lock, [&] { return is_ending_ || !reads_.empty(); });
    if (reads_.empty()) return;
    const auto read = std::move(reads_.front());
    reads_.pop_front();
    lock.unlock();
    read(library);
    lock.lock();
  }
}

Status FakeService::Read(std::function<void(Library&)> read) {
  if (refuses_reads)
    return WithDetails(Error(Code::kResourceExhausted, "too many reads"),
                       {.reason = "READS_FULL", .metadata = {}, .fields = {}});
  {
    const std::lock_guard lock(reads_mutex_);
    reads_.push_back(std::move(read));
  }
  reads_changed_.notify_one();
  return Ok();
}

void FakeService::CreateBuild(BuildRequest request, Reply<Build> reply) {
  {
    const std::lock_guard lock(mutex);
    last_request = request;
  }
  if (on_create) return reply(on_create(request));
  Build build;
  build.id = BuildId{7};
  build.principal = request.principal;
  build.graph = request.graph;
  build.targets = request.targets;
  build.options = request.options;
  reply(build);
}

void FakeService::SetSecret(const std::string& name, const std::string& value, const std::string&,
                            Reply<std::int64_t> reply) {
  {
    const std::lock_guard lock(mutex);
    secrets[name] = value;
  }
  reply(std::int64_t{1});
}

void FakeService::UpdateBuild(BuildId id, std::optional<int> priority,
                              std::optional<TimePoint> deadline, Reply<Build> reply) {
  {
    const std::lock_guard lock(mutex);
    last_priority = priority;
    last_deadline = deadline;
  }
  Build build;
  build.id = id;
  reply(build);
}

void FakeService::CancelBuild(BuildId id, const std::string&, Reply<CancelResult> reply) {
  CancelResult result;
  result.build.id = id;
  result.build.state = BuildState::kCancelled;
  auto label = std::make_shared<NodeLabel>();
  label->id = NodeId{3};
  label->outputs = {"a", "b"};
  result.kept.push_back({.label = label, .builds = {BuildId{8}}});
  reply(result);
}

void FakeService::RetryBuild(BuildId, const std::string&, const std::string&, Reply<Build> reply) {
  if (on_retry) on_retry(std::move(reply));
}

void FakeService::DeployGraph(GraphSpec spec, const std::string& principal, bool,
                              Reply<GraphRevision> reply) {
  {
    const std::lock_guard lock(mutex);
    last_spec = spec;
    last_principal = principal;
  }
  reply(GraphRevision{.spec = spec, .revision = Sha256(spec.name), .deployed_by = principal});
}

void FakeService::LookupRefs(const std::string&, const Digest&, std::vector<std::string> refs,
                             Reply<std::map<std::string, std::string>> reply) {
  std::map<std::string, std::string> jobs;
  for (const std::string& ref : refs) jobs[ref] = "//:job";
  reply(jobs);
}

void FakeService::PlanBuild(BuildRequest, Reply<PlanResult> reply) { reply(plan); }

void FakeService::WorkerConnected(WorkerHello said, std::shared_ptr<WorkerSession> opened,
                                  Reply<WorkerWelcome> reply) {
  {
    const std::lock_guard lock(mutex);
    hello = std::move(said);
    session = std::move(opened);
  }
  reply(WorkerWelcome{.worker = WorkerId{5},
                      .epoch = Epoch{2},
                      .heartbeat_every = Duration(1000),
                      .lease_length = Duration(10'000),
                      .orphan_after = Duration(60'000)});
}

void FakeService::WorkerSaid(WorkerNews said) {
  std::shared_ptr<WorkerSession> answering;
  {
    const std::lock_guard lock(mutex);
    if (said.is_heartbeat) answering = session;
    news.push_back(std::move(said));
  }
  if (answering != nullptr)
    answering->Send({.worker = WorkerId{5},
                     .epoch = Epoch{2},
                     .grants = {},
                     .kills = {},
                     .acknowledged = {},
                     .adopted = {}});
}

void FakeService::WorkerGone(WorkerId worker, const std::shared_ptr<WorkerSession>&) {
  const std::lock_guard lock(mutex);
  gone.push_back(worker);
}

void FakeService::DrainWorker(const std::string& name, bool is_draining, Reply<WorkerView> reply) {
  WorkerView view;
  view.worker.name = name;
  view.worker.is_draining = is_draining;
  reply(view);
}

void FakeService::MarkWorkerDead(const std::string& name, Reply<WorkerView> reply) {
  if (name == "gone") return reply(WorkerView{.worker = {.name = name}});
  reply(
      WithDetails(Error(Code::kFailedPrecondition, "worker {} is connected: it is not dead", name),
                  {.reason = "WORKER_CONNECTED", .metadata = {{"worker", name}}, .fields = {}}));
}

void FakeService::ListWorkers(Reply<std::vector<WorkerView>> reply) {
  WorkerView view;
  view.worker.id = WorkerId{5};
  view.worker.name = "w";
  view.is_connected = true;
  view.runs = {RunId{9}};
  reply(std::vector{view});
}

void FakeService::TaintPartitions(const std::string& ns, std::vector<std::string> refs,
                                  const std::string&, Reply<TaintResult> reply) {
  TaintResult result{.partitions = {}, .suspects = 3};
  for (const std::string& ref : refs) {
    auto partition = library.GetPartition(ns, ref);
    if (!partition.ok()) return reply(partition.status());
    Partition& tainted = partition->partition;
    tainted.doubt.Set(&Doubt::taint, tainted.doubt->taint + 1);
    tainted.doubt.Set(&Doubt::tainted_before, RunId{tainted.live.run.value + 1});
    result.partitions.push_back(tainted);
  }
  reply(std::move(result));
}

void FakeService::SetPool(const Pool& pool, Reply<PoolView> reply) {
  pools[pool.name] = pool.size;
  reply(PoolView{.pool = pool, .used = 1});
}

void FakeService::ListPools(Reply<std::vector<PoolView>> reply) {
  std::vector<PoolView> views;
  for (const auto& [name, size] : pools) views.push_back({.pool = {name, size}, .used = 1});
  reply(std::move(views));
}

void FakeService::PauseGraph(const GraphPause& pause, Reply<GraphRevision> reply) {
  if (pause.graph != "demo")
    return reply(Error(Code::kNotFound, "no graph is called {}", pause.graph));
  if (pause.is_paused)
    paused.insert(pause.graph);
  else
    paused.erase(pause.graph);
  GraphRevision revision;
  revision.spec.name = pause.graph;
  reply(std::move(revision));
}

std::set<NodeId> FakeService::ReadyOf(const std::vector<NodeId>& nodes) {
  std::set<NodeId> found;
  for (const NodeId id : nodes)
    if (ready.contains(id)) found.insert(id);
  return found;
}

ServiceView FakeService::View() {
  ServiceView view;
  view.epoch = Epoch{2};
  view.is_leading = true;
  view.last_event = log_.last();
  return view;
}

void FakeService::Commit(std::vector<Event> events) {
  const std::lock_guard one(commit_mutex_);
  std::vector<EventPtr> numbered;
  {
    const std::lock_guard lock(library.mutex);
    for (Event& event : events) {
      event.seq = EventSeq{static_cast<std::int64_t>(library.events.size()) + 1};
      library.events.push_back(std::make_shared<const Event>(std::move(event)));
      numbered.push_back(library.events.back());
    }
  }
  log_.Append(numbered);
}

}  // namespace fft
