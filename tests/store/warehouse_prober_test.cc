#include "server/store/warehouse_prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "tests/store/database.h"

namespace fft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kRoot[] = "postgresql://h:1/d/";

class WarehouseProberTest : public testing::Test {
 protected:
  void Psql(const std::string& sql) const { Server().Psql(NameOf(conninfo_), sql); }
  StatusOr<std::vector<char>> Exist(const std::vector<std::string>& relations) {
    std::vector<std::string> uris;
    for (const std::string& relation : relations) uris.push_back(kRoot + relation);
    return prober_.Exist(uris);
  }
  std::string conninfo_ = FreshDatabase();
  int asked_ = 0;
  WarehouseProber prober_{[this](const std::string& warehouse) {
    ++asked_;
    return warehouse == "postgresql://h:1/d" ? conninfo_ : std::string();
  }};
};

TEST_F(WarehouseProberTest, SeesWhateverCanBeReadFrom) {
  Psql(
      "CREATE SCHEMA \"s /1\"; CREATE TABLE \"s /1\".t (a int); CREATE VIEW \"s /1\".v AS SELECT "
      "1; "
      "CREATE MATERIALIZED VIEW \"s /1\".m AS SELECT 1; CREATE SEQUENCE \"s /1\".q; "
      "CREATE TABLE \"s /1\".\"T/x%41\" (a int); CREATE INDEX i ON \"s /1\".t (a)");
  const auto found = Exist({"s%20%2F1/t", "s%20%2F1/none", "s%20%2F1/v", "s%20%2F1/m", "s%20%2F1/q",
                            "s%20%2F1/i", "s%20%2F1/T/x%41", "public/t", "none/t", "s%20%2F1"});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ElementsAre(1, 0, 1, 1, 0, 0, 1, 0, 0, 0));
  EXPECT_EQ(asked_, 1) << "one query for all of them";
}

TEST_F(WarehouseProberTest, LooksAgainEachTimeOnASessionThatMayHaveBroken) {
  Psql("CREATE TABLE t (a int)");
  EXPECT_THAT(*Exist({"public/t"}), ElementsAre(1));
  Psql("DROP TABLE t");
  EXPECT_THAT(*Exist({"public/t"}), ElementsAre(0));
  Psql("CREATE TABLE t (a int)");
  Server().Psql("postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
                    NameOf(conninfo_) + "'");
  EXPECT_THAT(*Exist({"public/t"}), ElementsAre(1));
}

TEST_F(WarehouseProberTest, NobodyThereIsNoAnswer) {
  const auto unknown = prober_.Exist({"postgresql://other:1/d/s/t"});
  EXPECT_EQ(unknown.status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(Message(unknown.status()), HasSubstr("no secret of this name says how to connect"));
  conninfo_ = "host=/nowhere password=geheim";
  const auto away = Exist({"public/t"});
  EXPECT_EQ(DetailsOf(away.status()).reason, "WAREHOUSE_UNREACHABLE");
  EXPECT_EQ(DetailsOf(away.status()).metadata.at("warehouse"), "postgresql://h:1/d");
  EXPECT_THAT(Message(away.status()), testing::Not(HasSubstr("geheim")));
}

}  // namespace
}  // namespace fft
