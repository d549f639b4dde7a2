#include "client/frontends/fastflowtransform/budgets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

Budgets BudgetsOf(const std::string& text, const std::string& engine = "postgres") {
  const auto budgets = ReadBudgets("budgets.yml", text, engine);
  EXPECT_TRUE(budgets.ok()) << Message(budgets.status());
  return budgets.ok() ? *budgets : Budgets();
}

std::string FaultOf(const std::string& text) {
  const auto budgets = ReadBudgets("budgets.yml", text, "postgres");
  return budgets.ok() ? "none" : Message(budgets.status());
}

std::vector<std::string> LinesOf(const std::string& text,
                                 const std::vector<ModelSpending>& models) {
  std::vector<std::string> lines;
  for (const Breach& breach : FindBreaches(BudgetsOf(text), models)) lines.push_back(breach.Line());
  return lines;
}

TEST(ReadQuantity, KnowsNumbersSizesAndDurations) {
  EXPECT_THAT(ReadQuantity("0", QuantityOf::kNumber), Optional(0));
  EXPECT_THAT(ReadQuantity("1000", QuantityOf::kNumber), Optional(1000));
  EXPECT_THAT(ReadQuantity("1_000", QuantityOf::kNumber), Optional(1000));
  EXPECT_THAT(ReadQuantity("1,000,000", QuantityOf::kNumber), Optional(1'000'000));
  EXPECT_THAT(ReadQuantity("7b", QuantityOf::kBytes), Optional(7));
  EXPECT_THAT(ReadQuantity("500k", QuantityOf::kBytes), Optional(500LL << 10));
  EXPECT_THAT(ReadQuantity("500M", QuantityOf::kBytes), Optional(500LL << 20));
  EXPECT_THAT(ReadQuantity("5GB", QuantityOf::kBytes), Optional(5LL << 30));
  EXPECT_THAT(ReadQuantity("5 GB", QuantityOf::kBytes), Optional(5LL << 30));
  EXPECT_THAT(ReadQuantity("1.5kb", QuantityOf::kBytes), Optional(1536));
  EXPECT_THAT(ReadQuantity("2t", QuantityOf::kBytes), Optional(2LL << 40));
  EXPECT_THAT(ReadQuantity("250ms", QuantityOf::kTime), Optional(250));
  EXPECT_THAT(ReadQuantity("30s", QuantityOf::kTime), Optional(30'000));
  EXPECT_THAT(ReadQuantity("2min", QuantityOf::kTime), Optional(120'000));
  EXPECT_THAT(ReadQuantity("1h", QuantityOf::kTime), Optional(3'600'000));
}

TEST(ReadQuantity, RefusesAllElse) {
  for (const char* text : {"", " ", "GB", "-1", "5 apples", "1e3", "5GB2", "1.2.3", "0x10", "s",
                           "many", "99999999999t", "inf", "nan"})
    for (const auto of : {QuantityOf::kNumber, QuantityOf::kBytes, QuantityOf::kTime})
      EXPECT_EQ(ReadQuantity(text, of), std::nullopt) << text;
}

TEST(ReadQuantity, KnowsWhatItIsOf) {
  EXPECT_THAT(ReadQuantity("5m", QuantityOf::kTime), Optional(300'000));
  EXPECT_THAT(ReadQuantity("5m", QuantityOf::kBytes), Optional(5LL << 20));
  EXPECT_EQ(ReadQuantity("30s", QuantityOf::kBytes), std::nullopt);
  EXPECT_EQ(ReadQuantity("5GB", QuantityOf::kTime), std::nullopt);
  EXPECT_EQ(ReadQuantity("1k", QuantityOf::kNumber), std::nullopt);
}

TEST(ReadBudgets, TakesAllKinds) {
  const Budgets budgets = BudgetsOf(
      "version: 1\n"
      "total:\n  bytes_scanned: {warn: 1GB, error: 2GB}\n"
      "models:\n  mart.ff:\n    rows: {error: 1_000}\n"
      "tags:\n  daily:\n    query_duration_ms: {warn: 30s}\n"
      "query_limits:\n  duckdb: {max_bytes: 1k}\n  postgres: {max_bytes: 5m}\n");
  EXPECT_THAT(budgets.total.at("bytes_scanned").warn, Optional(1LL << 30));
  EXPECT_THAT(budgets.total.at("bytes_scanned").error, Optional(2LL << 30));
  EXPECT_EQ(budgets.total.size(), 1U);
  EXPECT_EQ(budgets.models.at("mart.ff").at("rows").warn, std::nullopt);
  EXPECT_THAT(budgets.models.at("mart.ff").at("rows").error, Optional(1000));
  EXPECT_THAT(budgets.tags.at("daily").at("query_duration_ms").warn, Optional(30'000));
  EXPECT_EQ(budgets.query_bytes_max, 5LL << 20);
}

TEST(ReadBudgets, TakesTheQueryLimitOfTheEngineAlone) {
  const std::string text = "query_limits: {duckdb: {max_bytes: 1k}}";
  EXPECT_EQ(BudgetsOf(text, "postgres").query_bytes_max, 0);
  EXPECT_EQ(BudgetsOf(text, "duckdb").query_bytes_max, 1024);
}

TEST(ReadBudgets, TakesNothingForNoBudget) {
  for (const char* text : {"", "# nothing\n", "{}", "models:\ntags:\ntotal:\nquery_limits:\n"}) {
    const Budgets budgets = BudgetsOf(text);
    EXPECT_THAT(budgets.total, IsEmpty());
    EXPECT_THAT(budgets.models, IsEmpty());
    EXPECT_THAT(budgets.tags, IsEmpty());
    EXPECT_EQ(budgets.query_bytes_max, 0);
  }
}

TEST(ReadBudgets, NamesThePlaceOfAFault) {
  EXPECT_THAT(FaultOf("total:\n  rows: {warn: many}\n"),
              AllOf(HasSubstr("budgets.yml:2:10: "), HasSubstr("'warn'"),
                    HasSubstr("is no number, size or duration")));
  EXPECT_THAT(FaultOf("total: {}\nmodel: {}\n"),
              AllOf(HasSubstr("budgets.yml:2:1: "), HasSubstr("'model'")));
  EXPECT_THAT(FaultOf("tags:\n  daily:\n    lines: {warn: 1}\n"),
              AllOf(HasSubstr("budgets.yml:3:5: "), HasSubstr("'lines'"), HasSubstr("daily")));
  EXPECT_THAT(FaultOf("models: [mart.ff]\n"),
              AllOf(HasSubstr("budgets.yml:1:1: "), HasSubstr("'models' is no map of names")));
  EXPECT_THAT(FaultOf("query_limits:\n  postgres: {max: 1}\n"),
              AllOf(HasSubstr("budgets.yml:2:"), HasSubstr("'max'")));
  EXPECT_THAT(FaultOf("total: {rows: 5}\n"), HasSubstr("budgets.yml:1:"));
  EXPECT_THAT(FaultOf("total: {rows: {warn: -5}}\n"), HasSubstr("budgets.yml:1:"));
  EXPECT_THAT(FaultOf("total: [\n"), HasSubstr("budgets.yml:"));
}

TEST(FindBreaches, NeedMoreThanTheBound) {
  const std::string text = "total: {rows: {error: 10}}";
  EXPECT_THAT(LinesOf(text, {{"a.ff", {}, {.rows = 10}}}), IsEmpty());
  EXPECT_THAT(LinesOf(text, {{"a.ff", {}, {.rows = 11}}}),
              ElementsAre("[BUDGET] error: total rows: 11 > 10"));
}

TEST(FindBreaches, TellTheErrorInsteadOfTheWarning) {
  const std::string text = "models: {a.ff: {bytes_scanned: {warn: 1k, error: 2k}}}";
  EXPECT_THAT(LinesOf(text, {{"a.ff", {}, {.bytes_scanned = 1024}}}), IsEmpty());
  EXPECT_THAT(LinesOf(text, {{"a.ff", {}, {.bytes_scanned = 2048}}}),
              ElementsAre("[BUDGET] warning: models a.ff bytes_scanned: 2048 > 1024"));
  EXPECT_THAT(LinesOf(text, {{"a.ff", {}, {.bytes_scanned = 2049}}}),
              ElementsAre("[BUDGET] error: models a.ff bytes_scanned: 2049 > 2048"));
}

TEST(FindBreaches, SumUpByTagAndInAll) {
  const std::vector<ModelSpending> models = {{"a.ff", {"daily"}, {1, 10, 100}},
                                             {"b.ff", {"daily", "pii"}, {2, 20, 200}},
                                             {"c.ff", {"pii"}, {4, 40, 400}},
                                             {"d.ff", {}, {8, 80, 800}}};
  EXPECT_THAT(LinesOf("total: {bytes_scanned: {warn: 14}, rows: {error: 149}, query_duration_ms: "
                      "{warn: 1499}}\n"
                      "models: {b.ff: {rows: {warn: 19}}, nobody.ff: {rows: {warn: 0}}}\n"
                      "tags: {daily: {rows: {warn: 29}}, pii: {rows: {warn: 60}, "
                      "query_duration_ms: {error: 599}}}\n",
                      models),
              ElementsAre("[BUDGET] warning: total bytes_scanned: 15 > 14",
                          "[BUDGET] warning: total query_duration_ms: 1500 > 1499",
                          "[BUDGET] error: total rows: 150 > 149",
                          "[BUDGET] warning: models b.ff rows: 20 > 19",
                          "[BUDGET] warning: tags daily rows: 30 > 29",
                          "[BUDGET] error: tags pii query_duration_ms: 600 > 599"));
}

}  // namespace
}  // namespace fft
