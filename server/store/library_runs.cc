#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "server/store/page_token.h"
#include "server/store/pg_library.h"
#include "server/store/rows.h"

namespace fft {

namespace {

constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

constexpr char kOfRef[] =
    "SELECT f.id FROM node f WHERE f.outputs[1] = (SELECT id FROM wanted) "
    "UNION SELECT o.node_id FROM node_further_output o "
    "WHERE o.partition_id = (SELECT id FROM wanted)";

/// Runs, or live leases, as l, with node n and what else a record shows.
std::string SelectRecords(bool is_live, const std::string& where) {
  return std::string("SELECT ") + (is_live ? pg::kLeaseList : pg::kRunList) + ", " +
         pg::kLabelList + ", n.config_digest, coalesce(w.name, '') FROM " +
         (is_live ? "lease" : "run") +
         " l JOIN node n ON n.id = l.node_id JOIN namespace s ON s.id = n.namespace_id "
         "LEFT JOIN worker w ON w.id = l.worker_id WHERE " +
         where;
}

RunRecord ReadRecord(pg::Row& row, bool is_live) {
  RunRecord record;
  record.is_live = is_live;
  if (is_live)
    record.run.lease = pg::ReadLease(row);
  else
    record.run = pg::ReadRun(row);
  record.label = pg::ReadLabel(row);
  record.config_digest = row.Digest();
  record.worker = row.Text();
  return record;
}

/// Adds what the runs left, which is stored as materialisations.
Status AddOutputs(pg::Connection& connection, std::vector<RunRecord>& records) {
  std::unordered_map<std::int64_t, RunRecord*> by_run;
  std::vector<std::int64_t> runs;
  for (RunRecord& record : records) {
    if (record.is_live || record.run.report.outcome != Outcome::kSucceeded) continue;
    runs.push_back(record.run.lease.run.value);
    by_run.emplace(runs.back(), &record);
  }
  if (runs.empty()) return Ok();
  const auto found = connection.Query(
      "SELECT r.id, p.ref, m.uri, m.content, m.rows, m.bytes FROM run r "
      "JOIN node n ON n.id = r.node_id, unnest(n.outputs) WITH ORDINALITY u(id, place) "
      "JOIN partition p ON p.id = u.id JOIN materialisation m ON m.partition_id = u.id "
      "WHERE r.id = ANY ($1) AND m.run_id = r.id ORDER BY r.id, u.place",
      pg::Params().Int64s(runs), "read what runs left");
  if (!found.ok()) return found.status();
  found->ForEach([&](pg::Row& row) {
    RunReport& report = by_run.at(row.Int64())->run.report;
    OutputReport& output = report.outputs.emplace_back();
    output.ref = row.Text();
    output.uri = row.Text();
    output.content = row.Digest();
    output.rows = row.Int64();
    output.bytes = row.Int64();
  });
  return Ok();
}

/// Appends what `sql` finds among runs or leases.
Status AddRecords(pg::Connection& connection, const std::string& sql, const pg::Params& params,
                  bool is_live, std::vector<RunRecord>& records) {
  const auto found = connection.Query(sql, params, "read runs");
  if (!found.ok()) return found.status();
  found->ForEach([&](pg::Row& row) { records.push_back(ReadRecord(row, is_live)); });
  return Ok();
}

}  // namespace

StatusOr<std::vector<RunRecord>> PgLibrary::GetRuns(const std::vector<RunId>& ids) {
  auto connection = pool_.Take();
  if (!connection.ok()) return connection.status();
  std::vector<std::int64_t> numbers;
  for (const RunId id : ids) numbers.push_back(id.value);
  std::vector<RunRecord> found;
  // The leases first: they go when the runs come.
  for (const bool is_live : {true, false}) {
    const std::string sql =
        SelectRecords(is_live, is_live ? "l.run_id = ANY ($1)" : "l.id = ANY ($1)");
    const Status status =
        AddRecords(**connection, sql, pg::Params().Int64s(numbers), is_live, found);
    if (!status.ok()) return status;
  }
  std::unordered_map<std::int64_t, RunRecord*> by_id;
  for (RunRecord& record : found) by_id[record.run.lease.run.value] = &record;
  std::vector<RunRecord> records;
  for (const std::int64_t number : numbers) {
    const auto at = by_id.find(number);
    if (at == by_id.end()) return Missing("run", std::to_string(number));
    records.push_back(std::move(*at->second));
  }
  const Status status = AddOutputs(**connection, records);
  if (!status.ok()) return status;
  return records;
}

StatusOr<Page<RunRecord>> PgLibrary::ListRuns(NodeId node, const std::string& ns,
                                              const std::string& ref, const PageRequest& page) {
  const std::string list = fmt::format("runs\n{}\n{}\n{}", node.value, ns, ref);
  const auto before = NumberCursorOf(list, page, kNewest);
  if (!before.ok()) return before.status();
  auto connection = pool_.Take();
  if (!connection.ok()) return connection.status();
  const std::size_t size = SizeOf(page);
  pg::Params params;
  params.Int64(*before).Int64(static_cast<std::int64_t>(size + 1)).Int64(node.value);
  params.Text(ns).Text(ref);
  // `+ 0` keeps PostgreSQL from walking all runs backwards in the hope to meet this node's soon.
  const auto statement = [](bool is_live) {
    const std::string id = is_live ? "l.run_id" : "l.id";
    return std::string(
               "WITH wanted AS MATERIALIZED (SELECT p.id FROM partition p "
               "JOIN namespace x ON x.id = p.namespace_id "
               "WHERE $3 = 0 AND x.name = $4 AND p.ref = $5), "
               "found AS MATERIALIZED (SELECT $3 AS id WHERE $3 <> 0 UNION ") +
           kOfRef + ") " +
           SelectRecords(is_live, "l.node_id = ANY (ARRAY(SELECT id FROM found)) AND " + id +
                                      " < $1 ORDER BY " + id + " + 0 DESC LIMIT $2");
  };
  Page<RunRecord> runs;
  for (const bool is_live : {true, false}) {
    const Status status = AddRecords(**connection, statement(is_live), params, is_live, runs.items);
    if (!status.ok()) return status;
  }
  // A run that ended between the two queries is in both: the finished one counts.
  const auto id = [](const RunRecord& record) { return record.run.lease.run; };
  std::stable_sort(runs.items.begin(), runs.items.end(), [&](const auto& a, const auto& b) {
    return id(a) != id(b) ? id(a) > id(b) : a.is_live < b.is_live;
  });
  const auto doubles = std::unique(runs.items.begin(), runs.items.end(),
                                   [&](const auto& a, const auto& b) { return id(a) == id(b); });
  runs.items.erase(doubles, runs.items.end());
  if (runs.items.size() > size) {
    runs.items.resize(size);
    runs.next = MakePageToken(list, id(runs.items.back()).value);
  }
  const Status status = AddOutputs(**connection, runs.items);
  if (!status.ok()) return status;
  return runs;
}

}  // namespace fft
