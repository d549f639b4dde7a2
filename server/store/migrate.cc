#include "server/store/migrate.h"

#include <pqxx/pqxx>

#include "server/base/digest.h"
#include "server/base/log.h"
#include "server/store/pg_error.h"

namespace fft {

namespace {

// Any number that is nobody else's: "FFTm".
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(1179014253)";
constexpr char kVersions[] =
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    "version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL, "
    "digest text NOT NULL DEFAULT '')";
constexpr char kDigests[] =
    "ALTER TABLE schema_migration ADD COLUMN IF NOT EXISTS digest text NOT NULL DEFAULT ''";

int VersionOf(pqxx::transaction_base& txn) {
  return txn.exec1("SELECT coalesce(max(version), 0) FROM schema_migration")[0].as<int>();
}

Status CheckNotNewer(int found) {
  const int known = Migrations().back().version;
  if (found <= known) return Ok();
  return Error(Code::kFailedPrecondition,
               "the database has schema version {}, this program knows up to {}: "
               "use the program that migrated it, or a newer one",
               found, known);
}

// A file that was applied never changes: what comes later is another file.
Status CheckUnchanged(pqxx::transaction_base& txn) {
  for (const auto& row : txn.exec("SELECT version, digest FROM schema_migration"))
    for (const Migration& migration : Migrations())
      if (migration.version == row[0].as<int>() &&
          row[1].as<std::string>() != ToHex(Sha256(migration.sql)))
        return Error(Code::kFailedPrecondition,
                     "the database had {} in another form: it was made by another build of this "
                     "program, and has to be used with that or made anew",
                     migration.name);
  return Ok();
}

Status CheckEncoding(pqxx::transaction_base& txn) {
  const auto encoding = txn.exec1("SHOW server_encoding")[0].as<std::string>();
  if (encoding == "UTF8") return Ok();
  return Error(Code::kFailedPrecondition, "the database's encoding is {}, it must be UTF8",
               encoding);
}

}  // namespace

StatusOr<int> Migrate(const std::string& conninfo) try {
  pqxx::connection connection(conninfo);
  pqxx::work txn(connection, "migrate");
  txn.exec0("SET LOCAL client_min_messages = warning");
  txn.exec(kLock);
  if (const Status status = CheckEncoding(txn); !status.ok()) return status;
  txn.exec0(kVersions);
  txn.exec0(kDigests);
  const int found = VersionOf(txn);
  if (const Status status = CheckNotNewer(found); !status.ok()) return status;
  if (const Status status = CheckUnchanged(txn); !status.ok()) return status;
  for (const Migration& migration : Migrations()) {
    if (migration.version <= found) continue;
    txn.exec(migration.sql, migration.name);
    txn.exec_params0("INSERT INTO schema_migration VALUES ($1, $2, now(), $3)", migration.version,
                     migration.name, ToHex(Sha256(migration.sql)));
    LogInfo("applied migration {}", migration.name);
  }
  txn.commit();
  return Migrations().back().version;
} catch (const std::exception& error) {
  return pg::FromException(error, "migrate the database");
}

Status CheckSchema(const std::string& conninfo) try {
  pqxx::connection connection(conninfo);
  pqxx::read_transaction txn(connection, "check the schema");
  const bool has_versions =
      txn.exec1("SELECT to_regclass('schema_migration') IS NOT NULL")[0].as<bool>();
  const int found = has_versions ? VersionOf(txn) : 0;
  if (const Status status = CheckNotNewer(found); !status.ok()) return status;
  if (found == Migrations().back().version) return CheckUnchanged(txn);
  return Error(Code::kFailedPrecondition,
               "the database has schema version {}, this program needs {}: run `fftd migrate`",
               found, Migrations().back().version);
} catch (const std::exception& error) {
  return pg::FromException(error, "check the schema");
}

}  // namespace fft
