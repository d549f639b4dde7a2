#include "client/frontends/fastflowtransform/seeds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

using testing::ElementsAre;
using testing::Pair;

class SeedsTest : public testing::Test {
 protected:
  using Columns = std::vector<std::pair<std::string, std::string>>;
  Columns Read(const std::string& csv, const std::map<std::string, std::string>& types = {}) const {
    const auto columns = ReadSeedColumns(folder_.Write("s.csv", csv), types);
    EXPECT_TRUE(columns.ok()) << columns.status();
    return columns.ok() ? *columns : Columns{};
  }
  /// Without the folder.
  std::string Fault(const std::string& csv,
                    const std::map<std::string, std::string>& types = {}) const {
    const auto columns = ReadSeedColumns(folder_.Write("s.csv", csv), types);
    if (columns.ok()) return "none";
    return Message(columns.status()).substr(folder_.path().size() + 1);
  }
  const TemporaryFolder folder_;
};

TEST_F(SeedsTest, ColumnsAreWhatAllTheirValuesAre) {
  EXPECT_THAT(
      Read("id,price,is_new,name,nothing\n1,2.5,true,ann,\n-2,3,FALSE,7x,\n"),
      ElementsAre(Pair("id", "bigint"), Pair("price", "double precision"),
                  Pair("is_new", "boolean"), Pair("name", "text"), Pair("nothing", "text")));
  EXPECT_THAT(Read("a,b\n1,1e3\n,\n99999999999999999999,\n"),
              ElementsAre(Pair("a", "double precision"), Pair("b", "double precision")))
      << "empty values fit all; what is too large for an integer is none";
  EXPECT_THAT(Read("a,b\n\"\",\"1\"\n"), ElementsAre(Pair("a", "text"), Pair("b", "bigint")))
      << "a quoted empty value is text";
}

TEST_F(SeedsTest, TypesThatAreToldCount) {
  EXPECT_THAT(Read("id,day\n1,2012-01-01\n", {{"day", "date"}}),
              ElementsAre(Pair("id", "bigint"), Pair("day", "date")));
}

TEST_F(SeedsTest, QuotesLineEndsAndABlankEnd) {
  EXPECT_THAT(Read("a,\"b,c\"\r\n1,\"x\n\"\"y\"\"\"\r\n2,z"),
              ElementsAre(Pair("a", "bigint"), Pair("b,c", "text")));
}

TEST_F(SeedsTest, FaultsNameFileAndLine) {
  EXPECT_EQ(Fault(""), "s.csv:1: is empty: a header is expected");
  EXPECT_EQ(Fault("a,b\n1,2\n3\n"), "s.csv:3: 1 fields, the header has 2");
  EXPECT_EQ(Fault("a,b\n1,\"x\ny\",3\n"), "s.csv:2: 3 fields, the header has 2");
  EXPECT_EQ(Fault("a\n\"open\n"), "s.csv:2: a quote is not closed");
  EXPECT_EQ(Fault("a,a\n"), "s.csv:1: two columns have the same name");
  EXPECT_EQ(Fault("a,\n"), "s.csv:1: a column has no name");
  EXPECT_EQ(Fault("\xEF\xBB\xBF"
                  "a\n"),
            "s.csv:1: begins with a byte order mark: save it as plain UTF-8");
  EXPECT_EQ(Fault("a\n1\n", {{"b", "date"}}),
            "s.csv:1: there is no column 'b', whose type schema.yml tells");
}

TEST(SeedSchemaTest, TellsTargetsAndTypesByPathOrStem) {
  const auto schema = ReadSeedSchema("schema.yml",
                                     "targets:\n"
                                     "  raw/users: {schema: raw, table: people}\n"
                                     "  orders: {schema: a, schema_by_engine: {postgres: b}}\n"
                                     "dtypes:\n"
                                     "  users: {id: int64, at: datetime, x: 'numeric(10,2)'}\n",
                                     "postgres");
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(schema->TargetOf("raw/users.csv").schema, "raw");
  EXPECT_EQ(schema->TargetOf("raw/users.csv").table, "people");
  EXPECT_EQ(schema->TargetOf("any/orders.csv").schema, "b");
  EXPECT_EQ(schema->TargetOf("users.csv").schema, "");
  EXPECT_THAT(
      schema->TypesOf("raw/users.csv"),
      ElementsAre(Pair("at", "timestamp"), Pair("id", "bigint"), Pair("x", "numeric(10,2)")));
  EXPECT_TRUE(ReadSeedSchema("schema.yml", "", "postgres").ok());
  EXPECT_EQ(
      Message(ReadSeedSchema("schema.yml", "targets:\n  u: {scheme: x}\n", "postgres").status()),
      "schema.yml:2:7: unknown key 'scheme' in target 'u'; known: schema, table, schema_by_engine");
}

}  // namespace
}  // namespace fft
