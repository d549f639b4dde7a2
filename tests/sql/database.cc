#include "tests/sql/database.h"

#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/base/check.h"
#include "tests/support/eventually.h"

namespace fft::sql {

namespace {

std::unique_ptr<TemporaryPostgres> server;

class StopServer final : public testing::Environment {
 public:
  void TearDown() override { server.reset(); }
};
const testing::Environment* const kStopServer = testing::AddGlobalTestEnvironment(new StopServer);

}  // namespace

TemporaryPostgres& Server() {
  if (!server) server = std::make_unique<TemporaryPostgres>();
  return *server;
}

Database::Database() : conninfo_(Server().conninfo(Server().NewDatabase())) {
  connection_.reset(PQconnectdb(conninfo_.c_str()));
  FFT_CHECK(PQstatus(connection_.get()) == CONNECTION_OK);
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
}

std::string Database::Ask(const std::string& sql) const {
  const Handle<PGresult, PQclear> result(PQexec(connection_.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  EXPECT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
      << sql << ": " << PQerrorMessage(connection_.get());
  std::string rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    if (row > 0) rows += '\n';
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      if (column > 0) rows += '|';
      const bool is_null = PQgetisnull(result.get(), row, column) == 1;
      rows += is_null ? "~" : PQgetvalue(result.get(), row, column);
    }
  }
  return rows;
}

bool Database::Waits(int pid, const std::string& what) const {
  const std::string asked = fmt::format(
      "SELECT count(*) FROM pg_stat_activity WHERE pid = {} AND '{}' IN (wait_event_type, "
      "wait_event)",
      pid, what);
  return Eventually([&] { return Ask(asked) == "1"; });
}

void Database::Kill(int pid) const {
  EXPECT_EQ(Ask(fmt::format("SELECT pg_terminate_backend({}, 30000)", pid)), "t");
}

}  // namespace fft::sql
