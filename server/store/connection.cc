#include "server/store/connection.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include <poll.h>

#include <fmt/core.h>

#include "server/base/check.h"
#include "server/store/binary.h"
#include "server/store/pg_error.h"

namespace fft::pg {

namespace {

using RawResult = Handle<PGresult, PQclear>;

/// "PGCOPY\n\377\r\n\0", flags, length of an extension that nobody uses yet.
constexpr std::size_t kCopyHeaderBytes = 11 + 4 + 4;
constexpr std::size_t kCopyPieceBytes = 64 << 10;

/// Points `row` at one line of a binary COPY; false at the trailer.
bool ReadCopied(const char* at, Row& row) {
  auto& fields = row.Reset();
  const std::int16_t count = ReadInt16(at);
  if (count < 0) return false;
  at += 2;
  for (std::int16_t i = 0; i < count; ++i) {
    const std::int32_t length = ReadInt32(at);
    at += 4;
    fields.push_back(length < 0 ? Row::Field{} : Row::Field{at, length});
    if (length > 0) at += length;
  }
  return true;
}

}  // namespace

std::int64_t Result::affected() const {
  return std::strtoll(PQcmdTuples(result_.get()), nullptr, 10);
}

void Result::Read(int i, Row& row) const {
  auto& fields = row.Reset();
  const int count = PQnfields(result_.get());
  for (int field = 0; field < count; ++field) {
    if (PQgetisnull(result_.get(), i, field))
      fields.push_back({});
    else
      fields.push_back({PQgetvalue(result_.get(), i, field), PQgetlength(result_.get(), i, field)});
  }
}

Row Result::First() const {
  FFT_CHECK(!empty());
  Row row;
  Read(0, row);
  return row;
}

StatusOr<Connection> Connection::Open(const std::string& conninfo, const std::string& program) {
  // What comes before `dbname` are defaults that it may override.
  const std::array<const char*, 4> keywords = {"connect_timeout", "dbname", "application_name",
                                               nullptr};
  const std::array<const char*, 4> values = {"5", conninfo.c_str(), program.c_str(), nullptr};
  Connection opened;
  opened.connection_.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
  if (opened.raw() == nullptr || PQstatus(opened.raw()) != CONNECTION_OK)
    return Error(Code::kUnavailable, "connect to PostgreSQL: {}",
                 FirstLine(PQerrorMessage(opened.raw())));
  PQsetNoticeProcessor(
      opened.raw(), [](void*, const char*) {}, nullptr);
  const Status status = opened.Run(
      "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET jit = off",
      "set up the session");
  if (!status.ok()) return status;
  return opened;
}

bool Connection::IsAlive() const {
  if (raw() == nullptr || PQstatus(raw()) != CONNECTION_OK) return false;
  // A server that ends a session says why before it closes the socket: read on to the end of it.
  pollfd socket{.fd = PQsocket(raw()), .events = POLLIN, .revents = 0};
  while (poll(&socket, 1, 0) != 0)
    if (PQconsumeInput(raw()) != 1 || PQstatus(raw()) != CONNECTION_OK) return false;
  return true;
}

Status Connection::Run(const std::string& statements, const std::string& doing) {
  const RawResult result(PQexec(raw(), statements.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return Ok();
  return FromResult(result.get(), raw(), doing);
}

StatusOr<Result> Connection::Query(const std::string& statement, const Params& params,
                                   const std::string& doing) {
  const auto pointers = params.pointers();
  const auto lengths = params.lengths();
  const auto formats = params.formats();
  RawResult result(PQexecParams(raw(), statement.c_str(), params.count(), params.types(),
                                pointers.data(), lengths.data(), formats.data(), 1));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return Result(result.release());
  return FromResult(result.get(), raw(), doing);
}

Status Connection::CopyOut(const std::string& query, const std::function<void(Row&)>& each,
                           const std::string& doing) {
  const RawResult begun(PQexec(raw(), ("COPY (" + query + ") TO STDOUT (FORMAT binary)").c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) return FromResult(begun.get(), raw(), doing);
  Row row;
  std::size_t skipped = kCopyHeaderBytes;  // the header comes in front of the first row
  char* line = nullptr;
  int length = 0;
  while ((length = PQgetCopyData(raw(), &line, 0)) > 0) {
    const Handle<char, PQfreemem> owned(line);
    if (static_cast<std::size_t>(length) == skipped) {
      skipped = 0;
      continue;
    }
    if (ReadCopied(line + skipped, row)) each(row);
    skipped = 0;
  }
  RawResult ended(PQgetResult(raw()));
  const bool is_complete = length == -1 && PQresultStatus(ended.get()) == PGRES_COMMAND_OK;
  const Status status = is_complete ? Ok() : FromResult(ended.get(), raw(), doing);
  while (ended) ended.reset(PQgetResult(raw()));
  return status;
}

Status Connection::CopyIn(const std::string& table, std::string_view rows,
                          const std::string& doing) {
  const std::string statement = fmt::format("COPY \"{}\" FROM STDIN (FORMAT binary)", table);
  const RawResult begun(PQexec(raw(), statement.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return FromResult(begun.get(), raw(), doing);
  // In pieces: the server is at work on one while the next is sent.
  for (; !rows.empty(); rows.remove_prefix(std::min(rows.size(), kCopyPieceBytes)))
    if (PQputCopyData(raw(), rows.data(),
                      static_cast<int>(std::min(rows.size(), kCopyPieceBytes))) != 1)
      return FromResult(nullptr, raw(), doing);
  if (PQputCopyEnd(raw(), nullptr) != 1) return FromResult(nullptr, raw(), doing);
  Status status = Ok();
  for (RawResult ended(PQgetResult(raw())); ended; ended.reset(PQgetResult(raw())))
    if (PQresultStatus(ended.get()) != PGRES_COMMAND_OK && status.ok())
      status = FromResult(ended.get(), raw(), doing);
  return status;
}

}  // namespace fft::pg
