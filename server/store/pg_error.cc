#include "server/store/pg_error.h"

#include <string_view>

#include <pqxx/pqxx>

namespace fft::pg {

namespace {

// https://www.postgresql.org/docs/15/errcodes-appendix.html; FF is ours, see migrations/.
Code CodeOfSqlState(std::string_view state) {
  if (state == "FF001") return Code::kAborted;
  if (state == "FF003") return Code::kOutOfRange;
  if (state == "FF004") return Code::kNotFound;
  if (state == "25006") return Code::kUnavailable;  // a standby: not promoted yet
  const std::string_view family = state.substr(0, 2);
  if (family == "08" || family == "40" || family == "53" || family == "55" || family == "57" ||
      family == "58" || family == "28")
    return Code::kUnavailable;
  return Code::kInternal;
}

Code CodeOf(const std::exception& error) {
  // in_doubt_error and transaction_rollback are not sql_errors: each case stands on its own.
  if (dynamic_cast<const pqxx::in_doubt_error*>(&error)) return Code::kUnknown;
  if (dynamic_cast<const pqxx::statement_completion_unknown*>(&error)) return Code::kUnknown;
  if (dynamic_cast<const pqxx::transaction_rollback*>(&error)) return Code::kUnavailable;
  if (dynamic_cast<const pqxx::broken_connection*>(&error)) return Code::kUnavailable;
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error);
  return sql != nullptr ? CodeOfSqlState(sql->sqlstate()) : Code::kInternal;
}

}  // namespace

std::string FirstLine(const char* text) {
  const std::string_view view = text == nullptr ? std::string_view() : text;
  return std::string(view.substr(0, view.find('\n')));
}

bool IsServersWord(const PGresult* result) {
  return result != nullptr && PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr;
}

Status FromException(const std::exception& error, const std::string& doing) {
  return Error(CodeOf(error), "{}: {}", doing, FirstLine(error.what()));
}

Status FromResult(const PGresult* result, const PGconn* connection, const std::string& doing) {
  if (!IsServersWord(result))
    return Error(Code::kUnavailable, "{}: {}", doing, FirstLine(PQerrorMessage(connection)));
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return Error(CodeOfSqlState(state), "{}: {} ({})", doing,
               FirstLine(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)), state);
}

}  // namespace fft::pg
