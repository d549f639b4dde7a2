#include "client/frontends/fastflowtransform/profile.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

constexpr char kProfiles[] = R"(default:
  engine: postgres
  postgres: {dsn: "postgresql+psycopg://ann:pw@db:5432/shop"}
dev_postgres:
  engine: postgres
  postgres:
    dsn: postgresql://ben@db/dev
    db_schema: ben
dev_duckdb:
  engine: duckdb
  duckdb: {path: x.duckdb}
odd:
  engine: postgres
  postgres: {dsn: "mysql://root:secret@h/d"}
bare: {engine: postgres}
typo: {engin: postgres}
)";

StatusOr<Profile> Read(const std::string& name, const Variables& variables = {}) {
  return ReadProfile("profiles.yml", kProfiles, name, variables);
}

std::string FaultOf(const std::string& name, const Variables& variables = {}) {
  const auto profile = Read(name, variables);
  return profile.ok() ? "none" : Message(profile.status());
}

TEST(Profile, IsTheEnvironmentThatIsAskedFor) {
  const auto profile = Read("dev_postgres");
  ASSERT_TRUE(profile.ok()) << Message(profile.status());
  EXPECT_EQ(profile->name, "dev_postgres");
  EXPECT_EQ(profile->engine, "postgres");
  EXPECT_EQ(profile->dsn, "postgresql://ben@db/dev");
  EXPECT_EQ(profile->schema, "ben");
}

TEST(Profile, IsTheDefaultWhereThereIsNoSuchOne) {
  const auto profile = Read("stage");
  ASSERT_TRUE(profile.ok()) << Message(profile.status());
  EXPECT_EQ(profile->name, "stage");
  EXPECT_EQ(profile->dsn, "postgresql://ann:pw@db:5432/shop");
  EXPECT_EQ(profile->schema, "public");
}

TEST(Profile, VariablesGoOverTheFile) {
  const Variables variables = {{"FF_PG_DSN", "postgres://x@y/z"}, {"FF_PG_SCHEMA", "mine"}};
  EXPECT_EQ(Read("dev_postgres", variables)->dsn, "postgresql://x@y/z");
  EXPECT_EQ(Read("dev_postgres", variables)->schema, "mine");
  EXPECT_EQ(Read("bare", variables)->dsn, "postgresql://x@y/z");
  EXPECT_EQ(
      Read("dev_duckdb", {{"FF_ENGINE", "postgres"}, {"FF_PG_DSN", "postgresql://h"}})->engine,
      "postgres");
  const auto alone = ReadProfile("profiles.yml", "", "dev",
                                 {{"FF_ENGINE", "postgres"}, {"FF_PG_DSN", "postgresql://h"}});
  EXPECT_EQ(alone->dsn, "postgresql://h");
}

TEST(Profile, FaultsNameTheCulpritAndNoPassword) {
  EXPECT_EQ(
      FaultOf("dev_duckdb"),
      "profiles.yml:10:3: environment 'dev_duckdb': engine 'duckdb' is not offered: it is one "
      "of postgres");
  EXPECT_EQ(FaultOf("dev_postgres", {{"FF_ENGINE", "bigquery"}}),
            "FF_ENGINE: engine 'bigquery' is not offered: it is one of postgres");
  EXPECT_EQ(FaultOf("bare"),
            "profiles.yml: environment 'bare' has no postgres.dsn, and FF_PG_DSN is not set");
  EXPECT_EQ(FaultOf("odd"),
            "profiles.yml: dsn of environment 'odd': 'mysql://root:***@h/d' is no "
            "postgresql://USER@HOST/DATABASE");
  EXPECT_EQ(FaultOf("bare", {{"FF_PG_DSN", "host=h password=secret"}}),
            "FF_PG_DSN: it is no postgresql://USER@HOST/DATABASE");
  EXPECT_TRUE(FaultOf("typo").starts_with("profiles.yml:16:8: unknown key 'engin'"));
  const auto none = ReadProfile("profiles.yml", "a: {engine: postgres}\n", "b", {});
  EXPECT_EQ(Message(none.status()),
            "profiles.yml:1:1: there is no environment 'b' and no 'default'; there are: a");
  EXPECT_TRUE(Message(ReadProfile("p.yml", "a: [", "a", {}).status()).starts_with("p.yml:1:"));
}

}  // namespace
}  // namespace fft
