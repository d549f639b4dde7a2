#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "server/domain/place.h"
#include "server/store/json.h"
#include "server/store/page_token.h"
#include "server/store/pg_library.h"
#include "server/store/rows.h"

namespace fft {

namespace {

constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

std::string SelectPartitions(const std::string& where) {
  return std::string("SELECT ") + pg::kPartitionList + ", n.id, " + pg::kLiveState +
         " FROM partition p JOIN namespace s ON s.id = p.namespace_id LEFT JOIN LATERAL ("
         "SELECT max(m.id) AS id FROM ("
         "(SELECT f.id FROM node f WHERE f.outputs[1] = p.id ORDER BY f.id DESC LIMIT 1) UNION ALL "
         "(SELECT o.node_id FROM node_further_output o WHERE o.partition_id = p.id "
         "ORDER BY o.node_id DESC LIMIT 1)) m) maker ON true "
         "LEFT JOIN node n ON n.id = maker.id LEFT JOIN lease g ON g.node_id = n.id WHERE " +
         where;
}

PartitionNow ReadPartitionNow(pg::Row& row) {
  PartitionNow now{.partition = pg::ReadPartition(row), .maker = {}};
  if (row.IsNull()) return now;
  now.maker = row.As<NodeId>();
  now.maker_state = row.Enum<NodeState>();
  return now;
}

/// `text` in a LIKE pattern, meaning itself.
std::string Literal(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// A glob (`*` any run of characters, `?` one) as a LIKE pattern.
std::string LikeOfGlob(const std::string& glob) {
  if (glob.empty()) return "%";
  std::string pattern;
  for (const char c : glob) {
    if (c == '*')
      pattern += '%';
    else if (c == '?')
      pattern += '_';
    else
      pattern += Literal(std::string(1, c));
  }
  return pattern;
}

}  // namespace

StatusOr<PartitionNow> PgLibrary::GetPartition(const std::string& ns, const std::string& ref) {
  const auto found = Query(SelectPartitions("s.name = $1 AND p.ref = $2"),
                           pg::Params().Text(ns).Text(ref), "read a partition");
  if (!found.ok()) return found.status();
  if (found->empty()) return Missing("partition", fmt::format("{} in namespace {}", ref, ns));
  pg::Row row = found->First();
  return ReadPartitionNow(row);
}

StatusOr<std::string> PgLibrary::PlaceOf(const Partition& partition, const std::string& ns) {
  if (!partition.live.run || !partition.live.uri.empty()) return partition.live.uri.str();
  const auto found = Query(
      "SELECT g.graph, coalesce(s.default_namespace, ''), coalesce(s.root_uri, ''), c.body::text "
      "FROM run r JOIN node n ON n.id = r.node_id "
      "JOIN graph_revision g ON g.graph = n.graph AND g.revision = n.revision "
      "JOIN config c ON c.digest = n.config_digest CROSS JOIN LATERAL "
      "jsonb_to_record(g.spec) AS s(default_namespace text, root_uri text) WHERE r.id = $1",
      pg::Params().Int64(partition.live.run.value), "read where a partition is");
  if (!found.ok()) return found.status();
  if (found->empty()) return std::string();
  pg::Row row = found->First();
  GraphSpec spec{.name = row.Text()};
  spec.default_namespace = row.Text();
  spec.root_uri = row.Text();
  const auto config = JobConfigFromJson(row.View());
  if (!config.ok()) return config.status();
  if (config->frame->runner == Runner::kNoop) return std::string();
  return UriOf(partition, RootOf(spec, ns));
}

StatusOr<Page<PartitionNow>> PgLibrary::ListPartitions(const PartitionFilter& filter,
                                                       const PageRequest& page) {
  const std::string list =
      fmt::format("partitions\n{}\n{}\n{}", filter.ns, filter.prefix, filter.glob);
  const auto after = CursorOf(list, page);
  if (!after.ok()) return after.status();
  const std::size_t size = SizeOf(page);
  pg::Params params;
  params.Text(filter.ns).Text(*after).Text(Literal(filter.prefix) + "%");
  params.Text(LikeOfGlob(filter.glob)).Int64(static_cast<std::int64_t>(size + 1));
  const auto found =
      Query(SelectPartitions("p.namespace_id = (SELECT id FROM namespace WHERE name = $1) "
                             "AND p.ref > $2 AND p.ref LIKE $3 AND p.ref LIKE $4 "
                             "ORDER BY p.ref LIMIT $5"),
            params, "list partitions");
  if (!found.ok()) return found.status();
  Page<PartitionNow> partitions;
  found->ForEach([&](pg::Row& row) { partitions.items.push_back(ReadPartitionNow(row)); });
  if (partitions.items.size() > size) {
    partitions.items.resize(size);
    partitions.next = MakePageToken(list, partitions.items.back().partition.ref.str());
  }
  return partitions;
}

StatusOr<Page<Materialisation>> PgLibrary::ListMaterialisations(const std::string& ns,
                                                                const std::string& ref,
                                                                const PageRequest& page) {
  const std::string list = fmt::format("materialisations\n{}\n{}", ns, ref);
  const auto before = NumberCursorOf(list, page, kNewest);
  if (!before.ok()) return before.status();
  const auto partition = GetPartition(ns, ref);
  if (!partition.ok()) return partition.status();
  const std::size_t size = SizeOf(page);
  pg::Params params;
  params.Int64(partition->partition.id.value)
      .Int64(*before)
      .Int64(static_cast<std::int64_t>(size + 1));
  const auto found = Query(std::string("SELECT ") + pg::kMaterialisationList +
                               " FROM materialisation m WHERE m.partition_id = $1 AND "
                               "m.run_id < $2 ORDER BY m.run_id DESC LIMIT $3",
                           params, "list materialisations");
  if (!found.ok()) return found.status();
  Page<Materialisation> left;
  found->ForEach([&](pg::Row& row) { left.items.push_back(pg::ReadMaterialisation(row)); });
  if (left.items.size() > size) {
    left.items.resize(size);
    left.next = MakePageToken(list, left.items.back().run.value);
  }
  return left;
}

StatusOr<std::vector<Partition>> PgLibrary::GetPartitions(const std::vector<PartitionId>& ids) {
  std::vector<std::int64_t> wanted;
  for (const PartitionId id : ids) wanted.push_back(id.value);
  const auto found = Query(std::string("SELECT ") + pg::kPartitionList +
                               " FROM unnest($1) WITH ORDINALITY t(id, place) "
                               "JOIN partition p ON p.id = t.id ORDER BY t.place",
                           pg::Params().Int64s(wanted), "read partitions");
  if (!found.ok()) return found.status();
  std::vector<Partition> partitions;
  partitions.reserve(ids.size());
  found->ForEach([&](pg::Row& row) { partitions.push_back(pg::ReadPartition(row)); });
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (i >= partitions.size() || partitions[i].id != ids[i])
      return Missing("partition", fmt::format("number {}", ids[i].value));
  return partitions;
}

// What begins with `a/` stands between `a/` and `a0`, the byte after `/`.
StatusOr<std::vector<std::pair<std::string, std::string>>> PgLibrary::FindWithin(
    const std::string& ns, const std::vector<std::string_view>& refs) {
  constexpr int kSome = 10;
  const auto found = Query(
      "SELECT t.ref, p.ref FROM namespace s CROSS JOIN unnest($2::text[]) t(ref) "
      "CROSS JOIN LATERAL (SELECT p.ref FROM partition p WHERE p.namespace_id = s.id AND "
      "p.ref > t.ref || '/' AND p.ref < t.ref || '0' AND p.live_run <> 0 ORDER BY p.ref LIMIT $3) "
      "p "
      "WHERE s.name = $1",
      pg::Params().Text(ns).Texts({refs.begin(), refs.end()}).Int64(kSome), "look within refs");
  if (!found.ok()) return found.status();
  std::vector<std::pair<std::string, std::string>> within;
  found->ForEach([&](pg::Row& row) {
    std::string outer = row.Text();
    within.emplace_back(std::move(outer), row.Text());
  });
  return within;
}

StatusOr<std::vector<ConfigureAnswer>> PgLibrary::FindConfigureAnswers(
    const Digest& job_digest, const std::vector<std::string>& refs) {
  // One config may answer for thousands of refs: its body comes with the first of them alone.
  const auto found = Query(
      "SELECT a.ref, a.config_digest, CASE WHEN row_number() OVER "
      "(PARTITION BY a.config_digest ORDER BY a.ref) = 1 THEN c.body::text END "
      "FROM configure_answer a JOIN config c ON c.digest = a.config_digest "
      "WHERE a.job_digest = $1 AND a.ref = ANY ($2) ORDER BY a.ref",
      pg::Params().Bytes(job_digest.view()).Texts(refs), "find configure answers");
  if (!found.ok()) return found.status();
  std::vector<ConfigureAnswer> answers;
  std::unordered_map<Digest, JobConfigPtr> configs;
  Status status = Ok();
  found->ForEach([&](pg::Row& row) {
    ConfigureAnswer& answer = answers.emplace_back();
    answer.job_digest = job_digest;
    answer.ref = row.Text();
    JobConfigPtr& config = configs[row.Digest()];
    if (!config) {
      auto read = JobConfigFromJson(row.View());
      if (!read.ok()) return void(status = read.status());
      config = std::make_shared<const JobConfig>(*std::move(read));
    }
    answer.config = config;
  });
  if (!status.ok()) return status;
  return answers;
}

}  // namespace fft
