#include "server/store/pg_store.h"

#include <array>
#include <cstring>

#include "server/store/pg_error.h"

namespace fft {

namespace {

using RawResult = Handle<PGresult, PQclear>;

// What commits is chosen by primary key, row by row.  A plan made while a table was empty would
// scan it for ever after, so that scans and hashes are out of the question; plans are made once. A
// client that freezes amid a transaction must not hold the leader's row against its successor.
constexpr char kSession[] =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off; "
    "SET max_parallel_workers_per_gather = 0; SET idle_in_transaction_session_timeout = '15s'; "
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; "
    // What is long is an event or an attachment: pglz took a seventh of a large commit, lz4 takes a
    // fifth of that.
    "SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";

constexpr char kHoldLead[] =
    "SELECT hold_lead($1::bigint, $2::bigint, $3::bigint, $4::bigint, "
    "$5::bigint, $6::bigint)";

/// From so many on COPY is worth its round trips.
constexpr std::size_t kCopyRowsMin = 256;

/// Of the server's own severity words, those after which it closes the connection.
bool IsFatal(const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity != nullptr &&
         (std::strcmp(severity, "FATAL") == 0 || std::strcmp(severity, "PANIC") == 0);
}

Status LostBeforeCommit(const PGconn* connection) {
  return Error(Code::kUnavailable, "the connection broke before the commit: {}",
               pg::FirstLine(PQerrorMessage(connection)));
}

Status InDoubt(const PGconn* connection) {
  return Error(Code::kUnknown, "the connection broke during commit: {}",
               pg::FirstLine(PQerrorMessage(connection)));
}

}  // namespace

Status PgStore::Connect() {
  if (connection_.IsAlive()) return Ok();
  connection_.Close();
  auto opened = pg::Connection::Open(conninfo_, "fftd");
  if (!opened.ok()) return opened.status();
  connection_ = *std::move(opened);
  Status status = connection_.Run(kSession, "set up the session");
  if (status.ok()) status = Prepare();
  if (status.ok() && epoch_) status = TakeLock(epoch_);
  if (!status.ok()) connection_.Close();
  return status;
}

Status PgStore::Prepare() {
  const auto prepare = [&](const char* name, const char* sql) {
    const RawResult result(PQprepare(connection_.raw(), name, sql, 0, nullptr));
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return Ok();
    return pg::FromResult(result.get(), connection_.raw(), std::string("prepare ") + name);
  };
  if (const Status status = prepare("hold_lead", kHoldLead); !status.ok()) return status;
  row_types_.clear();
  for (const pg::Statement& statement : pg::ChangeStatements()) {
    if (const Status status = prepare(statement.name, statement.sql); !status.ok()) return status;
    const auto type = connection_.Query(
        "SELECT $1::regtype::oid::bigint",
        pg::Params().Text(std::string("\"") + statement.row_type + "\""), "look up a row type");
    if (!type.ok()) return type.status();
    row_types_.push_back(static_cast<std::uint32_t>(type->First().Int64()));
  }
  return Ok();
}

Status PgStore::Commit(Epoch epoch, const ChangeSet& changes) {
  if (const Status status = Connect(); !status.ok()) return status;
  PGconn* connection = connection_.raw();
  if (PQenterPipelineMode(connection) != 1)
    return Error(Code::kInternal, "enter pipeline mode: {}", PQerrorMessage(connection));
  Sent sent;
  if (!Send(pg::LeadOf(epoch, changes), changes, &sent)) {
    const Status status = pg::FromResult(nullptr, connection, "send a commit");
    connection_.Close();
    return status;
  }
  Status outcome = Receive(sent);
  bool is_alive = PQstatus(connection) == CONNECTION_OK && PQexitPipelineMode(connection) == 1;
  if (!sent.copies.empty() && outcome.ok())
    outcome = is_alive ? CopyAndCommit(sent) : LostBeforeCommit(connection);
  is_alive = is_alive && PQstatus(connection) == CONNECTION_OK &&
             (outcome.ok() || connection_.Run("ROLLBACK", "roll back").ok());
  if (!is_alive) connection_.Close();
  if (outcome.ok())
    for (const Node& node : changes.nodes) known_configs_.Add(node.config_digest);
  return outcome;
}

bool PgStore::SendPrepared(const char* statement, const pg::Params& params) {
  const auto pointers = params.pointers();
  const auto lengths = params.lengths();
  const auto formats = params.formats();
  return PQsendQueryPrepared(connection_.raw(), statement, params.count(), pointers.data(),
                             lengths.data(), formats.data(), 1) == 1;
}

bool PgStore::Send(const pg::Params& lead, const ChangeSet& changes, Sent* sent) {
  PGconn* connection = connection_.raw();
  const auto send = [&](const char* sql) {
    return PQsendQueryParams(connection, sql, 0, nullptr, nullptr, nullptr, nullptr, 1) == 1;
  };
  if (!send("BEGIN") || !SendPrepared("hold_lead", lead)) return false;
  sent->statements = 2;
  const auto write = [&](pg::ChangeStatement which, pg::Records records) {
    const pg::Statement& statement = pg::ChangeStatements()[which];
    if (statement.only_appends && records.size() >= kCopyRowsMin) {
      sent->copies.emplace_back(statement.row_type, records.FinishForCopy());
      return true;
    }
    ++sent->statements;
    pg::Params rows;
    rows.Raw(0, records.Finish(row_types_[which]));
    return SendPrepared(statement.name, rows);
  };
  if (!pg::ForEachWrite(changes, known_configs_, write)) return false;
  if (!sent->copies.empty()) return PQpipelineSync(connection) == 1;
  // From here on COMMIT may arrive, whatever the calls say.
  if (send("COMMIT")) PQpipelineSync(connection);
  return true;
}

Status PgStore::Receive(const Sent& sent) {
  PGconn* connection = connection_.raw();
  Status outcome = InDoubt(connection);
  bool is_known = false;
  // BEGIN, hold_lead and the rows; then COMMIT, unless COPY comes first; then the synchronisation
  // point.
  const std::size_t last = sent.copies.empty() ? sent.statements : sent.statements - 1;
  for (std::size_t i = 0; i <= last + 1;) {
    const RawResult result(PQgetResult(connection));
    if (!result) {  // the end of one statement's results
      if (PQstatus(connection) != CONNECTION_OK) break;
      ++i;
      continue;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      if (is_known || i != last) continue;
      outcome = Ok();
      is_known = true;
    }
    if (status != PGRES_FATAL_ERROR || is_known) continue;
    const bool is_over = pg::IsServersWord(result.get()) && !(i >= last && IsFatal(result.get()));
    if (!is_over) {
      outcome = InDoubt(connection);
      continue;
    }
    outcome = pg::FromResult(result.get(), connection, "commit");
    is_known = true;
  }
  return outcome;
}

// Before COMMIT is sent nothing is in doubt: what fails there has changed nothing.
Status PgStore::CopyAndCommit(const Sent& sent) {
  for (const auto& [table, rows] : sent.copies)
    if (Status copied = connection_.CopyIn(table, rows, "commit"); !copied.ok()) return copied;
  PGconn* connection = connection_.raw();
  const RawResult result(PQexec(connection, "COMMIT"));
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return Ok();
  if (!pg::IsServersWord(result.get()) || IsFatal(result.get())) return InDoubt(connection);
  return pg::FromResult(result.get(), connection, "commit");
}

}  // namespace fft
