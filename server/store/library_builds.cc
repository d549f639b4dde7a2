#include <limits>

#include <fmt/format.h>

#include "server/store/page_token.h"
#include "server/store/pg_library.h"
#include "server/store/rows.h"

namespace fft {

namespace {

constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

std::string SelectBuilds(const char* where) {
  return std::string("SELECT ") + pg::kBuildList + " FROM build b WHERE " + where;
}

StatusOr<Build> FindBuild(pg::Connection& connection, BuildId id) {
  const auto found =
      connection.Query(SelectBuilds("b.id = $1"), pg::Params().Int64(id.value), "read a build");
  if (!found.ok()) return found.status();
  if (found->empty()) return Missing("build", std::to_string(id.value));
  pg::Row row = found->First();
  return pg::ReadBuild(row);
}

/// The states of all nodes of `attachment`, in its order.
Status AddNodes(pg::Connection& connection, const Attachment& attachment, BuildSnapshot& snapshot) {
  std::vector<std::int64_t> ids;
  ids.reserve(attachment.nodes.size());
  for (const NodeId id : attachment.nodes) ids.push_back(id.value);
  const auto found = connection.Query(
      std::string("SELECT t.place, ") + pg::kStateInBuild +
          ", coalesce(w.reason, n.reason), "
          "CASE WHEN w.node_id IS NULL THEN coalesce(g.run_id, n.last_run) ELSE 0 END, "
          "CASE WHEN w.node_id IS NULL THEN n.message ELSE $3 END, " +
          pg::kLabelList +
          ", w.closed_by FROM unnest($1) WITH ORDINALITY t(id, place) JOIN node n ON "
          "n.id = t.id "
          "LEFT JOIN withdrawal w ON w.build_id = $2 AND w.node_id = n.id "
          "LEFT JOIN lease g ON g.node_id = n.id JOIN namespace s ON s.id = n.namespace_id ORDER "
          "BY t.place",
      pg::Params().Int64s(ids).Int64(attachment.build.value).Text(kGoesOnForOthers),
      "read a build's nodes");
  if (!found.ok()) return found.status();
  found->ForEach([&](pg::Row& row) {
    const auto place = static_cast<std::size_t>(row.Int64() - 1);
    NodeChange& change = snapshot.nodes.emplace_back();
    change.state = row.Enum<NodeState>();
    change.reason = row.Enum<Reason>();
    const RunId run = row.As<RunId>();
    if (change.state >= NodeState::kRunning) change.run = run;
    change.message = row.Text();
    change.label = pg::ReadLabel(row);
    if (!row.IsNull())
      snapshot.withdrawals.push_back(
          {attachment.build, change.label->id, change.reason, row.As<EventSeq>()});
    change.level = attachment.levels[place];
    change.is_joined = attachment.joined[place] != 0;
  });
  return Ok();
}

StatusOr<BuildSnapshot> ReadSnapshot(pg::Connection& connection, BuildId id) {
  auto build = FindBuild(connection, id);
  if (!build.ok()) return build.status();
  BuildSnapshot snapshot{.build = *std::move(build), .as_of = {}, .attachments = {}, .nodes = {}};
  const auto last = connection.Query("SELECT last_event FROM leader", {}, "read the last event");
  if (!last.ok()) return last.status();
  snapshot.as_of = last->First().As<EventSeq>();
  const auto attachments =
      connection.Query(std::string("SELECT ") + pg::kAttachmentList +
                           " FROM attachment a WHERE a.build_id = $1 ORDER BY a.id",
                       pg::Params().Int64(id.value), "read a build's attachments");
  if (!attachments.ok()) return attachments.status();
  attachments->ForEach(
      [&](pg::Row& row) { snapshot.attachments.push_back(pg::ReadAttachment(row)); });
  for (const Attachment& attachment : snapshot.attachments) {
    const Status status = AddNodes(connection, attachment, snapshot);
    if (!status.ok()) return status;
  }
  return snapshot;
}

}  // namespace

StatusOr<Build> PgLibrary::GetBuild(BuildId id) {
  auto connection = pool_.Take();
  if (!connection.ok()) return connection.status();
  return FindBuild(**connection, id);
}

StatusOr<BuildSnapshot> PgLibrary::SnapshotBuild(BuildId id) {
  auto connection = pool_.Take();
  if (!connection.ok()) return connection.status();
  Status status =
      (*connection)
          ->Run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "begin to read a build");
  if (!status.ok()) return status;
  auto snapshot = ReadSnapshot(**connection, id);
  status = (*connection)->Run("COMMIT", "end reading a build");
  if (snapshot.ok() && !status.ok()) return status;
  return snapshot;
}

StatusOr<Page<Build>> PgLibrary::ListBuilds(const BuildFilter& filter, const PageRequest& page) {
  const int state = filter.state ? static_cast<int>(*filter.state) : -1;
  const std::string list =
      fmt::format("builds\n{}\n{}\n{}\n{}", filter.ns, filter.graph, filter.principal, state);
  const auto before = NumberCursorOf(list, page, kNewest);
  if (!before.ok()) return before.status();
  const std::size_t size = SizeOf(page);
  pg::Params params;
  params.Int64(*before).Text(filter.ns).Text(filter.graph).Text(filter.principal);
  params.Int16(static_cast<std::int16_t>(state)).Int64(static_cast<std::int64_t>(size + 1));
  const auto found = Query(
      SelectBuilds("b.id < $1 AND ($2 = '' OR b.namespace = $2) AND ($3 = '' OR b.graph = $3) AND "
                   "($4 = '' OR b.principal = $4) AND ($5 < 0 OR b.state = $5) "
                   "ORDER BY b.id DESC LIMIT $6"),
      params, "list builds");
  if (!found.ok()) return found.status();
  Page<Build> builds;
  Status status = Ok();
  found->ForEach([&](pg::Row& row) {
    auto build = pg::ReadBuild(row);
    if (build.ok())
      builds.items.push_back(*std::move(build));
    else
      status = build.status();
  });
  if (!status.ok()) return status;
  if (builds.items.size() > size) {
    builds.items.resize(size);
    builds.next = MakePageToken(list, builds.items.back().id.value);
  }
  return builds;
}

StatusOr<std::optional<Build>> PgLibrary::FindRequest(const std::string& principal,
                                                      const std::string& request_id) {
  if (request_id.empty()) return std::optional<Build>();
  const auto found =
      Query(SelectBuilds("b.principal = $1 AND b.request_id = $2 AND b.request_id <> '' "
                         "ORDER BY b.id DESC LIMIT 1"),
            pg::Params().Text(principal).Text(request_id), "find a request");
  if (!found.ok()) return found.status();
  if (found->empty()) return std::optional<Build>();
  pg::Row row = found->First();
  auto build = pg::ReadBuild(row);
  if (!build.ok()) return build.status();
  return std::optional<Build>(*std::move(build));
}

// Hits are arrays, one row a build: the last of them are searched, which is what people ask about.
StatusOr<std::optional<Build>> PgLibrary::LastHit(const std::string& ns, const std::string& ref) {
  const auto found = Query(
      SelectBuilds("b.id = (SELECT h.build_id FROM (SELECT build_id, partitions FROM build_hits "
                   "ORDER BY build_id DESC LIMIT 100) h WHERE (SELECT p.id FROM partition p "
                   "JOIN namespace n ON n.id = p.namespace_id WHERE n.name = $1 AND p.ref = $2) "
                   "= ANY (h.partitions) ORDER BY h.build_id DESC LIMIT 1)"),
      pg::Params().Text(ns).Text(ref), "find the last hit");
  if (!found.ok()) return found.status();
  if (found->empty()) return std::optional<Build>();
  pg::Row row = found->First();
  auto build = pg::ReadBuild(row);
  if (!build.ok()) return build.status();
  return std::optional<Build>(*std::move(build));
}

}  // namespace fft
