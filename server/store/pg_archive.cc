#include "server/store/pg_archive.h"

#include <algorithm>

namespace fft {

namespace {

// Without a gap, whatever the clock did: up to the first event that stays.
constexpr char kDropEvents[] =
    "WITH page AS (SELECT seq, at FROM event ORDER BY seq LIMIT $2), "
    "stays AS (SELECT min(seq) AS seq FROM page WHERE at >= $1), "
    "gone AS (DELETE FROM event e USING page p, stays s "
    "WHERE e.seq = p.seq AND (s.seq IS NULL OR p.seq < s.seq) RETURNING 1) "
    "SELECT count(*) FROM gone";

// A log without a run or lease is of one that was dropped.
constexpr char kDropLogs[] =
    "WITH page AS (SELECT c.run_id FROM log_chunk c WHERE c.\"offset\" = 0 "
    "ORDER BY c.run_id LIMIT $2), "
    "old AS (SELECT p.run_id FROM page p LEFT JOIN run r ON r.id = p.run_id "
    "WHERE CASE WHEN r.id IS NULL THEN NOT EXISTS (SELECT FROM lease l WHERE l.run_id = p.run_id) "
    "ELSE greatest(r.granted_at, r.ended_at) < $1 END), "
    "gone AS (DELETE FROM log_chunk c USING old WHERE c.run_id = old.run_id RETURNING 1) "
    "SELECT count(*) FROM gone";

constexpr char kDropBuilds[] =
    "WITH old AS (SELECT id FROM build WHERE state >= 3 AND ended_at < $1 "
    "ORDER BY ended_at LIMIT $2), "
    "ties AS (DELETE FROM attachment a USING old WHERE a.build_id = old.id), "
    "left_to_others AS (DELETE FROM withdrawal w USING old WHERE w.build_id = old.id), "
    "hits AS (DELETE FROM build_hits h USING old WHERE h.build_id = old.id), "
    "gone AS (DELETE FROM build b USING old WHERE b.id = old.id RETURNING 1) "
    "SELECT count(*) FROM gone";

constexpr char kDropRuns[] =
    "WITH old AS (SELECT r.id, n.outputs FROM run r JOIN node n ON n.id = r.node_id "
    "WHERE r.id = ANY ($1)), "
    "left_there AS (SELECT old.id, u.partition_id FROM old, unnest(old.outputs) u(partition_id)), "
    "data AS (DELETE FROM materialisation m USING left_there l "
    "WHERE m.partition_id = l.partition_id AND m.run_id = l.id), "
    "logs AS (DELETE FROM log_chunk c WHERE c.run_id = ANY ($1)) "
    "DELETE FROM run WHERE id = ANY ($1)";

constexpr char kDropNodes[] =
    "WITH page AS (SELECT n.id, n.state, n.ended_at FROM node n WHERE n.id > $2 "
    "ORDER BY n.id LIMIT $3), "
    "old AS (SELECT p.id FROM page p WHERE p.state >= 3 AND p.ended_at < $1 "
    "AND p.id <> ALL ($4) AND NOT EXISTS (SELECT FROM run r WHERE r.node_id = p.id)), "
    "others AS (DELETE FROM node_further_output f USING old WHERE f.node_id = old.id), "
    "gone AS (DELETE FROM node n USING old WHERE n.id = old.id RETURNING 1) "
    "SELECT (SELECT count(*) FROM gone), coalesce((SELECT max(id) FROM page), 0)";

template <class Id>
std::vector<std::int64_t> Values(const std::vector<Id>& ids) {
  std::vector<std::int64_t> values;
  values.reserve(ids.size());
  for (const Id id : ids) values.push_back(id.value);
  return values;
}

}  // namespace

StatusOr<pg::Result> PgArchive::Query(const std::string& statement, const pg::Params& params,
                                      const std::string& doing) {
  if (!connection_.IsAlive()) {
    auto opened = pg::Connection::Open(conninfo_, "fftd retention");
    if (!opened.ok()) return opened.status();
    connection_ = *std::move(opened);
  }
  return connection_.Query(statement, params, doing);
}

StatusOr<std::int64_t> PgArchive::Count(const std::string& statement, const pg::Params& params,
                                        const std::string& doing) {
  const auto counted = Query(statement, params, doing);
  if (!counted.ok()) return counted.status();
  return counted->First().Int64();
}

StatusOr<std::int64_t> PgArchive::DropEvents(TimePoint before, int rows_max) {
  return Count(kDropEvents, pg::Params().Time(before).Int64(rows_max), "drop old events");
}

StatusOr<std::int64_t> PgArchive::DropLogs(TimePoint before, int runs_max) {
  return Count(kDropLogs, pg::Params().Time(before).Int64(runs_max), "drop old logs");
}

StatusOr<std::int64_t> PgArchive::DropBuilds(TimePoint before, int builds_max) {
  return Count(kDropBuilds, pg::Params().Time(before).Int64(builds_max), "drop old builds");
}

StatusOr<LivePage> PgArchive::ListLive(PartitionId after, int partitions_max) {
  const auto found =
      Query("SELECT id, live_run FROM partition WHERE id > $1 ORDER BY id LIMIT $2",
            pg::Params().Int64(after.value).Int64(partitions_max), "read what is live");
  if (!found.ok()) return found.status();
  LivePage page;
  found->ForEach([&](pg::Row& row) {
    page.last = row.As<PartitionId>();
    if (const auto run = row.As<RunId>()) page.runs.push_back(run);
  });
  return page;
}

StatusOr<std::vector<NodeId>> PgArchive::ListShown(TimePoint before) {
  const auto found = Query(
      "SELECT DISTINCT u.id FROM build b JOIN attachment a ON a.build_id = b.id, "
      "unnest(a.nodes) u(id) WHERE b.received_at < $1 ORDER BY u.id",
      pg::Params().Time(before), "read which nodes are shown");
  if (!found.ok()) return found.status();
  std::vector<NodeId> nodes;
  found->ForEach([&](pg::Row& row) { nodes.push_back(row.As<NodeId>()); });
  return nodes;
}

StatusOr<RunId> PgArchive::LastRun() {
  const auto last = Count("SELECT last_run FROM leader", {}, "read the last run");
  if (!last.ok()) return last.status();
  return RunId{*last};
}

StatusOr<std::vector<OldRun>> PgArchive::ListRunsBelow(RunId below, int runs_max) {
  const auto found = Query(
      "SELECT id, node_id, greatest(granted_at, ended_at), input_runs FROM run WHERE id < $1 ORDER "
      "BY id DESC LIMIT $2",
      pg::Params().Int64(below.value).Int64(runs_max), "list old runs");
  if (!found.ok()) return found.status();
  std::vector<OldRun> runs;
  found->ForEach([&](pg::Row& row) {
    OldRun& run = runs.emplace_back();
    run.run = row.As<RunId>();
    run.node = row.As<NodeId>();
    run.ended_at = row.Time();
    run.input_runs = row.Ids<RunId>();
  });
  return runs;
}

Status PgArchive::DropRuns(const std::vector<RunId>& runs) {
  return Query(kDropRuns, pg::Params().Int64s(Values(runs)), "drop old runs").status();
}

StatusOr<std::int64_t> PgArchive::DropNodes(TimePoint before, const std::vector<NodeId>& shown,
                                            int nodes_max, NodeId* cursor) {
  pg::Params params;
  params.Time(before).Int64(cursor->value).Int64(nodes_max).Int64s(Values(shown));
  const auto dropped = Query(kDropNodes, params, "drop old nodes");
  if (!dropped.ok()) return dropped.status();
  pg::Row row = dropped->First();
  const std::int64_t count = row.Int64();
  *cursor = row.As<NodeId>();
  return count;
}

}  // namespace fft
