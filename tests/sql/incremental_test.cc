#include "tests/sql/sql_fixture.h"

namespace fft::sql {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class IncrementalTest : public SqlTest {
 protected:
  Making Keyed(const std::string& query, const std::string& delta,
               const std::vector<std::string>& key) {
    Making making = Incremental(query, delta);
    for (const std::string& column : key) making.task.add_unique_key(column);
    return making;
  }
  Making Changing(v1::OnSchemaChange change, const std::string& delta) {
    Making making = Keyed("SELECT 1 AS id, 'one' AS name, 1.5 AS old", delta, {"id"});
    making.task.set_on_schema_change(change);
    return making;
  }
  /// Columns and their types, as pg_attribute has them.
  std::string Columns() const {
    return Ask(
        "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY "
        "attnum) FROM pg_attribute WHERE attrelid = 'mart.t'::regclass AND attnum > 0 "
        "AND NOT attisdropped");
  }
  std::string Oid() const { return Ask("SELECT 'mart.t'::regclass::oid"); }
};

TEST_F(IncrementalTest, TheFirstRunMakesATableAndTheNextAddsToIt) {
  const std::string query = "SELECT g AS id, 'old' AS name FROM generate_series(1, 3) g";
  const std::string delta = "SELECT g AS id, 'new' AS name FROM generate_series(3, 4) g;\n";
  const Made first = Done(Keyed(query, delta, {"id"}));
  EXPECT_EQ(Rows(), "1|old\n2|old\n3|old");
  EXPECT_EQ(first.rows, 3);
  const std::string oid = Oid();
  Ask("CREATE VIEW mart.above AS SELECT * FROM mart.t");
  const Made second = Done(Keyed(query, delta, {"id"}));
  EXPECT_EQ(Rows(), "1|old\n2|old\n3|new\n4|new");
  EXPECT_EQ(second.rows, 2) << "what was added";
  EXPECT_EQ(std::to_string(second.bytes), Ask("SELECT pg_total_relation_size('mart.t')"));
  EXPECT_GE(second.scanned, 2);
  EXPECT_EQ(Oid(), oid) << "the same table";
  EXPECT_EQ(KindOf("mart.above"), "v");
  EXPECT_EQ(Ask("SELECT reltuples FROM pg_class WHERE oid = 'mart.t'::regclass"), "4");
  EXPECT_EQ(Recorded(), "svc|1|2|1002");
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 2|postgres");
}

TEST_F(IncrementalTest, WithoutADeltaTheQueryItselfIsAdded) {
  Done(Keyed("SELECT 1 AS id, 'a' AS v", "", {"id"}));
  Done(Keyed("SELECT g AS id, 'b' AS v FROM generate_series(1, 2) g", "", {"id"}));
  EXPECT_EQ(Rows(), "1|b\n2|b");
}

TEST_F(IncrementalTest, AKeyMayHaveMoreColumnsThanOne) {
  Done(Keyed("SELECT * FROM (VALUES (1, 'x', 10), (1, 'y', 20), (2, 'x', 30)) v (a, b, n)", "",
             {"a", "b"}));
  const Made made =
      Done(Keyed("", "SELECT * FROM (VALUES ('y', 1, 21), ('y', 2, 40)) v (b, a, n)", {"a", "b"}));
  EXPECT_EQ(made.rows, 2);
  EXPECT_EQ(Ask("SELECT * FROM mart.t ORDER BY a, b"), "1|x|10\n1|y|21\n2|x|30\n2|y|40");
}

TEST_F(IncrementalTest, WithoutAKeyRowsAreAppended) {
  Done(Incremental("SELECT 1 AS id", "SELECT 1 AS id"));
  Done(Incremental("SELECT 1 AS id", "SELECT 1 AS id"));
  Done(Incremental("SELECT 1 AS id", "SELECT 2 AS id"));
  EXPECT_EQ(Rows(), "1\n1\n2");
}

TEST_F(IncrementalTest, RowsOfOneKeyAreAllReplacedAndAllAdded) {
  Done(Keyed("SELECT 1 AS id, g AS n FROM generate_series(1, 3) g", "", {"id"}));
  EXPECT_EQ(Done(Keyed("", "SELECT 1 AS id, g AS n FROM generate_series(7, 8) g", {"id"})).rows, 2);
  EXPECT_EQ(Ask("SELECT * FROM mart.t ORDER BY 1, 2"), "1|7\n1|8");
}

TEST_F(IncrementalTest, ADeltaMayReadTheTableAndMayBeEmpty) {
  Done(Incremental("SELECT 1 AS id", ""));
  Done(Incremental("", "SELECT max(id) + 1 AS id FROM mart.t"));
  EXPECT_EQ(Rows(), "1\n2");
  EXPECT_EQ(Done(Incremental("", "SELECT id FROM mart.t WHERE id > 9")).rows, 0);
  EXPECT_EQ(Rows(), "1\n2");
}

TEST_F(IncrementalTest, ColumnsAreMatchedByName) {
  Done(Keyed("SELECT 1 AS id, 'a' AS x, 'b' AS y", "SELECT 'Y' AS y, 2 AS id, 'X' AS x", {"id"}));
  Done(Keyed("", "SELECT 'Y' AS y, 2 AS id, 'X' AS x", {"id"}));
  EXPECT_EQ(Rows(), "1|a|b\n2|X|Y");
}

TEST_F(IncrementalTest, ChangedColumnsAreIgnored) {
  const auto change = v1::ON_SCHEMA_CHANGE_IGNORE;
  Done(Changing(change, ""));
  Done(Changing(change, "SELECT 'two' AS name, 2 AS id, now() AS fresh"));
  EXPECT_EQ(Columns(), "id integer, name text, old numeric");
  EXPECT_EQ(Rows(), "1|one|1.5\n2|two|~");
}

TEST_F(IncrementalTest, NewColumnsAreAppended) {
  const auto change = v1::ON_SCHEMA_CHANGE_APPEND_NEW_COLUMNS;
  Done(Changing(change, ""));
  Done(Changing(change, "SELECT 2 AS id, 'two' AS name, 7.25::numeric(6, 2) AS \"Fresh one\""));
  EXPECT_EQ(Columns(), "id integer, name text, old numeric, Fresh one numeric(6,2)");
  EXPECT_EQ(Rows(), "1|one|1.5|~\n2|two|~|7.25");
}

TEST_F(IncrementalTest, AllColumnsAreMadeToMatch) {
  const auto change = v1::ON_SCHEMA_CHANGE_SYNC_ALL_COLUMNS;
  Done(Changing(change, ""));
  Ask("CREATE VIEW mart.above AS SELECT old FROM mart.t");
  Done(Changing(change, "SELECT ARRAY['x'] AS fresh, 2 AS id, 'two' AS name"));
  EXPECT_EQ(Columns(), "id integer, name text, fresh text[]");
  EXPECT_EQ(Rows(), "1|one|~\n2|two|{x}");
  EXPECT_EQ(KindOf("mart.above"), "") << "it read a column that is gone";
  Done(Changing(change, "SELECT 3 AS id, 'three' AS name, ARRAY['y'] AS fresh"));
  EXPECT_EQ(Rows(), "1|one|~\n2|two|{x}\n3|three|{y}");
}

TEST_F(IncrementalTest, AFailingDeltaLeavesColumnsAndRows) {
  const auto change = v1::ON_SCHEMA_CHANGE_SYNC_ALL_COLUMNS;
  Done(Changing(change, ""));
  const std::string ran = Recorded();
  EXPECT_EQ(Failed(Code::kInvalidArgument, Changing(change, "SELECT 2 AS id,\nnothing")),
            "models/t.delta.sql:2: column \"nothing\" does not exist (SQLSTATE 42703)");
  Making making = Changing(change, "SELECT 1 AS id, 'new' AS name");
  making.task.add_post_hooks("SELECT 1 / 0");
  Failed(Code::kInvalidArgument, making);
  Failed(Code::kInvalidArgument, Changing(change, "SELECT 'x' AS id, 'new' AS name"));
  EXPECT_EQ(Columns(), "id integer, name text, old numeric");
  EXPECT_EQ(Rows(), "1|one|1.5");
  EXPECT_EQ(Recorded(), ran);
  EXPECT_EQ(Ask("SELECT count(*) FROM pg_class WHERE relpersistence = 't'"), "0");
}

TEST_F(IncrementalTest, AKeyThatIsNoColumnIsNamed) {
  Done(Keyed("SELECT 1 AS id", "", {"id"}));
  const std::string ran = Recorded();
  EXPECT_THAT(Failed(Code::kInvalidArgument, Keyed("", "SELECT 2 AS id, 3 AS b", {"id", "nope"})),
              testing::AllOf(StartsWith("models/t.delta.sql: "), HasSubstr("unique_key nope")));
  EXPECT_THAT(Failed(Code::kInvalidArgument, Keyed("SELECT 2 AS id", "", {"ID"})),
              testing::AllOf(StartsWith("models/t.sql: "), HasSubstr("unique_key ID")));
  EXPECT_EQ(Rows(), "1");
  EXPECT_EQ(Recorded(), ran);
}

TEST_F(IncrementalTest, AKeyThatTheTableLacksIsNamedUnlessItIsAppended) {
  Done(Incremental("SELECT 1 AS id", ""));
  EXPECT_THAT(Failed(Code::kInvalidArgument, Keyed("", "SELECT 2 AS id, 3 AS zeta", {"zeta"})),
              HasSubstr("zeta"));
  EXPECT_EQ(Rows(), "1");
  Making making = Keyed("", "SELECT 2 AS id, 3 AS zeta", {"zeta"});
  making.task.set_on_schema_change(v1::ON_SCHEMA_CHANGE_APPEND_NEW_COLUMNS);
  Done(making);
  EXPECT_EQ(Rows(), "1|~\n2|3");
}

TEST_F(IncrementalTest, NothingInCommonIsAnErrorThatNamesTheQuery) {
  Done(Incremental("SELECT 1 AS id", ""));
  EXPECT_THAT(Failed(Code::kInvalidArgument, Incremental("", "SELECT 2 AS other")),
              HasSubstr("models/t.delta.sql"));
  EXPECT_EQ(Rows(), "1");
}

TEST_F(IncrementalTest, AViewOfTheNameIsReplacedByATable) {
  Done(View("SELECT 1 AS id"));
  const Made made = Done(Keyed("SELECT 5 AS id", "SELECT 6 AS id", {"id"}));
  EXPECT_EQ(KindOf(), "r");
  EXPECT_EQ(Rows(), "5");
  EXPECT_EQ(made.rows, 1);
}

TEST_F(IncrementalTest, APartitionedTableIsAddedTo) {
  Ask("CREATE SCHEMA mart; CREATE TABLE mart.t (id int) PARTITION BY RANGE (id); "
      "CREATE TABLE mart.low PARTITION OF mart.t FOR VALUES FROM (0) TO (10)");
  Done(Keyed("SELECT 0", "SELECT 3 AS id", {"id"}));
  Done(Keyed("SELECT 0", "SELECT g AS id FROM generate_series(3, 4) g", {"id"}));
  EXPECT_EQ(KindOf(), "p");
  EXPECT_EQ(Rows("mart.low"), "3\n4");
}

TEST_F(IncrementalTest, HooksSurroundWhatIsAdded) {
  Done(Incremental("SELECT 1 AS id", ""));
  Making making = Incremental("", "SELECT id FROM feed");
  making.task.add_pre_hooks("CREATE TABLE feed AS SELECT 2 AS id");
  making.task.add_post_hooks("UPDATE mart.t SET id = id * 10");
  Done(making);
  EXPECT_EQ(Rows(), "10\n20");
}

TEST_F(IncrementalTest, ATableOfTheUsersMayBeCalledLikeAStage) {
  Done(Incremental("SELECT 1 AS id", ""));
  Making making = Incremental("", "SELECT id FROM public._fft_77");
  making.writer.run = 77;
  Ask("CREATE TABLE public._fft_77 AS SELECT 5 AS id");
  Done(making);
  EXPECT_EQ(Rows(), "1\n5");
}

}  // namespace
}  // namespace fft::sql
