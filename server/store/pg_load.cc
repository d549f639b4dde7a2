#include <algorithm>

#include "server/store/json.h"
#include "server/store/pg_store.h"
#include "server/store/rows.h"

namespace fft {

namespace {

// Here everything is read: scans and hashes are what is wanted.
constexpr char kBegin[] =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_seqscan = on; "
    "SET LOCAL enable_hashjoin = on; SET LOCAL enable_bitmapscan = on";
constexpr char kPendingNodes[] =
    "SELECT unnest(a.nodes) FROM attachment a JOIN build b ON b.id = a.build_id WHERE b.state < 3 "
    "UNION SELECT node_id FROM lease";

template <class T, class Key>
void SortBy(std::vector<T>& rows, Key key) {
  const auto before = [&](const T& a, const T& b) { return key(a) < key(b); };
  if (!std::is_sorted(rows.begin(), rows.end(), before))
    std::sort(rows.begin(), rows.end(), before);
}

std::string Select(const char* list, const std::string& from) {
  return std::string("SELECT ") + list + " FROM " + from;
}

}  // namespace

StatusOr<Snapshot> PgStore::Load() {
  Status status = Connect();
  if (status.ok()) status = connection_.Run(kBegin, "begin to load");
  if (!status.ok()) return status;
  Snapshot snapshot;
  status = LoadCatalog(snapshot);
  if (status.ok()) status = LoadBuilds(snapshot);
  if (status.ok()) status = LoadNodes(snapshot);
  if (status.ok()) status = LoadNumbers(snapshot);
  const Status ended = connection_.Run("COMMIT", "end loading");
  if (status.ok()) status = ended;
  if (status.ok()) return snapshot;
  connection_.Close();
  return status;
}

Status PgStore::LoadCatalog(Snapshot& snapshot) {
  Status status = connection_.CopyOut(
      "SELECT id, name FROM namespace ORDER BY id",
      [&](pg::Row& row) {
        const NamespaceId id = row.As<NamespaceId>();
        snapshot.namespaces.push_back({id, row.Text()});
      },
      "load the namespaces");
  if (!status.ok()) return status;
  const auto count = connection_.Query("SELECT max(id) FROM partition", {}, "count the partitions");
  if (!count.ok()) return count.status();
  snapshot.partitions.reserve(static_cast<std::size_t>(count->First().Int64()));
  status = connection_.CopyOut(
      Select(pg::kPartitionList, "partition p"),
      [&](pg::Row& row) { snapshot.partitions.push_back(pg::ReadPartition(row)); },
      "load the partitions");
  SortBy(snapshot.partitions, [](const Partition& partition) { return partition.id; });
  if (!status.ok()) return status;
  status = connection_.CopyOut(
      Select(pg::kWorkerList, "worker w ORDER BY w.id"),
      [&](pg::Row& row) { snapshot.workers.push_back(pg::ReadWorker(row)); }, "load the workers");
  if (status.ok()) status = LoadOperatorsWishes(snapshot);
  if (!status.ok()) return status;
  return connection_.CopyOut(
      Select("d.graph, d.job, d.us", "job_duration d ORDER BY d.graph, d.job"),
      [&](pg::Row& row) {
        JobDuration duration{.graph = row.Text(), .job = row.Text()};
        duration.ms = static_cast<double>(row.Int64()) / 1000;
        snapshot.durations.push_back(std::move(duration));
      },
      "load the durations");
}

Status PgStore::LoadOperatorsWishes(Snapshot& snapshot) {
  const Status status = connection_.CopyOut(
      Select("p.name, p.size", "pool p ORDER BY p.name"),
      [&](pg::Row& row) {
        Pool pool{.name = row.Text()};
        pool.size = row.Int32();
        snapshot.pools.push_back(std::move(pool));
      },
      "load the pools");
  if (!status.ok()) return status;
  return connection_.CopyOut(
      Select("g.graph", "graph_pause g WHERE g.is_paused ORDER BY g.graph"),
      [&](pg::Row& row) {
        snapshot.pauses.push_back({row.Text(), true});
      },
      "load the pauses");
}

Status PgStore::LoadBuilds(Snapshot& snapshot) {
  Status readable = Ok();
  Status status = connection_.CopyOut(
      Select(pg::kBuildList, "build b WHERE b.state < 3 ORDER BY b.id"),
      [&](pg::Row& row) {
        auto build = pg::ReadBuild(row);
        if (build.ok())
          snapshot.builds.push_back(*std::move(build));
        else
          readable = build.status();
      },
      "load the builds");
  if (status.ok()) status = readable;
  if (!status.ok()) return status;
  status = connection_.CopyOut(
      Select(pg::kAttachmentList,
             "attachment a JOIN build b ON b.id = a.build_id WHERE b.state < 3 ORDER BY a.id"),
      [&](pg::Row& row) { snapshot.attachments.push_back(pg::ReadAttachment(row)); },
      "load the attachments");
  if (!status.ok()) return status;
  status = connection_.CopyOut(
      Select(pg::kWithdrawalList,
             "withdrawal w JOIN build b ON b.id = w.build_id WHERE b.state < 3 "
             "ORDER BY w.build_id, w.node_id"),
      [&](pg::Row& row) { snapshot.withdrawals.push_back(pg::ReadWithdrawal(row)); },
      "load the withdrawals");
  if (!status.ok()) return status;
  return connection_.CopyOut(
      Select(
          pg::kHitsList,
          "build_hits h JOIN build b ON b.id = h.build_id WHERE b.state < 3 ORDER BY h.build_id"),
      [&](pg::Row& row) { snapshot.hits.push_back(pg::ReadHits(row)); }, "load the hits");
}

Status PgStore::LoadNodes(Snapshot& snapshot) {
  Status readable = Ok();
  std::unordered_map<Digest, JobConfigPtr> configs;
  // One for all who have it; what is not kept must go at once, or it leaves holes between the rest.
  std::unordered_map<Digest, RevisionNamePtr> names;
  std::unordered_map<std::string, Shared<JobFrame>> frames;  // last seen of a job
  const std::string list = std::string(pg::kNodeList) + ", c.body::text";
  Status status = connection_.CopyOut(
      Select(list.c_str(), std::string("node n LEFT JOIN config c ON c.digest = n.config_digest "
                                       "WHERE n.id IN (") +
                               kPendingNodes + ")"),
      [&](pg::Row& row) {
        Node node = pg::ReadNode(row);
        node.evidence = {};
        RevisionNamePtr& name = names[node.of->revision];
        if (name == nullptr) name = node.of;
        node.of = name;
        JobConfigPtr& config = configs[node.config_digest];
        if (!config && !row.IsNull()) {
          auto read = JobConfigFromJson(row.View());
          if (!read.ok())
            readable = read.status();
          else {
            Shared<JobFrame>& last = frames[read->frame->job];
            read->frame.ShareWith(last);
            last = read->frame;
            config = std::make_shared<const JobConfig>(*std::move(read));
          }
        }
        node.config = config;
        snapshot.nodes.push_back(std::move(node));
      },
      "load the nodes");
  if (status.ok()) status = readable;
  SortBy(snapshot.nodes, [](const Node& node) { return node.id; });
  if (!status.ok()) return status;
  return connection_.CopyOut(
      Select(pg::kLeaseList, "lease l ORDER BY l.run_id"),
      [&](pg::Row& row) { snapshot.leases.push_back(pg::ReadLease(row)); }, "load the leases");
}

Status PgStore::LoadNumbers(Snapshot& snapshot) {
  const auto found = connection_.Query(
      "SELECT last_build, last_node, last_run, last_event FROM leader", {}, "load the numbers");
  if (!found.ok()) return found.status();
  pg::Row row = found->First();
  snapshot.last_build = row.As<BuildId>();
  snapshot.last_node = row.As<NodeId>();
  snapshot.last_run = row.As<RunId>();
  snapshot.last_event = row.As<EventSeq>();
  return Ok();
}

}  // namespace fft
