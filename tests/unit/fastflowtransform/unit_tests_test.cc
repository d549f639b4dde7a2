#include "client/frontends/fastflowtransform/unit_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class UnitTestsTest : public testing::Test {
 protected:
  UnitTestsTest() {
    Write("project.yml", "name: demo\n");
    Write("profiles.yml", "dev: {engine: postgres, postgres: {dsn: 'postgresql://a@h/d'}}\n");
    Write("sources.yml",
          "version: 2\nsources:\n- {name: crm, schema: raw, tables: [{name: users}]}\n");
    Write("seeds/seed_orders.csv", "id\n1\n");
    Write("models/macros/half.sql", "{% macro half(x) %}{{ x }} / 2{% endmacro %}");
    Write("models/inner.ff.sql",
          "{{ config(materialized='ephemeral') }}select * from {{ ref('seed_orders') }}");
    Write("models/stg.ff.sql", "select * from {{ source('crm', 'users') }}");
    Write("models/mart.ff.sql",
          "{{ config(materialized='view', post_hook='grant all') }}"
          "select 1 from {{ ref('stg') }} join {{ ref('inner') }} x on true");
  }
  void Write(const std::string& path, const std::string& text) const { folder_.Write(path, text); }
  std::vector<UnitCase> Cases(const std::string& text) const {
    Write("tests/unit/a.yml", text);
    auto cases = ReadUnitTests(folder_.path());
    EXPECT_TRUE(cases.ok()) << Message(cases.status());
    return cases.ok() ? *std::move(cases) : std::vector<UnitCase>();
  }
  std::string Fault(const std::string& text) const {
    Write("tests/unit/a.yml", text);
    const auto cases = ReadUnitTests(folder_.path());
    if (!cases.ok()) return Message(cases.status());
    const auto made = ProjectOfCase(Load(), cases->front(), "mine");
    return made.ok() ? "none" : Message(made.status());
  }
  FftProject Load() const {
    auto project = LoadFftProject({.folder = folder_.path(),
                                   .env = "dev",
                                   .packages = FFT_SOURCE_DIR "/client/python",
                                   .schema = kUnitTestSchema});
    EXPECT_TRUE(project.ok()) << Message(project.status());
    return project.ok() ? *std::move(project) : FftProject();
  }
  FftProject Made(const std::string& text) const {
    auto made = ProjectOfCase(Load(), Cases(text).at(0), "mine");
    EXPECT_TRUE(made.ok()) << Message(made.status());
    return made.ok() ? *std::move(made) : FftProject();
  }
  const TemporaryFolder folder_;
};

TEST_F(UnitTestsTest, DefaultsAreInEachCase) {
  const auto cases = Cases(
      "model: stg\n"
      "defaults: {inputs: {users: {rows: [{id: 1}], columns: {id: integer}}}, expect: {subset: "
      "true}}\n"
      "cases:\n"
      "- {name: one, expect: {rows: [{id: 1}]}}\n"
      "- {name: two, inputs: {users: {rows: []}}, expect: {rows: []}}\n");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[0].title(), "stg.one");
  EXPECT_EQ(cases[0].file, "tests/unit/a.yml");
  EXPECT_EQ(json::parse(cases[0].inputs),
            json::parse(R"({"users":{"rows":[{"id":1}],"columns":{"id":"integer"}}})"));
  EXPECT_EQ(json::parse(cases[0].expect), json::parse(R"({"subset":true,"rows":[{"id":1}]})"));
  EXPECT_EQ(json::parse(cases[1].inputs)["users"]["rows"], json::array());
  EXPECT_EQ(json::parse(cases[1].inputs)["users"]["columns"], json::parse(R"({"id":"integer"})"));
}

TEST_F(UnitTestsTest, WhatIsGivenIsATableEach) {
  const FftProject made = Made(
      "model: stg.ff\n"
      "cases:\n- name: one\n"
      "  inputs: {users: {columns: {born: date}, rows: [{id: 1, name: O'Hara, born: "
      "'2000-01-31', ok: true, share: 0.5}, {id: null, name: '7'}]}}\n"
      "  expect: {rows: []}\n");
  ASSERT_EQ(made.models.size(), 2U);
  EXPECT_EQ(made.models[0].relation, "users");
  EXPECT_EQ(made.models[0].text,
            "SELECT * FROM (VALUES\n"
            "  (CAST('2000-01-31' AS date), CAST('1' AS bigint), CAST('O''Hara' AS text), "
            "CAST('true' AS boolean), CAST('0.5' AS double precision)),\n"
            "  (CAST(NULL AS date), CAST(NULL AS bigint), CAST('7' AS text), CAST(NULL AS "
            "boolean), CAST(NULL AS double precision))) AS given (\"born\", \"id\", \"name\", "
            "\"ok\", \"share\")");
  EXPECT_EQ(made.models[1].text, "select * from \"mine\".\"users\"");
  EXPECT_THAT(made.models[1].deps, ElementsAre("users"));
  EXPECT_EQ(made.profile.schema, "mine");
}

TEST_F(UnitTestsTest, EphemeralModelsStayInTheirReaders) {
  Write("tests/unit/orders.csv", "id\n5\n");
  const FftProject made = Made(
      "model: mart\n"
      "cases:\n- name: one\n"
      "  inputs: {stg: {rows: [], columns: {id: int}}, seed_orders: {csv: tests/unit/orders.csv}}\n"
      "  expect: {rows: []}\n");
  ASSERT_EQ(made.models.size(), 2U);
  EXPECT_THAT(made.models[0].text, testing::EndsWith("AS given (\"id\") WHERE false"));
  const FftModel& mart = made.models[1];
  EXPECT_THAT(mart.text, HasSubstr("join (\nselect * from \"mine\".\"seed_orders\"\n)"));
  EXPECT_EQ(mart.materialized, "view");
  EXPECT_THAT(mart.config, testing::Not(HasSubstr("hook")));
  EXPECT_THAT(mart.seeds, ElementsAre("seed_orders"));
  ASSERT_EQ(made.seeds.size(), 1U);
  EXPECT_EQ(made.seeds[0].path, folder_ / "tests/unit/orders.csv");
  EXPECT_EQ(made.seeds[0].bytes, 5);
}

TEST_F(UnitTestsTest, SourcesThatAreCalledLikeAModelHaveNamesOfTheirOwn) {
  Write("sources.yml",
        "version: 2\nsources:\n- {name: crm, schema: raw, tables: [{name: users}]}\n"
        "- {name: shop, schema: raw, tables: [{name: users}, {name: stg}]}\n");
  Write("models/users.ff.sql",
        "select 1 from {{ source('crm', 'users') }}, {{ source('shop', 'users') }}, "
        "{{ source('shop', 'stg') }}");
  const FftProject made = Made(
      "model: users\ncases:\n- name: one\n  expect: {rows: []}\n"
      "  inputs: {crm.users: {rows: [{a: 1}]}, shop.users: {rows: [{a: 2}]}, shop.stg: {rows: [{a: "
      "3}]}}\n");
  EXPECT_EQ(made.models.back().text,
            "select 1 from \"mine\".\"crm.users\", \"mine\".\"shop.users\", \"mine\".\"shop.stg\"");
}

TEST_F(UnitTestsTest, ACaseReplacesWhatTheDefaultsGive) {
  const FftProject made = Made(
      "model: stg\ndefaults: {inputs: {users: {csv: none.csv}}}\n"
      "cases:\n- {name: one, inputs: {users: {rows: [{id: 1}]}}, expect: {rows: []}}\n");
  EXPECT_THAT(made.models[0].text, HasSubstr("CAST('1' AS bigint)"));
}

TEST_F(UnitTestsTest, AnIncrementalModelIsMadeAsForTheFirstTime) {
  Write("models/inc.ff.sql",
        "{{ config(materialized='incremental') }}select * from {{ ref('stg') }}");
  const FftProject made = Made(
      "model: inc\ncases:\n- {name: one, inputs: {stg: {rows: [{id: 1}]}}, expect: {rows: []}}\n");
  EXPECT_EQ(made.models.back().materialized, "table");
}

TEST_F(UnitTestsTest, FaultsNameFileAndCase) {
  const std::string begin = "model: stg\ncases:\n- name: one\n  expect: {rows: []}\n";
  EXPECT_EQ(Fault(begin),
            "tests/unit/a.yml: case one: stg reads users, which the case does not give");
  EXPECT_EQ(Fault(begin + "  inputs: {users: {rows: [{a: 1}]}, users.ff: {rows: [{a: 1}]}}\n"),
            "tests/unit/a.yml: case one: input users.ff is given twice");
  EXPECT_EQ(Fault("model: stg\nseed: 1\ncases: []\n"),
            "tests/unit/a.yml:2:1: unknown key 'seed' in the tests; known: model, defaults, cases, "
            "engine");
  EXPECT_EQ(Fault("cases: []\n"), "tests/unit/a.yml:1:1: the tests: 'model' is missing");
  EXPECT_EQ(Fault("model: stg\ncases: 7\n"),
            "tests/unit/a.yml:2:1: the tests: 'cases' must be a list, not a single value");
  EXPECT_EQ(Fault("model: stg\ncases: [{expect: {rows: []}}]\n"),
            "tests/unit/a.yml:2:9: case 1: 'name' is missing");
  EXPECT_EQ(Fault("model: stg\ncases: [{name: x}]\n"),
            "tests/unit/a.yml:2:9: case 1: 'expect' is missing");
  EXPECT_EQ(Fault("model: stg\ncases: [{name: x, expect: {rows: [1]}}]\n"),
            "tests/unit/a.yml:2:35: case 1: expect: 1 is no row: a map of columns");
  EXPECT_EQ(Fault(begin + "- {name: one, expect: {rows: []}}\n"),
            "tests/unit/a.yml:5:3: two cases are called one");
  EXPECT_EQ(Fault("model: none\ncases: [{name: x, expect: {rows: []}}]\n"),
            "tests/unit/a.yml: case x: there is no model none");
  EXPECT_EQ(Fault("model: mart\ncases: [{name: x, expect: {rows: []}}]\n"),
            "tests/unit/a.yml: case x: mart reads seed_orders, stg, which the case does not give");
  EXPECT_EQ(Fault(begin + "  inputs: {users: {}}\n"),
            "tests/unit/a.yml: case one: input users: neither rows nor columns are given");
  EXPECT_THAT(Fault(begin + "  inputs: {users: {csv: none.csv}}\n"),
              HasSubstr("case one: input users: "));
  EXPECT_EQ(Fault("model: stg\ncases: [{name: x, expect: {relation: other, rows: []}}]\n"),
            "tests/unit/a.yml: case x: stg leaves stg, not other");
  for (const char* odd : {"relation: 7", "subset: 'yes'", "approx: much", "approx: {a: 1e-6}",
                          "any_order: 1", "ignore_columns: {a: true}", "order_by: 7"})
    EXPECT_THAT(
        Fault("model: stg\ncases: [{name: x, expect: {rows: [], " + std::string(odd) + "}}]\n"),
        HasSubstr("case 1: expect: "));
  EXPECT_EQ(Fault("model: stg\ncases: [7]\n"),
            "tests/unit/a.yml:2:9: case 1 must be a map, not a single value");
  EXPECT_EQ(Fault(begin + "  inputs: [7]\n"), "tests/unit/a.yml:5:3: case 1: 'inputs' is no map");
  EXPECT_EQ(Fault(begin + "  inputs: {users: 7}\n"),
            "tests/unit/a.yml:5:19: case 1: input users must be a map, not a single value");
  EXPECT_THAT(Fault(begin + "  inputs: {users: {rows: 7}}\n"),
              HasSubstr("a.yml:5:20: case 1: input users: 'rows' must be a list"));
  EXPECT_EQ(Fault(begin + "  inputs: {users: {columns: [a]}}\n"),
            "tests/unit/a.yml:5:20: case 1: input users: 'columns' is no map of columns to their "
            "types");
  EXPECT_EQ(Fault("model: stg\ncases: [{name: x, expect: {subset: true}}]\n"),
            "tests/unit/a.yml:2:9: case 1: 'expect: rows' is missing");
  EXPECT_THAT(Fault("model: [\n"), HasSubstr("tests/unit/a.yml:"));
}

std::vector<std::string> Compare(const std::string& expect, const std::string& rows) {
  std::vector<std::string> texts;
  for (const json& row : json::parse(rows)) texts.push_back(row.dump());
  return CompareRows(expect, texts);
}

TEST(UnitCompare, RowsInAnyOrder) {
  EXPECT_THAT(Compare(R"({"rows":[{"a":1},{"a":2}]})", R"([{"a":2},{"a":1}])"), IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":1},{"a":1}]})", R"([{"a":1}])"),
              ElementsAre(R"(missing: {"a":1})"));
  EXPECT_THAT(Compare(R"({"rows":[]})", R"([{"a":1}])"), ElementsAre(R"(unexpected: {"a":1})"));
  EXPECT_THAT(Compare(R"({"rows":[{"a":1}],"subset":true})", R"([{"a":2},{"a":1}])"), IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[]})", "[1,2,3,4,5,6,7]").size(), 6U);
}

TEST(UnitCompare, ColumnsThatCount) {
  EXPECT_THAT(Compare(R"({"rows":[{"a":1}]})", R"([{"a":1,"b":2}])"),
              ElementsAre("column b is not expected"));
  EXPECT_THAT(Compare(R"({"rows":[{"a":1,"c":3}]})", R"([{"a":1}])"),
              ElementsAre("column c is not there"));
  EXPECT_THAT(Compare(R"({"rows":[{"a":1}],"ignore_columns":["b"]})", R"([{"a":1,"b":2}])"),
              IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":1},{"a":2,"b":3}]})", R"([{"a":1,"b":null},{"a":2,"b":3}])"),
              IsEmpty())
      << "what a row does not tell is null";
}

TEST(UnitCompare, Values) {
  EXPECT_THAT(Compare(R"({"rows":[{"a":0.3}]})", R"([{"a":0.30000000000000004}])"), IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":1700000000}]})", R"([{"a":1700000001}])").size(), 2U);
  EXPECT_THAT(Compare(R"({"rows":[{"a":123456789.01}]})", R"([{"a":123456789.05}])").size(), 2U);
  EXPECT_THAT(Compare(R"({"rows":[{"a":1.0}]})", R"([{"a":1}])"), IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":1}]})", R"([{"a":1.2}])").size(), 2U);
  EXPECT_THAT(Compare(R"({"rows":[{"a":1}],"approx":{"a":0.25}})", R"([{"a":1.2}])"), IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":1}],"approx":0.25})", R"([{"a":1.2}])"), IsEmpty());
  EXPECT_THAT(
      Compare(R"({"rows":[{"a":"2024-01-31 08:00:00"}]})", R"([{"a":"2024-01-31T08:00:00"}])"),
      IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":"7"}]})", R"([{"a":7}])"), IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":"2.50"}]})", R"([{"a":2.5}])"), IsEmpty());
  EXPECT_THAT(Compare(R"({"rows":[{"a":"2.50x"}]})", R"([{"a":2.5}])").size(), 2U);
  EXPECT_THAT(Compare(R"({"rows":[{"a":1},{"a":1.2}],"approx":0.25})", R"([{"a":1.2},{"a":0.8}])"),
              IsEmpty())
      << "the first fits both, the second one alone";
  EXPECT_THAT(Compare(R"({"rows":[{"a":true}]})", R"([{"a":"t"}])").size(), 2U);
  EXPECT_THAT(Compare(R"({"rows":[{"a":null}]})", R"([{"a":""}])").size(), 2U);
}

}  // namespace
}  // namespace fft
