#include "tests/store/database.h"

#include <memory>

#include <gtest/gtest.h>

#include "server/base/check.h"
#include "server/store/migrate.h"

namespace fft {

namespace {

std::unique_ptr<TemporaryPostgres> server;
std::string migrated;  // the database that others are copies of

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

std::string FreshDatabase() {
  if (migrated.empty()) {
    migrated = Server().NewDatabase();
    FFT_CHECK(Migrate(Server().conninfo(migrated)).ok());
  }
  return Server().conninfo(Server().NewDatabase(migrated));
}

std::string NameOf(const std::string& conninfo) {
  return conninfo.substr(conninfo.rfind("dbname=") + 7);
}

}  // namespace fft
