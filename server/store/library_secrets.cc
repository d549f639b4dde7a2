#include "server/store/pg_library.h"

namespace fft {

StatusOr<std::int64_t> PgLibrary::SaveSecret(const SealedSecret& secret,
                                             const std::string& principal, TimePoint at) {
  pg::Params params;
  params.Text(secret.name).Bytes(secret.sealed).Text(principal).Time(at);
  const auto saved = Query(
      "INSERT INTO secret AS s (name, sealed, set_by, set_at) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (name) DO UPDATE SET sealed = EXCLUDED.sealed, version = s.version + 1, "
      "set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at RETURNING version",
      params, "save a secret");
  if (!saved.ok()) return saved.status();
  return saved->First().Int64();
}

StatusOr<std::vector<SealedSecret>> PgLibrary::ListSecrets() {
  const auto found =
      Query("SELECT name, sealed, version FROM secret ORDER BY name", {}, "read secrets");
  if (!found.ok()) return found.status();
  std::vector<SealedSecret> secrets;
  found->ForEach([&](pg::Row& row) {
    SealedSecret& secret = secrets.emplace_back();
    secret.name = row.Text();
    secret.sealed = row.View();
    secret.version = row.Int64();
  });
  return secrets;
}

StatusOr<std::string> PgLibrary::ServiceId() {
  const auto found = Query("SELECT id::text FROM service", {}, "read the service's name");
  if (!found.ok()) return found.status();
  if (found->empty()) return Error(Code::kDataLoss, "table service is empty");
  return found->First().Text();
}

}  // namespace fft
