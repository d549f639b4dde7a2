#include "tests/sql/sql_fixture.h"

namespace fft::sql {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class MaterialiseTest : public SqlTest {};

TEST_F(MaterialiseTest, AQueryBecomesATableAndItsNumbersAreTold) {
  const Made made = Done(Table("SELECT g AS n, 'x' AS letter FROM generate_series(1, 3) g"));
  EXPECT_EQ(Rows(), "1|x\n2|x\n3|x");
  EXPECT_EQ(KindOf(), "r");
  EXPECT_EQ(made.rows, 3);
  EXPECT_EQ(std::to_string(made.bytes), Ask("SELECT pg_total_relation_size('mart.t')"));
  EXPECT_GT(made.bytes, 0);
  EXPECT_GE(made.scanned, 3) << "rows times their width, as the planner expects them";
  EXPECT_GE(made.query_ms, 0);
  EXPECT_FALSE(made.was_made);
  EXPECT_EQ(Ask("SELECT reltuples FROM pg_class WHERE oid = 'mart.t'::regclass"), "3");
  EXPECT_EQ(Recorded(), "svc|1|1|1001");
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 1|postgres");
}

TEST_F(MaterialiseTest, OnlyTheRelationAndTheLedgerAreLeft) {
  Done(Table("SELECT 1 AS a"));
  Done(Table("SELECT 2 AS a"));
  EXPECT_EQ(Rows(), "2");
  EXPECT_EQ(Ask("SELECT relname FROM pg_class WHERE relnamespace = 'mart'::regnamespace "
                "AND relkind IN ('r', 'v') ORDER BY 1"),
            "_ff_meta\n_ff_run\nt");
}

TEST_F(MaterialiseTest, SemicolonsAndBlanksAtTheEndAreCut) {
  Done(Table("SELECT 1 AS a ;\n; \t\r\n"));
  EXPECT_EQ(Rows(), "1");
  Done(View("SELECT 2 AS a;"));
  EXPECT_EQ(Rows(), "2");
  Done(Table("SELECT ';' AS a -- not the end;\n"));
  EXPECT_EQ(Rows(), ";");
}

TEST_F(MaterialiseTest, AQueryMayBeginWithACommentAndWith) {
  Done(Table("-- one\n/* two */ WITH x AS (SELECT 4 AS a)\nSELECT a FROM x -- the end"));
  EXPECT_EQ(Rows(), "4");
}

TEST_F(MaterialiseTest, ASchemaThatIsThereIsTaken) {
  Ask("CREATE SCHEMA mart; CREATE TABLE mart.other AS SELECT 1");
  Done(Table("SELECT 1 AS a"));
  EXPECT_EQ(Rows(), "1");
  EXPECT_EQ(KindOf("mart.other"), "r");
}

TEST_F(MaterialiseTest, WhoMayNotMakeSchemasNeedsNoneMade) {
  Done(Table("SELECT 1 AS a"));
  Ask("CREATE ROLE plain LOGIN; GRANT ALL ON SCHEMA mart TO plain; "
      "GRANT ALL ON ALL TABLES IN SCHEMA mart TO plain; ALTER TABLE mart.t OWNER TO plain");
  auto plain = Session::Open(database_.conninfo() + " user=plain", "test");
  ASSERT_TRUE(plain.ok()) << plain.status();
  const auto made = Materialise(*plain, Table("SELECT 2 AS a"));
  EXPECT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Rows(), "2");
  Making elsewhere = Table("SELECT 3 AS a");
  elsewhere.schema = "new";
  const auto refused = Materialise(*plain, elsewhere);
  EXPECT_EQ(refused.status().code(), Code::kInvalidArgument) << refused.status();
  EXPECT_EQ(SqlStateOf(refused.status()), "42501");
  EXPECT_TRUE(plain->Run({{.text = "SELECT 1"}}).ok()) << "the session is of use";
  *plain = Session();
  Ask("DROP OWNED BY plain; DROP ROLE plain");
}

TEST_F(MaterialiseTest, AViewHasNeitherRowsNorBytes) {
  Ask("CREATE TABLE base AS SELECT 1 AS a");
  const Made made = Done(View("SELECT a + 1 AS a FROM base"));
  EXPECT_EQ(KindOf(), "v");
  EXPECT_EQ(made.rows, -1);
  EXPECT_EQ(made.bytes, -1);
  EXPECT_EQ(made.scanned, -1);
  Ask("UPDATE base SET a = 7");
  EXPECT_EQ(Rows(), "8");
  EXPECT_EQ(Recorded(), "svc|1|1|1001");
}

TEST_F(MaterialiseTest, ATableBecomesAViewAndATableAgain) {
  Done(Table("SELECT 1 AS a"));
  Done(View("SELECT 2 AS a, 'b' AS b"));
  EXPECT_EQ(KindOf(), "v");
  EXPECT_EQ(Rows(), "2|b");
  Done(View("SELECT 3 AS other"));
  EXPECT_EQ(Rows(), "3");
  Done(Table("SELECT 4 AS a"));
  EXPECT_EQ(KindOf(), "r");
  EXPECT_EQ(Rows(), "4");
}

TEST_F(MaterialiseTest, WhateverBearsTheNameGivesWay) {
  Ask("CREATE SCHEMA mart; CREATE MATERIALIZED VIEW mart.t AS SELECT 1 AS a");
  Done(Table("SELECT 2 AS a"));
  EXPECT_EQ(KindOf(), "r");
  Ask("DROP TABLE mart.t; CREATE TABLE mart.t (a int) PARTITION BY RANGE (a)");
  Done(View("SELECT 3 AS a"));
  EXPECT_EQ(KindOf(), "v");
  Ask("DROP VIEW mart.t; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; "
      "CREATE FOREIGN TABLE mart.t (a int) SERVER s");
  Done(Table("SELECT 4 AS a"));
  EXPECT_EQ(Rows(), "4");
  Ask("DROP TABLE mart.t; CREATE SEQUENCE mart.t");
  EXPECT_THAT(Failed(Code::kInvalidArgument, Table("SELECT 5 AS a")), HasSubstr("t\" is not a"));
  EXPECT_EQ(KindOf(), "S");
}

TEST_F(MaterialiseTest, AViewAboveGoesWhenItsTableIsMadeAnew) {
  Done(Table("SELECT 1 AS a"));
  Ask("CREATE VIEW mart.above AS SELECT * FROM mart.t");
  Ask("CREATE VIEW public.higher AS SELECT * FROM mart.above");
  Done(Table("SELECT 2 AS a"));
  EXPECT_EQ(Rows(), "2");
  EXPECT_EQ(KindOf("mart.above"), "");
  EXPECT_EQ(KindOf("public.higher"), "");
}

TEST_F(MaterialiseTest, ATableMaySelectFromItsOldSelf) {
  Done(Table("SELECT 1 AS a"));
  const Made made = Done(Table("SELECT a FROM mart.t UNION ALL SELECT max(a) + 1 FROM mart.t"));
  EXPECT_EQ(Rows(), "1\n2");
  EXPECT_EQ(made.rows, 2);
  Done(View("SELECT 5 AS a"));
  Done(Table("SELECT a + 1 AS a FROM mart.t"));
  EXPECT_EQ(Rows(), "6");
}

TEST_F(MaterialiseTest, AViewMayNotReadWhatItReplaces) {
  Done(Table("SELECT 1 AS a"));
  EXPECT_THAT(Failed(Code::kInvalidArgument, View("SELECT a\nFROM mart.t")),
              StartsWith("models/t.sql:2: relation \"mart.t\" does not exist"));
  EXPECT_EQ(KindOf(), "r");
  EXPECT_EQ(Rows(), "1");
}

TEST_F(MaterialiseTest, NamesAreQuotedWhereTheyNeedIt) {
  const auto named = [&](Making making) {
    making.schema = "We\"ird sch'ema";
    making.relation = "Weird \"na'me\" ä";
    making.node_name = "it's \"so\".ff";
    return making;
  };
  const std::string name = "\"We\"\"ird sch'ema\".\"Weird \"\"na'me\"\" ä\"";
  Done(named(Table("SELECT 1 AS a")));
  EXPECT_EQ(Rows(name), "1");
  Done(named(View("SELECT 2 AS a")));
  Done(named(Incremental("SELECT 3 AS \"A \"\"b\"", "")));
  Making added = named(Incremental("SELECT 0", "SELECT 4 AS \"A \"\"b\", 1 AS \"C'c\""));
  added.task.add_unique_key("A \"b");
  added.task.set_on_schema_change(v1::ON_SCHEMA_CHANGE_SYNC_ALL_COLUMNS);
  EXPECT_EQ(Done(added).rows, 1);
  EXPECT_EQ(Rows(name), "3|~\n4|1");
  EXPECT_EQ(Ask("SELECT relation, node FROM \"We\"\"ird sch'ema\"._ff_run"),
            "Weird \"na'me\" ä|" + std::to_string(added.writer.node));
  EXPECT_EQ(Ask("SELECT node_name, relation FROM \"We\"\"ird sch'ema\"._ff_meta"),
            "it's \"so\".ff|Weird \"na'me\" ä");
}

TEST_F(MaterialiseTest, ANameThatPostgresShortensIsMadeMoreThanOnce) {
  Making making = Table("SELECT 1 AS a");
  making.relation = std::string(70, 'x');
  Done(making);
  Making again = Table("SELECT 2 AS a");
  again.relation = making.relation;
  Done(again);
  EXPECT_EQ(Rows("mart." + std::string(63, 'x')), "2");
}

TEST_F(MaterialiseTest, HooksRunInTheSameTransaction) {
  Ask("CREATE TABLE seen (what text, at xid8)");
  Making making = Table("SELECT * FROM feed");
  making.task.add_pre_hooks("CREATE TABLE feed AS SELECT 7 AS a;");
  making.task.add_pre_hooks("INSERT INTO seen VALUES ('before', pg_current_xact_id()) ;\n");
  making.task.add_post_hooks("INSERT INTO seen SELECT a, pg_current_xact_id() FROM mart.t");
  making.task.add_post_hooks("CREATE INDEX found ON mart.t (a)");
  Done(making);
  EXPECT_EQ(Rows(), "7");
  EXPECT_EQ(Ask("SELECT what FROM seen"), "before\n7");
  EXPECT_EQ(Ask("SELECT count(DISTINCT at) FROM seen"), "1");
  EXPECT_EQ(KindOf("mart.found"), "i");
  making = View("SELECT 8 AS a");
  making.task.add_post_hooks("INSERT INTO seen SELECT a, pg_current_xact_id() FROM mart.t");
  Done(making);
  EXPECT_EQ(Ask("SELECT what FROM seen"), "before\n7\n8");
}

TEST_F(MaterialiseTest, AFailingQueryUndoesItsHooks) {
  Making making = Table("SELECT 1 / 0 AS a");
  making.task.add_pre_hooks("CREATE TABLE hooked (a int)");
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), HasSubstr("division by zero"));
  EXPECT_EQ(KindOf("hooked"), "");
  making = Table("SELECT 1 AS a");
  making.task.add_post_hooks("CREATE TABLE hooked (a int)");
  making.task.add_post_hooks("SELECT\n* FROM nowhere");
  EXPECT_THAT(Failed(Code::kInvalidArgument, making),
              StartsWith("post_hook 2:2: relation \"nowhere\" does not exist"));
  EXPECT_EQ(KindOf("hooked"), "");
  EXPECT_EQ(KindOf(), "");
  making = Table("SELECT 1 AS a");
  making.task.add_pre_hooks("SELEKT 1");
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), StartsWith("pre_hook 1:1: syntax error"));
  EXPECT_EQ(Recorded(), "");
}

TEST_F(MaterialiseTest, AHookIsOneStatement) {
  Making making = Table("SELECT 1 AS a");
  making.task.add_pre_hooks("CREATE TABLE one (a int); CREATE TABLE two (a int)");
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), HasSubstr("multiple commands"));
  EXPECT_EQ(KindOf("one"), "");
  EXPECT_EQ(Recorded(), "");
}

TEST_F(MaterialiseTest, AHookCannotEndTheTransaction) {
  for (const char* end : {"COMMIT", "/* so */ end;", "ROLLBACK", "COMMIT AND CHAIN"}) {
    Done(Table("SELECT 1 AS a"));
    const std::string ran = Recorded();
    const auto is_refused = [&](const char* when, const Making& making) {
      EXPECT_EQ(Make(making).status().code(), Code::kInvalidArgument) << end << when;
      EXPECT_EQ(Rows(), "1") << end << when;
      EXPECT_EQ(Recorded(), ran) << end << when;
    };
    Making making = Table("SELECT 2 AS a");
    making.task.add_post_hooks(end);
    is_refused(" after", making);
    making = Table("SELECT 3 AS a");
    making.task.add_post_hooks(end);
    making.task.add_post_hooks("SELECT 1 / 0");
    is_refused(" after, and a failure", making);
    making = Table("SELECT 4 AS a");
    making.task.add_pre_hooks(end);
    is_refused(" before", making);
  }
}

TEST_F(MaterialiseTest, AFailureLeavesWhatWasThere) {
  Done(Table("SELECT 1 AS a"));
  Ask("CREATE VIEW mart.above AS SELECT * FROM mart.t");
  const std::string ran = Recorded();
  const std::string known = Fingerprints();
  for (const char* query : {"SELEC 1", "SELECT 1 AS a, 2 AS a", "SELECT nothing"}) {
    Failed(Code::kInvalidArgument, Table(query));
    Failed(Code::kInvalidArgument, View(query));
    Failed(Code::kInvalidArgument, Incremental("SELECT 9 AS a", query));
  }
  Failed(Code::kInvalidArgument, Table("SELECT 1 / (g - 3) AS a FROM generate_series(1, 4) g"));
  Failed(Code::kInvalidArgument,
         Incremental("SELECT 9 AS a", "SELECT 1 / count(*) AS a WHERE false"));
  Failed(Code::kInvalidArgument, Table(""));
  EXPECT_EQ(Rows(), "1");
  EXPECT_EQ(KindOf("mart.above"), "v");
  EXPECT_EQ(Recorded(), ran);
  EXPECT_EQ(Fingerprints(), known);
  Done(Table("SELECT 2 AS a"));
  EXPECT_EQ(Rows(), "2") << "the session is of use";
}

TEST_F(MaterialiseTest, AFirstFailureLeavesNothing) {
  Failed(Code::kInvalidArgument, Table("SELECT * FROM nowhere"));
  EXPECT_EQ(KindOf(), "");
  EXPECT_EQ(Recorded(), "");
  EXPECT_EQ(Fingerprints(), "");
}

TEST_F(MaterialiseTest, AnErrorNamesFileLineAndState) {
  EXPECT_EQ(
      Failed(Code::kInvalidArgument, Table("SELECT 1 AS a,\n\n  nothing AS b\nFROM pg_class")),
      "models/t.sql:3: column \"nothing\" does not exist (SQLSTATE 42703)");
  EXPECT_EQ(Failed(Code::kInvalidArgument, Table("SELECT 'äöü€😀\n😀' AS a,\n  nothing")),
            "models/t.sql:3: column \"nothing\" does not exist (SQLSTATE 42703)");
  EXPECT_EQ(Failed(Code::kInvalidArgument, Table("nothing")),
            "models/t.sql:1: syntax error at or near \"nothing\" (SQLSTATE 42601)");
  EXPECT_EQ(Failed(Code::kInvalidArgument, View("\nSELECT\nnothing")),
            "models/t.sql:3: column \"nothing\" does not exist (SQLSTATE 42703)");
  EXPECT_EQ(
      Failed(Code::kInvalidArgument, Table("SELECT 1 / (g - 3) FROM generate_series(1, 4) g")),
      "models/t.sql: division by zero (SQLSTATE 22012)");
  const auto made = Make(Table("SELECT cout(*) FROM pg_class"));
  EXPECT_THAT(Message(made.status()),
              StartsWith("models/t.sql:1: function cout() does not exist; hint: "));
  EXPECT_EQ(SqlStateOf(made.status()), "42883");
}

TEST_F(MaterialiseTest, AnErrorHasTheServersDetail) {
  Making making = Table("SELECT g / 2 AS a FROM generate_series(2, 3) g");
  making.task.add_post_hooks("CREATE UNIQUE INDEX ON mart.t (a)");
  EXPECT_EQ(Failed(Code::kInvalidArgument, making),
            "post_hook 1: could not create unique index \"t_a_idx\"; Key (a)=(1) is duplicated. "
            "(SQLSTATE 23505)");
}

TEST_F(MaterialiseTest, MoreThanOneStatementIsRefused) {
  Done(Table("SELECT 1 AS a"));
  EXPECT_THAT(Failed(Code::kInvalidArgument, Table("SELECT 2 AS a; DROP TABLE mart.t")),
              HasSubstr("multiple commands"));
  EXPECT_THAT(Failed(Code::kInvalidArgument, View("SELECT 2 AS a; DROP TABLE mart._ff_run")),
              HasSubstr("multiple commands"));
  EXPECT_EQ(Rows(), "1");
  EXPECT_EQ(Recorded(), "svc|1|1|1001");
}

TEST_F(MaterialiseTest, AQueryOnlySelects) {
  Ask("CREATE TABLE base AS SELECT 1 AS a");
  Failed(Code::kInvalidArgument, Table("DELETE FROM base RETURNING a"));
  Failed(Code::kInvalidArgument, Table("ANALYZE DELETE FROM base"));
  EXPECT_EQ(Rows("base"), "1");
}

TEST_F(MaterialiseTest, AQueryIsNotCutAtAZeroByte) {
  const std::string query("SELECT 1 AS a\0 WHERE false", 26);
  Failed(Code::kInvalidArgument, Table(query));
  EXPECT_EQ(KindOf(), "");
}

TEST_F(MaterialiseTest, ARunFindsTheSessionAsTheOneBeforeDid) {
  Ask("CREATE SCHEMA aside; CREATE TABLE aside.base AS SELECT 1 AS a");
  Making making = Table("SELECT a FROM base");
  making.task.add_pre_hooks("SET search_path = aside");
  Done(making);
  EXPECT_THAT(Failed(Code::kInvalidArgument, Table("SELECT a FROM base")),
              HasSubstr("relation \"base\" does not exist"));
}

}  // namespace
}  // namespace fft::sql
