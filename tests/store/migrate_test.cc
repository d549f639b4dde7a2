#include "server/store/migrate.h"

#include <fstream>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>

#include "tests/store/database.h"

namespace fft {
namespace {

TEST(Migrate, IsDoneOnceHoweverManyTry) {
  const std::string conninfo = Server().conninfo(Server().NewDatabase());
  EXPECT_EQ(CheckSchema(conninfo).code(), Code::kFailedPrecondition);
  std::vector<std::jthread> others;
  for (int i = 0; i < 4; ++i) others.emplace_back([&] { EXPECT_TRUE(Migrate(conninfo).ok()); });
  others.clear();
  EXPECT_EQ(CheckSchema(conninfo), Ok());
  EXPECT_EQ(Server().Psql(NameOf(conninfo), "SELECT count(*) FROM schema_migration"),
            std::to_string(Migrations().size()) + "\n");
}

TEST(Migrate, RefusesWhatItDoesNotKnow) {
  const std::string conninfo = FreshDatabase();
  Server().Psql(NameOf(conninfo), "INSERT INTO schema_migration VALUES (99, '0099_x.sql', now())");
  for (const Status& status : {Migrate(conninfo).status(), CheckSchema(conninfo)}) {
    EXPECT_EQ(status.code(), Code::kFailedPrecondition);
    EXPECT_NE(Message(status).find("schema version 99, this program knows up to"),
              std::string::npos)
        << status;
  }
}

TEST(Migrate, RefusesWhatWasMigratedOtherwise) {
  const std::string conninfo = FreshDatabase();
  Server().Psql(NameOf(conninfo),
                "UPDATE schema_migration SET digest = 'another' WHERE version = 1");
  for (const Status& status : {Migrate(conninfo).status(), CheckSchema(conninfo)}) {
    EXPECT_EQ(status.code(), Code::kFailedPrecondition);
    EXPECT_NE(Message(status).find("0001_initial.sql in another form"), std::string::npos)
        << status;
  }
}

TEST(Migrate, RefusesAnotherEncoding) {
  Server().Psql("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
  const Status status = Migrate(Server().conninfo("latin")).status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_NE(Message(status).find("LATIN1"), std::string::npos) << status;
}

TEST(Migrate, TheSchemaFileIsWhatMigrationsAddUpTo) {
  std::ifstream file(FFT_SOURCE_DIR "/migrations/schema.sql");
  const std::string schema(std::istreambuf_iterator<char>(file), {});
  const std::string whole = Server().NewDatabase();
  Server().Psql(whole, schema);
  EXPECT_EQ(Server().DumpSchema(whole), Server().DumpSchema(NameOf(FreshDatabase())));
}

}  // namespace
}  // namespace fft
