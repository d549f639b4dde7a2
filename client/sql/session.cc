#include "client/sql/session.h"

#include <algorithm>
#include <charconv>

#include <poll.h>

#include "server/base/error_details.h"

namespace fft::sql {

namespace {

using RawResult = Handle<PGresult, PQclear>;

std::string FirstLine(const char* text) {
  std::string line(text == nullptr ? "" : text);
  line.resize(std::min(line.find('\n'), line.size()));
  return line;
}

std::string Field(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

// Class 08 connection, 40 rolled back, 53 resources, 55P03 a lock, 57P0x shutting down or starting.
bool Passes(std::string_view state) {
  return state.starts_with("08") || state.starts_with("40") || state.starts_with("53") ||
         state == "55P03" || (state.starts_with("57P0") && state <= "57P03");
}

Code CodeOf(std::string_view state) {
  if (state == "57014") return Code::kCancelled;
  return Passes(state) ? Code::kUnavailable : Code::kInvalidArgument;
}

// `:LINE` of the user's text, where the error points into it.
std::string Place(const PGresult* result, const Statement& statement) {
  const std::string position = Field(result, PG_DIAG_STATEMENT_POSITION);  // characters, from 1
  std::size_t characters = 0;
  std::from_chars(position.data(), position.data() + position.size(), characters);
  if (characters == 0) return "";
  std::size_t at = 0;
  for (std::size_t seen = 0; at < statement.text.size(); ++at)
    if ((static_cast<unsigned char>(statement.text[at]) & 0xC0) != 0x80 && ++seen == characters)
      break;
  if (at < statement.own_at) return "";
  const auto begin = statement.text.begin() + static_cast<std::ptrdiff_t>(statement.own_at);
  const auto end = statement.text.begin() + static_cast<std::ptrdiff_t>(at);
  return fmt::format(":{}", 1 + std::count(begin, end, '\n'));
}

Status WithState(const Status& status, const std::string& state) {
  return WithDetails(status,
                     {.reason = "SQL_ERROR", .metadata = {{"sqlstate", state}}, .fields = {}});
}

Status ErrorOf(const PGresult* result, const PGconn* connection, const Statement& statement) {
  const std::string state = Field(result, PG_DIAG_SQLSTATE);
  if (state.empty())
    return WithState(Error(Code::kUnavailable, "the connection broke: {}",
                           FirstLine(PQerrorMessage(connection))),
                     "08006");
  const std::string text = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string detail = Field(result, PG_DIAG_MESSAGE_DETAIL);
  const std::string hint = Field(result, PG_DIAG_MESSAGE_HINT);
  std::string message = statement.own_name.empty() ? text
                                                   : fmt::format("{}{}: {}", statement.own_name,
                                                                 Place(result, statement), text);
  if (!detail.empty()) message += "; " + detail;
  if (!hint.empty()) message += "; hint: " + hint;
  return WithState(Error(CodeOf(state), "{} (SQLSTATE {})", message, state), state);
}

bool IsGood(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

bool Send(PGconn* connection, const Statement& statement) {
  std::vector<const char*> values;
  for (const std::string& parameter : statement.parameters) values.push_back(parameter.c_str());
  return PQsendQueryParams(connection, statement.text.c_str(), static_cast<int>(values.size()),
                           nullptr, values.data(), nullptr, nullptr, 0) == 1;
}

}  // namespace

std::int64_t Answer::number(int row, int column) const {
  const std::string_view text = at(row, column);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::int64_t Answer::touched() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void Canceller::Cancel() const {
  char ignored[256];
  PQcancel(cancel_.get(), ignored, sizeof ignored);
}

StatusOr<Session> Session::Open(const std::string& conninfo, const std::string& program) {
  // What comes before `dbname` are defaults that it may override.
  const char* const keywords[] = {"connect_timeout",
                                  "keepalives_idle",
                                  "tcp_user_timeout",
                                  "dbname",
                                  "application_name",
                                  "client_encoding",
                                  nullptr};
  const char* const values[] = {"10",   "30",   "60000", conninfo.c_str(), program.c_str(),
                                "UTF8", nullptr};
  Session session;
  session.connection_.reset(PQconnectdbParams(keywords, values, 1));
  PGconn* const raw = session.raw();
  if (raw == nullptr || PQstatus(raw) != CONNECTION_OK) {
    const std::string why = FirstLine(PQerrorMessage(raw));
    // What the server itself says is for a person; that nobody answers may pass.
    const bool is_refused =
        why.find("FATAL:") != std::string::npos && why.find("starting up") == std::string::npos &&
        why.find("shutting down") == std::string::npos && why.find("too many") == std::string::npos;
    return Error(is_refused ? Code::kFailedPrecondition : Code::kUnavailable, "{}", why);
  }
  PQsetNoticeProcessor(
      raw, [](void*, const char*) {}, nullptr);
  return session;
}

bool Session::IsAlive() const {
  if (raw() == nullptr || PQstatus(raw()) != CONNECTION_OK) return false;
  pollfd socket{.fd = PQsocket(raw()), .events = POLLIN, .revents = 0};
  while (::poll(&socket, 1, 0) != 0)
    if (PQconsumeInput(raw()) != 1 || PQstatus(raw()) != CONNECTION_OK) return false;
  return true;
}

StatusOr<std::vector<Answer>> Session::Run(const std::vector<Statement>& statements) {
  std::vector<Answer> answers;
  Status failed;
  bool is_committing = false;
  if (PQenterPipelineMode(raw()) != 1)
    return Error(Code::kUnavailable, "{}", FirstLine(PQerrorMessage(raw())));
  for (const Statement& statement : statements) {
    if (!Send(raw(), statement)) break;  // the results will tell
    is_committing = is_committing || statement.text == "COMMIT";
  }
  PQpipelineSync(raw());
  for (const Statement& statement : statements) {
    RawResult result(PQgetResult(raw()));
    if (result == nullptr || PQstatus(raw()) != CONNECTION_OK ||
        (!IsGood(result.get()) && PQresultStatus(result.get()) != PGRES_PIPELINE_ABORTED)) {
      if (failed.ok()) failed = ErrorOf(result.get(), raw(), statement);
      if (result == nullptr || PQstatus(raw()) != CONNECTION_OK) break;
    }
    if (IsGood(result.get())) answers.emplace_back(result.release());
    while (const RawResult rest{PQgetResult(raw())}) {
    }
  }
  if (PQstatus(raw()) == CONNECTION_OK) {
    const RawResult sync(PQgetResult(raw()));
    PQexitPipelineMode(raw());
  }
  if (failed.ok() && answers.size() == statements.size()) return answers;
  if (failed.ok()) failed = Error(Code::kUnavailable, "{}", FirstLine(PQerrorMessage(raw())));
  if (is_committing && PQstatus(raw()) != CONNECTION_OK)
    return WithState(Error(Code::kUnknown, "{}", Message(failed)), SqlStateOf(failed));
  return failed;
}

void Session::Rollback() {
  if (PQstatus(raw()) == CONNECTION_OK) RawResult(PQexec(raw(), "ROLLBACK"));
}

StatusOr<std::int64_t> Session::CopyIn(const std::string& statement,
                                       const std::function<StatusOr<std::string>()>& next) {
  const Statement copy{.text = statement};
  {
    const RawResult begun(PQexec(raw(), statement.c_str()));
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return ErrorOf(begun.get(), raw(), copy);
  }
  Status stopped;
  while (true) {
    const auto bytes = next();
    if (!bytes.ok()) stopped = bytes.status();
    if (!bytes.ok() || bytes->empty()) break;
    if (PQputCopyData(raw(), bytes->data(), static_cast<int>(bytes->size())) != 1) break;
  }
  PQputCopyEnd(raw(), stopped.ok() ? nullptr : "stopped");
  const RawResult done(PQgetResult(raw()));
  while (const RawResult rest{PQgetResult(raw())}) {
  }
  if (!stopped.ok()) return stopped;
  if (!IsGood(done.get())) {
    // Its context has line and column of the data.
    Status failed = ErrorOf(done.get(), raw(), copy);
    const std::string context = Field(done.get(), PG_DIAG_CONTEXT);
    if (context.empty()) return failed;
    return WithState(
        Status(failed.code(), fmt::format("{}; {}", Message(failed), FirstLine(context.c_str()))),
        SqlStateOf(failed));
  }
  const std::string_view text = PQcmdTuples(done.get());
  std::int64_t rows = 0;
  std::from_chars(text.data(), text.data() + text.size(), rows);
  return rows;
}

Status Session::CopyOut(const std::string& statement,
                        const std::function<Status(std::string_view)>& take) {
  const Statement copy{.text = statement};
  {
    const RawResult begun(PQexec(raw(), statement.c_str()));
    if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) return ErrorOf(begun.get(), raw(), copy);
  }
  Status taken;
  char* line = nullptr;
  int size = 0;
  while ((size = PQgetCopyData(raw(), &line, 0)) > 0) {
    const Handle<char, PQfreemem> freed(line);
    if (taken.ok()) taken = take({line, static_cast<std::size_t>(size)});
  }
  const RawResult done(PQgetResult(raw()));
  while (const RawResult rest{PQgetResult(raw())}) {
  }
  if (!taken.ok()) return taken;
  return IsGood(done.get()) ? Ok() : ErrorOf(done.get(), raw(), copy);
}

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string Quoted(std::string_view schema, std::string_view name) {
  return Quoted(schema) + "." + Quoted(name);
}

std::string SqlStateOf(const Status& status) {
  const ErrorDetails details = DetailsOf(status);
  const auto found = details.metadata.find("sqlstate");
  return found == details.metadata.end() ? "" : found->second;
}

}  // namespace fft::sql
