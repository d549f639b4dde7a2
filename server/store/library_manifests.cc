#include "server/store/pg_library.h"
#include "server/store/rows.h"

namespace fft {

namespace {
constexpr std::int64_t kPage = 20'000;
}  // namespace

StatusOr<RunId> PgLibrary::FirstRunAt(const std::vector<PartitionId>& partitions) {
  std::vector<std::int64_t> ids;
  for (const PartitionId id : partitions) ids.push_back(id.value);
  // One that was never built is a source, which the very first run may have read.
  const auto found = Query(
      "SELECT coalesce(min(coalesce((SELECT min(m.run_id) FROM materialisation m "
      "WHERE m.partition_id = t.id), 0)), 0) FROM unnest($1) t(id)",
      pg::Params().Int64s(ids), "find the first run at partitions");
  if (!found.ok()) return found.status();
  pg::Row row = found->First();
  return row.As<RunId>();
}

StatusOr<std::vector<Manifest>> PgLibrary::ListManifests(RunId from) {
  const auto found = Query(
      "SELECT r.id, n.config_digest, n.outputs, n.inputs, r.input_runs FROM run r "
      "JOIN node n ON n.id = r.node_id WHERE r.id >= $1 AND r.outcome = $3 AND n.kind = 0 "
      "ORDER BY r.id LIMIT $2",
      pg::Params()
          .Int64(from.value)
          .Int64(kPage)
          .Int16(static_cast<std::int16_t>(Outcome::kSucceeded)),
      "list manifests");
  if (!found.ok()) return found.status();
  std::vector<Manifest> manifests;
  found->ForEach([&](pg::Row& row) {
    Manifest& manifest = manifests.emplace_back();
    manifest.run = row.As<RunId>();
    manifest.config_digest = row.Digest();
    manifest.outputs = row.Ids<PartitionId>();
    manifest.inputs = row.Ids<PartitionId>();
    manifest.input_runs = row.Ids<RunId>();
  });
  return manifests;
}

}  // namespace fft
