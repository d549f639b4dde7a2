#include "client/sql/ledger.h"

namespace fft::sql {

namespace {

constexpr char kRuns[] = "_ff_run";
constexpr char kMeta[] = "_ff_meta";

}  // namespace

std::string Ledger::meta() const { return Quoted(schema_, kMeta); }

Status Ledger::Prepare(Session& session) const {
  const auto found = session.Run(
      {{.text = "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($2) IS NOT NULL, "
                "to_regclass($3) IS NOT NULL",
        .parameters = {Quoted(schema_), Quoted(schema_, kRuns), Quoted(schema_, kMeta)}}});
  if (!found.ok()) return found.status();
  const auto has = [&](int column) { return found->front().at(0, column) == "t"; };
  if (has(0) && has(1) && has(2)) return Ok();
  // Two that make them at once would collide in the catalog.  The lock is the session's, since only
  // a new transaction sees for certain what others made while it waited: PostgreSQL remembers what
  // it did not find.
  const std::vector<std::string> lock = {"fft " + schema_};
  const auto locked =
      session.Run({{.text = "SELECT pg_advisory_lock(hashtext($1))", .parameters = lock}});
  if (!locked.ok()) return locked.status();
  const auto made = session.Run(
      {{.text = "BEGIN"},
       // Who may not make schemas may have one.
       {.text = has(0) ? "SELECT 1" : "CREATE SCHEMA IF NOT EXISTS " + Quoted(schema_)},
       {.text = fmt::format("CREATE TABLE IF NOT EXISTS {} (relation text PRIMARY KEY, "
                            "service text NOT NULL, epoch bigint NOT NULL, run bigint NOT NULL, "
                            "node bigint NOT NULL, ended_at timestamptz)",
                            Quoted(schema_, kRuns))},
       {.text = fmt::format("CREATE TABLE IF NOT EXISTS {} (node_name text PRIMARY KEY, "
                            "relation text NOT NULL, fingerprint text NOT NULL, "
                            "engine text NOT NULL, built_at timestamptz NOT NULL)",
                            Quoted(schema_, kMeta))},
       {.text = "COMMIT"}});
  if (!made.ok()) session.Rollback();
  const auto unlocked =
      session.Run({{.text = "SELECT pg_advisory_unlock(hashtext($1))", .parameters = lock}});
  if (!unlocked.ok()) session.Discard();  // the next one must not wait for us
  return made.ok() ? unlocked.status() : made.status();
}

Statement Ledger::Take() const {
  return {.text = fmt::format("INSERT INTO {} AS r (relation, service, epoch, run, node) "
                              "VALUES ($1, '', 0, 0, 0) ON CONFLICT (relation) DO UPDATE "
                              "SET relation = EXCLUDED.relation "
                              "RETURNING service, epoch, run, node",
                              Quoted(schema_, kRuns)),
          .parameters = {relation_},
          .is_kept = true};
}

Ledger::Standing Ledger::Judge(const Answer& taken, const Writer& writer) {
  if (taken.at(0, 0) != writer.service) return Standing::kMayWrite;
  if (taken.number(0, 3) == writer.node) return Standing::kHasWritten;
  const std::pair last(taken.number(0, 1), taken.number(0, 2));
  return last > std::pair(writer.epoch, writer.run) ? Standing::kIsLate : Standing::kMayWrite;
}

std::vector<Statement> Ledger::Record(const Writer& writer, const std::string& node_name,
                                      const std::string& fingerprint) const {
  std::vector<Statement> statements = {
      {.text = fmt::format("UPDATE {} SET service = $2, epoch = $3, run = $4, node = $5, "
                           "ended_at = now() WHERE relation = $1",
                           Quoted(schema_, kRuns)),
       .parameters = {relation_, writer.service, std::to_string(writer.epoch),
                      std::to_string(writer.run), std::to_string(writer.node)},
       .is_kept = true}};
  if (node_name.empty()) return statements;
  // A table of before may lack the key that an upsert needs.
  statements.push_back(
      {.text = fmt::format("DELETE FROM {} WHERE node_name = $1", Quoted(schema_, kMeta)),
       .parameters = {node_name},
       .is_kept = true});
  statements.push_back(
      {.text = fmt::format("INSERT INTO {} (node_name, relation, fingerprint, engine, built_at) "
                           "VALUES ($1, $2, $3, 'postgres', now())",
                           Quoted(schema_, kMeta)),
       .parameters = {node_name, relation_, fingerprint},
       .is_kept = true});
  return statements;
}

}  // namespace fft::sql
