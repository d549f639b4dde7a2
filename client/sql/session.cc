#include "client/sql/session.h"

#include <algorithm>
#include <charconv>
#include <random>

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

constexpr std::size_t kKeptMax = 64;  // statements of a session

// Class 08 connection, 40 rolled back, 53 resources, 58 the system; 25006 a standby, 55P03 a lock,
// 57P0x shutting down or starting; and whatever ends the session.
bool Passes(std::string_view state, std::string_view severity) {
  for (const std::string_view beginning : {"08", "40", "53", "58", "25006", "55P03", "57P0"})
    if (state.starts_with(beginning)) return true;
  return severity == "FATAL" || severity == "PANIC";
}

Code CodeOf(std::string_view state, std::string_view severity) {
  if (state == "57014") return Code::kCancelled;
  return Passes(state, severity) ? Code::kUnavailable : Code::kInvalidArgument;
}

/// Whether a connection that was refused is a person's matter: a password, a name.  libpq tells no
/// code of such an error.
bool IsRefused(const std::string& why) {
  if (why.find("no password supplied") != std::string::npos) return true;
  for (const char* passes : {"starting up", "shutting down", "too many", "remaining connection",
                             "recovery mode", "not yet accepting", "terminating connection"})
    if (why.find(passes) != std::string::npos) return false;
  return why.find("FATAL:") != std::string::npos;
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
  const std::string severity = Field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return WithState(Error(CodeOf(state, severity), "{} (SQLSTATE {})", message, state), state);
}

/// Of a statement that is kept: it is gone, another's has its name, or what it reads has changed
/// its columns.
bool IsNotKept(const std::string& state, bool is_new) {
  return state == (is_new ? "42P05" : "26000") || (!is_new && state == "0A000");
}

/// 0 where there is none.
std::int64_t NumberOf(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Status NoConnectionString() {
  return Error(Code::kFailedPrecondition, "what is known is no connection string of libpq");
}

bool IsGood(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

}  // namespace

std::int64_t Answer::number(int row, int column) const { return NumberOf(at(row, column)); }

std::int64_t Answer::touched() const { return NumberOf(PQcmdTuples(result_.get())); }

void Canceller::Cancel() const {
  char ignored[256];
  PQcancel(cancel_.get(), ignored, sizeof ignored);
}

StatusOr<Session> Session::Open(const std::string& conninfo, const std::string& program) {
  // libpq's own message repeats what it did not understand, which may be a part of the password.
  const Handle<PQconninfoOption, PQconninfoFree> parsed(PQconninfoParse(conninfo.c_str(), nullptr));
  if (parsed == nullptr) return NoConnectionString();
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
  session.last_kept_ = std::random_device()();
  session.connection_.reset(PQconnectdbParams(keywords, values, 1));
  PGconn* const raw = session.raw();
  if (raw == nullptr || PQstatus(raw) != CONNECTION_OK) {
    const std::string why = FirstLine(PQerrorMessage(raw));
    if (why.starts_with("invalid ")) return NoConnectionString();  // it repeats the value, too
    return Error(IsRefused(why) ? Code::kFailedPrecondition : Code::kUnavailable, "{}", why);
  }
  PQsetNoticeProcessor(
      raw, [](void*, const char*) {}, nullptr);
  return session;
}

bool Session::IsAlive() const {
  if (raw() == nullptr || PQstatus(raw()) != CONNECTION_OK) return false;
  if (PQtransactionStatus(raw()) != PQTRANS_IDLE)
    return false;  // a rollback that did not come through
  pollfd socket{.fd = PQsocket(raw()), .events = POLLIN, .revents = 0};
  while (::poll(&socket, 1, 0) != 0)
    if (PQconsumeInput(raw()) != 1 || PQstatus(raw()) != CONNECTION_OK) return false;
  return true;
}

StatusOr<std::vector<Answer>> Session::Run(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements)
    if (statement.text.find('\0') != std::string::npos)
      return Error(Code::kInvalidArgument, "{}: a zero byte in it",
                   statement.own_name.empty() ? "a statement" : statement.own_name);
  if (kept_.size() >= kKeptMax && PQtransactionStatus(raw()) == PQTRANS_IDLE) {
    const RawResult done(PQexec(raw(), "DEALLOCATE ALL"));  // most are of schemas of long ago
    kept_.clear();
  }
  if (PQenterPipelineMode(raw()) != 1)
    return Error(Code::kUnavailable, "{}", FirstLine(PQerrorMessage(raw())));
  std::vector<Sent> sent;
  for (const Statement& statement : statements) {
    sent.push_back(Keep(statement, sent));
    if (!Send(sent.back())) break;  // the results will tell
  }
  PQpipelineSync(raw());
  std::vector<Answer> answers;
  const Status failed = ReadAnswers(sent, &answers);
  if (PQstatus(raw()) == CONNECTION_OK) {
    const RawResult sync(PQgetResult(raw()));
    PQexitPipelineMode(raw());
  }
  if (!failed.ok()) return failed;
  return answers;
}

Session::Sent Session::Keep(const Statement& statement, const std::vector<Sent>& sent) {
  if (!statement.is_kept) return {&statement, "", false};
  const auto known = kept_.find(statement.text);
  if (known != kept_.end()) return {&statement, known->second, false};
  for (const Sent& earlier : sent)
    if (earlier.is_new && earlier.statement->text == statement.text)
      return {&statement, earlier.name, false};
  if (kept_.size() >= kKeptMax) return {&statement, "", false};
  return {&statement, fmt::format("fft_{}", ++last_kept_), true};
}

bool Session::Send(const Sent& sent) const {
  const char* const text = sent.statement->text.c_str();
  std::vector<const char*> values;
  for (const std::string& parameter : sent.statement->parameters)
    values.push_back(parameter.c_str());
  const int count = static_cast<int>(values.size());
  if (sent.name.empty())
    return PQsendQueryParams(raw(), text, count, nullptr, values.data(), nullptr, nullptr, 0) == 1;
  const char* const name = sent.name.c_str();
  if (sent.is_new && PQsendPrepare(raw(), name, text, 0, nullptr) != 1) return false;
  return PQsendQueryPrepared(raw(), name, count, values.data(), nullptr, nullptr, 0) == 1;
}

Status Session::ReadAnswers(const std::vector<Sent>& sent, std::vector<Answer>* answers) {
  Status failed;
  bool is_answered = true;  // by the server, before it came to the COMMIT
  bool is_over = false;     // the server has ended the session, perhaps amid the COMMIT
  bool is_before_commit = true;
  for (const Sent& each : sent) {
    const Statement& statement = *each.statement;
    const bool is_commit = statement.text == "COMMIT";
    is_before_commit = is_before_commit && !is_commit;
    RawResult result(PQgetResult(raw()));
    if (each.is_new && result != nullptr && IsGood(result.get())) {  // what was asked comes next
      kept_.emplace(statement.text, each.name);
      while (const RawResult rest{PQgetResult(raw())}) {
      }
      result.reset(PQgetResult(raw()));
    } else if (each.is_new && PQstatus(raw()) == CONNECTION_OK) {  // and is skipped
      while (const RawResult rest{PQgetResult(raw())}) {
      }
      const RawResult skipped(PQgetResult(raw()));
    }
    const bool is_skipped =
        result != nullptr && PQresultStatus(result.get()) == PGRES_PIPELINE_ABORTED;
    const bool is_good = result != nullptr && IsGood(result.get());
    if (failed.ok() && !is_good && !is_skipped) {
      failed = ErrorOf(result.get(), raw(), statement);
      if (!each.name.empty() && IsNotKept(SqlStateOf(failed), each.is_new)) {
        kept_.clear();
        failed = WithState(Error(Code::kUnavailable, "{}", Message(failed)), SqlStateOf(failed));
      }
      is_answered =
          result != nullptr && !Field(result.get(), PG_DIAG_SQLSTATE).empty() && is_before_commit;
      is_over = result != nullptr && Field(result.get(), PG_DIAG_SEVERITY_NONLOCALIZED) == "FATAL";
    }
    if (failed.ok() && is_commit && std::string_view(PQcmdStatus(result.get())) != "COMMIT")
      failed = Error(Code::kInvalidArgument, "the transaction had been given up before its end");
    if (PQstatus(raw()) != CONNECTION_OK) break;
    if (is_good) answers->emplace_back(result.release());
    while (const RawResult rest{PQgetResult(raw())}) {
    }
  }
  if (failed.ok() && answers->size() < sent.size())
    failed = Error(Code::kUnavailable, "{}", FirstLine(PQerrorMessage(raw())));
  const bool has_commit = std::any_of(
      sent.begin(), sent.end(), [](const Sent& each) { return each.statement->text == "COMMIT"; });
  const bool is_known = is_answered || (!is_over && PQstatus(raw()) == CONNECTION_OK);
  if (failed.ok() || !has_commit || is_known) return failed;
  return WithState(Error(Code::kUnknown, "{}", Message(failed)), SqlStateOf(failed));
}

void Session::Rollback() {
  if (PQstatus(raw()) == CONNECTION_OK) RawResult(PQexec(raw(), "ROLLBACK"));
}

void Session::Discard() {
  const RawResult done(PQexec(raw(), "DISCARD ALL"));
  kept_.clear();
  if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) connection_.reset();
}

StatusOr<std::int64_t> Session::CopyIn(const std::string& statement, const std::string& name,
                                       const std::function<StatusOr<std::string>()>& next) {
  const Statement copy{.text = statement, .own_at = statement.size(), .own_name = name};
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
  RawResult done(PQgetResult(raw()));
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
  return Answer(done.release()).touched();
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
