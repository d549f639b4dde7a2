#include "client/frontends/fastflowtransform/sources.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

constexpr char kSources[] = R"(version: 2
sources:
  - name: crm
    schema: raw
    freshness: {warn_after: {count: 1, period: day}}
    overrides: {duckdb: {schema: main}}
    tables:
      - {name: users, identifier: seed_users}
      - name: orders
        overrides: {postgres: {schema: other, identifier: "Orders"}}
  - name: bare
    tables: [{name: t}]
)";

std::string FaultOf(const std::string& text) {
  const auto sources = ReadSources("sources.yml", text, "postgres", "public");
  return sources.ok() ? "none" : Message(sources.status());
}

TEST(Sources, SayWhereTablesAre) {
  const auto sources = ReadSources("sources.yml", kSources, "postgres", "public");
  ASSERT_TRUE(sources.ok()) << Message(sources.status());
  EXPECT_EQ(*sources,
            (Sources{{"crm", {{"users", {"raw", "seed_users"}}, {"orders", {"other", "Orders"}}}},
                     {"bare", {{"t", {"public", "t"}}}}}));
  const auto others = ReadSources("sources.yml", kSources, "duckdb", "public");
  EXPECT_EQ(others->at("crm").at("orders"), (SourceRelation{"main", "orders"}));
}

TEST(Sources, CountByWhereTablesAre) {
  const auto sources = ReadSources("sources.yml", kSources, "postgres", "public");
  EXPECT_EQ(
      SourcesJson(*sources),
      R"({"bare":{"t":["public","t"]},"crm":{"orders":["other","Orders"],"users":["raw","seed_users"]}})");
  EXPECT_EQ(SourcesJson({}), "{}");
}

TEST(Sources, NoneAreDeclaredInAnEmptyFile) {
  EXPECT_EQ(FaultOf(""), "none");
  EXPECT_EQ(FaultOf("version: 2\n"), "none");
}

TEST(Sources, FaultsNameTheirPlace) {
  EXPECT_TRUE(
      FaultOf("version: 1\n").starts_with("sources.yml:1:1: the file: 'version' is one of 2"));
  EXPECT_TRUE(
      FaultOf("sources: []\n").starts_with("sources.yml:1:1: the file: 'version' is missing"));
  EXPECT_TRUE(
      FaultOf("version: 2\nsource: []\n").starts_with("sources.yml:2:1: unknown key 'source'"));
  EXPECT_TRUE(FaultOf("version: 2\nsources:\n- {schema: x}\n")
                  .starts_with("sources.yml:3:3: a source: 'name' is missing"));
  EXPECT_TRUE(FaultOf("version: 2\nsources:\n- name: a\n- name: a\n")
                  .starts_with("sources.yml:4:3: source a: it is declared twice"));
  EXPECT_TRUE(FaultOf("version: 2\nsources:\n- name: a\n  tables: [{name: t}, {name: t}]\n")
                  .starts_with("sources.yml:4:"));
  EXPECT_TRUE(FaultOf("version: 2\nsources: [\n").starts_with("sources.yml:"));
}

}  // namespace
}  // namespace fft
