#include "client/sql/warehouse.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include <libpq-fe.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/sql/session.h"
#include "server/base/handle.h"
#include "tests/sql/database.h"
#include "tests/support/temporary_folder.h"

namespace fft::sql {
namespace {

using testing::HasSubstr;
using testing::Not;

using Values = std::map<std::string, std::string>;

/// What libpq makes of a connection string.
Values ValuesOf(const std::string& conninfo) {
  const Handle<PQconninfoOption, PQconninfoFree> options(
      PQconninfoParse(conninfo.c_str(), nullptr));
  EXPECT_NE(options, nullptr) << conninfo;
  Values values;
  for (const PQconninfoOption* o = options.get(); o != nullptr && o->keyword != nullptr; ++o)
    if (o->val != nullptr) values[o->keyword] = o->val;
  return values;
}

/// An environment without any of libpq's variables, beside those that a test sets.
class WarehouseTest : public testing::Test {
 protected:
  void SetUp() override {
    const Handle<PQconninfoOption, PQconninfoFree> options(PQconndefaults());
    for (const PQconninfoOption* o = options.get(); o != nullptr && o->keyword != nullptr; ++o)
      if (o->envvar != nullptr && getenv(o->envvar) != nullptr) Set(o->envvar, std::nullopt);
    Set("PGSERVICEFILE", std::nullopt);
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) Put(name, value);
  }
  void Set(const std::string& name, const std::optional<std::string>& value) {
    const char* const was = getenv(name.c_str());
    before_.try_emplace(name, was == nullptr ? std::nullopt : std::optional<std::string>(was));
    Put(name, value);
  }
  static Warehouse Read(const std::string& dsn) {
    auto warehouse = ReadWarehouse(dsn);
    EXPECT_TRUE(warehouse.ok()) << warehouse.status();
    return warehouse.ok() ? *std::move(warehouse) : Warehouse{};
  }
  static std::string UriOf(const std::string& dsn) { return Read(dsn).Uri(); }

 private:
  static void Put(const std::string& name, const std::optional<std::string>& value) {
    if (value)
      setenv(name.c_str(), value->c_str(), 1);
    else
      unsetenv(name.c_str());
  }

  std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(WarehouseTest, AUriIsTakenApart) {
  const Warehouse warehouse = Read("postgresql://ann:s3cret@db.example:6000/mart?sslmode=require");
  EXPECT_EQ(warehouse.host, "db.example");
  EXPECT_EQ(warehouse.port, "6000");
  EXPECT_EQ(warehouse.database, "mart");
  EXPECT_EQ(warehouse.Uri(), "postgresql://db.example:6000/mart");
  EXPECT_EQ(warehouse.NamespaceOf("main"), "db.example:6000:mart:main");
  Values values = ValuesOf(warehouse.conninfo);
  EXPECT_EQ(values["host"], "db.example");
  EXPECT_EQ(values["port"], "6000");
  EXPECT_EQ(values["dbname"], "mart");
  EXPECT_EQ(values["user"], "ann");
  EXPECT_EQ(values["password"], "s3cret");
  EXPECT_EQ(values["sslmode"], "require");
}

TEST_F(WarehouseTest, WhatIsNotSaidIsLibpqsDefault) {
  EXPECT_EQ(UriOf("user=ann"), "postgresql://localhost:5432/ann");
  EXPECT_EQ(UriOf("postgresql://ann@h"), "postgresql://h:5432/ann");
  EXPECT_EQ(UriOf("host=h port=7 dbname=d"), "postgresql://h:7/d");
  EXPECT_EQ(UriOf("host='' port='' dbname=d"), "postgresql://localhost:5432/d");
  EXPECT_EQ(UriOf("hostaddr=10.0.0.7 dbname=d"), "postgresql://10.0.0.7:5432/d");
  EXPECT_EQ(UriOf("host=h hostaddr=10.0.0.7 dbname=d"), "postgresql://h:5432/d");
  EXPECT_NE(Read("").database, "") << "the user of the system";
}

TEST_F(WarehouseTest, WhatIsNotPlainIsPercentEncoded) {
  EXPECT_EQ(UriOf("host=/var/run/postgresql dbname=d"),
            "postgresql://%2Fvar%2Frun%2Fpostgresql:5432/d");
  EXPECT_EQ(UriOf("postgresql://%2Ftmp%2Fa%20b:9/d"), "postgresql://%2Ftmp%2Fa%20b:9/d");
  EXPECT_EQ(UriOf("postgresql://[::1]/d"), "postgresql://%3A%3A1:5432/d");
  const Warehouse warehouse = Read("host=/s dbname='my/data base:ä'");
  EXPECT_EQ(warehouse.database, "my/data base:ä");
  EXPECT_EQ(warehouse.Uri(), "postgresql://%2Fs:5432/my%2Fdata%20base%3A%C3%A4");
  EXPECT_EQ(warehouse.NamespaceOf("a:b"), "%2Fs:5432:my%2Fdata%20base%3A%C3%A4:a%3Ab");
}

TEST_F(WarehouseTest, EveryValueSurvivesTheConnectionString) {
  for (const std::string password :
       {"it's", "back\\slash\\", "a b  c", "", "=", "p%40ss", "ä\t\"'\\'"}) {
    std::string quoted;
    for (const char c : password)
      quoted += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
    EXPECT_EQ(ValuesOf(Read("host=h password='" + quoted + "'").conninfo)["password"], password);
  }
}

TEST_F(WarehouseTest, TheEnvironmentFillsWhatIsNotSaid) {
  Set("PGHOST", "env.example");
  Set("PGPORT", "7777");
  Set("PGUSER", "env user");
  Set("PGPASSWORD", "env's \\secret");
  Set("PGSSLMODE", "verify-full");
  const Warehouse warehouse = Read("");
  EXPECT_EQ(warehouse.Uri(), "postgresql://env.example:7777/env%20user");
  Values values = ValuesOf(warehouse.conninfo);
  EXPECT_EQ(values["host"], "env.example");
  EXPECT_EQ(values["password"], "env's \\secret");
  EXPECT_EQ(values["user"], "env user");
  EXPECT_EQ(values["sslmode"], "verify-full");
  Set("PGDATABASE", "envdb");
  EXPECT_EQ(UriOf(""), "postgresql://env.example:7777/envdb");
}

TEST_F(WarehouseTest, WhatIsSaidComesBeforeTheEnvironment) {
  Set("PGHOST", "env.example");
  Set("PGPORT", "7777");
  Set("PGUSER", "env");
  Set("PGPASSWORD", "env");
  Set("PGDATABASE", "env");
  const Warehouse warehouse = Read("postgresql://ann:own@h:5432/d");
  EXPECT_EQ(warehouse.Uri(), "postgresql://h:5432/d");
  Values values = ValuesOf(warehouse.conninfo);
  EXPECT_EQ(values["user"], "ann");
  EXPECT_EQ(values["password"], "own");
}

TEST_F(WarehouseTest, AServiceFileSaysWhere) {
  const TemporaryFolder folder;
  Set("PGSERVICEFILE",
      folder.Write("services", "[wh]\nhost=far.example\nport=6\ndbname=mart\nuser=ann\n"));
  EXPECT_EQ(UriOf("service=wh"), "postgresql://far.example:6/mart");
  Set("PGSERVICE", "wh");
  EXPECT_EQ(UriOf(""), "postgresql://far.example:6/mart");
  EXPECT_EQ(UriOf("dbname=other"), "postgresql://far.example:6/other");
}

TEST_F(WarehouseTest, WhatLibpqDoesNotUnderstandIsNotRepeated) {
  for (const char* dsn : {"s3cret", "postgresql://u:s3cret%zz@h/d", "host=h password=my s3cret",
                          "s3cret=1", "postgresql://h/d?s3cret=1", "password='s3cret",
                          "postgresql://[s3cret/d", "postgresql://u:s3cret@h:1:2/d?x"}) {
    const auto warehouse = ReadWarehouse(dsn);
    EXPECT_EQ(warehouse.status().code(), Code::kInvalidArgument) << dsn << warehouse.status();
    EXPECT_THAT(Message(warehouse.status()), Not(HasSubstr("s3cret"))) << dsn;
    EXPECT_NE(Message(warehouse.status()), "");
  }
}

TEST_F(WarehouseTest, APasswordWithASlashIsNotTakenForAPort) {
  const auto warehouse = ReadWarehouse("postgresql://u:s3cret/x@h/d");
  EXPECT_EQ(warehouse.status().code(), Code::kInvalidArgument)
      << (warehouse.ok() ? warehouse->Uri() : Message(warehouse.status()));
  EXPECT_THAT(Message(warehouse.status()), Not(HasSubstr("s3cret")));
}

TEST_F(WarehouseTest, AConnectionStringOpensASession) {
  const Database database;
  const Warehouse warehouse = Read(database.conninfo());
  const auto session = Session::Open(warehouse.conninfo, "test");
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(PQdb(session->raw()), warehouse.database);
  EXPECT_EQ(PQhost(session->raw()), warehouse.host);
}

}  // namespace
}  // namespace fft::sql
