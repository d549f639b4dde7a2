#include <cctype>

#include <fmt/format.h>

#include "server/base/error_details.h"
#include "server/store/json.h"
#include "server/store/page_token.h"
#include "server/store/pg_library.h"

namespace fft {

namespace {

/// What a statement and PostgreSQL's limit of 1 GiB for a value leave room for.
constexpr std::size_t kBlobBytesMax = std::size_t{512} << 20;

constexpr char kRevisionList[] = "g.spec::text, g.revision, g.deployed_by, g.deployed_at";

StatusOr<GraphRevision> ReadRevision(pg::Row& row) {
  auto spec = GraphSpecFromJson(row.View());
  if (!spec.ok()) return spec.status();
  GraphRevision revision{
      .spec = *std::move(spec), .revision = row.Digest(), .deployed_by = {}, .deployed_at = {}};
  revision.deployed_by = row.Text();
  revision.deployed_at = row.Time();
  return revision;
}

}  // namespace

Status Missing(const std::string& what, const std::string& name) {
  std::string reason;
  for (const char c : what)
    reason += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return WithDetails(Error(Code::kNotFound, "{} {} does not exist", what, name),
                     {.reason = reason + "_NOT_FOUND", .metadata = {{what, name}}, .fields = {}});
}

StatusOr<pg::Result> PgLibrary::Query(const std::string& statement, const pg::Params& params,
                                      const std::string& doing) {
  auto connection = pool_.Take();
  if (!connection.ok()) return connection.status();
  return (*connection)->Query(statement, params, doing);
}

Status PgLibrary::SaveRevision(const GraphRevision& revision) {
  // What is deployed once more becomes the latest again.
  pg::Params params;
  params.Text(revision.spec.name).Bytes(revision.revision.view()).Text(ToJson(revision.spec));
  params.Text(revision.deployed_by).Time(revision.deployed_at);
  return Query(
             "INSERT INTO graph_revision AS g (graph, revision, spec, deployed_by, deployed_at) "
             "VALUES ($1, $2, $3::text::jsonb, $4, $5) ON CONFLICT (graph, revision) DO UPDATE "
             "SET deploy = EXCLUDED.deploy, deployed_by = EXCLUDED.deployed_by, "
             "deployed_at = EXCLUDED.deployed_at",
             params, "save a graph")
      .status();
}

StatusOr<bool> PgLibrary::DeployAgain(const std::string& graph, const Digest& revision,
                                      const std::string& principal, TimePoint at) {
  pg::Params params;
  params.Text(graph).Bytes(revision.view()).Text(principal).Time(at);
  const auto touched = Query(
      "UPDATE graph_revision SET deploy = DEFAULT, deployed_by = $3, deployed_at = $4 "
      "WHERE graph = $1 AND revision = $2",
      params, "deploy a graph again");
  if (!touched.ok()) return touched.status();
  return touched->affected() == 1;
}

StatusOr<GraphRevision> PgLibrary::GetRevision(const std::string& graph, const Digest& revision) {
  pg::Params params;
  params.Text(graph).Digest(revision);
  const auto found = Query(std::string("SELECT ") + kRevisionList +
                               " FROM graph_revision g WHERE g.graph = $1 AND "
                               "($2 IS NULL OR g.revision = $2) ORDER BY g.deploy DESC LIMIT 1",
                           params, "read a graph");
  if (!found.ok()) return found.status();
  if (!found->empty()) {
    pg::Row row = found->First();
    return ReadRevision(row);
  }
  if (!revision) return Missing("graph", graph);
  const auto latest = GetRevision(graph, {});
  return latest.ok() ? Missing("revision", fmt::format("{} of graph {}", ToHex(revision), graph))
                     : latest.status();
}

StatusOr<GraphRevision> PgLibrary::FindRevision(const std::string& graph,
                                                const std::string& digits) {
  const auto found =
      Query(std::string("SELECT ") + kRevisionList +
                " FROM graph_revision g WHERE g.graph = $1 AND "
                "starts_with(encode(g.revision, 'hex'), $2) ORDER BY g.deploy DESC LIMIT 2",
            pg::Params().Text(graph).Text(digits), "find a revision");
  if (!found.ok()) return found.status();
  std::vector<StatusOr<GraphRevision>> revisions;
  found->ForEach([&](pg::Row& row) { revisions.push_back(ReadRevision(row)); });
  if (revisions.size() == 1 || (!revisions.empty() && !revisions.front().ok()))
    return std::move(revisions.front());
  if (!revisions.empty() && !revisions.back().ok()) return revisions.back().status();
  if (!revisions.empty()) {
    const std::string one = ToHex(revisions.front()->revision),
                      other = ToHex(revisions.back()->revision);
    return WithDetails(Error(Code::kInvalidArgument, "graph {}: {} and {} both begin with {}",
                             graph, one, other, digits),
                       {.reason = "AMBIGUOUS_REVISION",
                        .metadata = {{"graph", graph}, {"one", one}, {"other", other}},
                        .fields = {{"revision", "is the beginning of several revisions"}}});
  }
  const auto latest = GetRevision(graph, {});
  return latest.ok() ? Missing("revision", fmt::format("{} of graph {}", digits, graph))
                     : latest.status();
}

StatusOr<Page<GraphRevision>> PgLibrary::ListGraphs(const PageRequest& page) {
  const auto after = CursorOf("graphs", page);
  if (!after.ok()) return after.status();
  const std::size_t size = SizeOf(page);
  const auto found = Query(
      std::string("SELECT DISTINCT ON (g.graph) ") + kRevisionList +
          " FROM graph_revision g WHERE g.graph > $1 ORDER BY g.graph, g.deploy DESC LIMIT $2",
      pg::Params().Text(*after).Int64(static_cast<std::int64_t>(size + 1)), "list graphs");
  if (!found.ok()) return found.status();
  Page<GraphRevision> graphs;
  Status status = Ok();
  found->ForEach([&](pg::Row& row) {
    auto revision = ReadRevision(row);
    if (revision.ok())
      graphs.items.push_back(*std::move(revision));
    else
      status = revision.status();
  });
  if (!status.ok()) return status;
  if (graphs.items.size() > size) {
    graphs.items.resize(size);
    graphs.next = MakePageToken("graphs", graphs.items.back().spec.name);
  }
  return graphs;
}

StatusOr<std::vector<Digest>> PgLibrary::FindMissingBlobs(const std::vector<Digest>& wanted) {
  const auto found = Query(
      "SELECT t.digest FROM unnest($1) WITH ORDINALITY t(digest, place) "
      "WHERE NOT EXISTS (SELECT FROM blob b WHERE b.digest = t.digest) "
      "ORDER BY t.place",
      pg::Params().Digests(wanted), "look for blobs");
  if (!found.ok()) return found.status();
  std::vector<Digest> missing;
  found->ForEach([&](pg::Row& row) { missing.push_back(row.Digest()); });
  return missing;
}

Status PgLibrary::WriteBlob(const Digest& digest, const std::string& bytes) {
  if (bytes.size() > kBlobBytesMax)
    return InvalidField("data", fmt::format("{} bytes are more than the {} that a blob may have",
                                            bytes.size(), kBlobBytesMax));
  if (Sha256(bytes) != digest)
    return InvalidField("digest", fmt::format("{} is not the digest of the data, {} is",
                                              ToHex(digest), ToHex(Sha256(bytes))));
  pg::Params params;
  params.Bytes(digest.view()).Int64(static_cast<std::int64_t>(bytes.size())).Bytes(bytes);
  return Query(
             "INSERT INTO blob (digest, size, data) VALUES ($1, $2, $3) "
             "ON CONFLICT (digest) DO NOTHING",
             params, "write a blob")
      .status();
}

StatusOr<std::string> PgLibrary::ReadBlob(const Digest& digest) {
  const auto found = Query("SELECT data FROM blob WHERE digest = $1",
                           pg::Params().Bytes(digest.view()), "read a blob");
  if (!found.ok()) return found.status();
  if (found->empty()) return Missing("blob", ToHex(digest));
  return found->First().Text();
}

}  // namespace fft
