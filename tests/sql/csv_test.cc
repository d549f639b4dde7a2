#include "tests/sql/sql_fixture.h"
#include "tests/support/temporary_folder.h"

namespace fft::sql {
namespace {

using testing::HasSubstr;

using Columns = std::vector<std::pair<std::string, std::string>>;

class CsvTest : public SqlTest {
 protected:
  Making Csv(const std::string& text, const Columns& columns) {
    Making making = Table("");
    making.task.clear_query();
    making.task.set_csv("seeds/t.csv");
    making.csv = folder_.Write("seeds/t.csv", text);
    for (const auto& [name, type] : columns) {
      v1::SqlColumn* column = making.task.add_columns();
      column->set_name(name);
      column->set_type(type);
    }
    return making;
  }

  /// A file whose value the server takes a minute to accept.
  Making Slow() {
    Making making = Csv("a\n1\n", {{"a", "public.slow"}});
    making.task.add_pre_hooks(
        "CREATE DOMAIN public.slow AS int CHECK (VALUE > 0 AND pg_sleep(60)::text = '')");
    return making;
  }

  const TemporaryFolder folder_;
};

TEST_F(CsvTest, RowsAreLoadedByTheirTypes) {
  const Made made = Done(
      Csv("id,name,on,\"the price\"\n1,a,2024-02-29,1.50\n2,,,\n3,\"\",,-0.25\n",
          {{"id", "bigint"}, {"name", "text"}, {"on", "date"}, {"the price", "numeric(10, 2)"}}));
  EXPECT_EQ(Rows(), "1|a|2024-02-29|1.50\n2|~|~|~\n3||~|-0.25");
  EXPECT_EQ(made.rows, 3);
  EXPECT_EQ(std::to_string(made.bytes), Ask("SELECT pg_total_relation_size('mart.t')"));
  EXPECT_EQ(made.scanned, -1);
  EXPECT_EQ(Ask("SELECT reltuples FROM pg_class WHERE oid = 'mart.t'::regclass"), "3");
  EXPECT_EQ(Ask("SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
                "WHERE attrelid = 'mart.t'::regclass AND attnum > 0 ORDER BY attnum"),
            "bigint\ntext\ndate\nnumeric(10,2)");
  EXPECT_EQ(Recorded(), "svc|1|1|1001");
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 1|postgres");
}

TEST_F(CsvTest, QuotedFieldsMayHoldNewlinesQuotesAndCommas) {
  Done(Csv("a,b\n\"two\nlines\",\"say \"\"hi\"\", ok\"\nä,\\.x\n", {{"a", "text"}, {"b", "text"}}));
  EXPECT_EQ(Ask("SELECT * FROM mart.t ORDER BY a LIKE 'ä'"), "two\nlines|say \"hi\", ok\nä|\\.x");
}

TEST_F(CsvTest, LinesMayEndAsOnWindowsAndTheLastNotAtAll) {
  Done(Csv("a,b\r\n1,x\r\n2,y", {{"a", "int"}, {"b", "text"}}));
  EXPECT_EQ(Rows(), "1|x\n2|y");
}

TEST_F(CsvTest, AHeaderAloneMakesAnEmptyTable) {
  EXPECT_EQ(Done(Csv("a,b\n", {{"a", "int"}, {"b", "text"}})).rows, 0);
  EXPECT_EQ(KindOf(), "r");
  EXPECT_EQ(Rows(), "");
  EXPECT_EQ(Done(Csv("", {{"a", "int"}})).rows, 0);
}

TEST_F(CsvTest, ALargeFileIsLoadedWhole) {
  std::string text = "n,filler\n";
  for (int n = 0; n < 20000; ++n) text += std::to_string(n) + ",\"äö\nü\"\n";
  EXPECT_EQ(Done(Csv(text, {{"n", "int"}, {"filler", "text"}})).rows, 20000);
  EXPECT_EQ(Ask("SELECT count(*), sum(n), count(DISTINCT filler) FROM mart.t"),
            "20000|199990000|1");
}

TEST_F(CsvTest, AnotherFileReplacesTheTable) {
  Done(Table("SELECT 1 AS other"));
  Done(Csv("a\n2\n", {{"a", "int"}}));
  EXPECT_EQ(Rows(), "2");
  Done(View("SELECT 3 AS a"));
  Done(Csv("a\n4\n", {{"a", "int"}}));
  EXPECT_EQ(KindOf(), "r");
  EXPECT_EQ(Rows(), "4");
}

TEST_F(CsvTest, NamesAreQuoted) {
  Making making = Csv("x\n1\n", {{"A \"b\" c'd", "int"}});
  making.schema = "Sche\"ma";
  making.relation = "Seed's";
  Done(making);
  EXPECT_EQ(Rows("\"Sche\"\"ma\".\"Seed's\""), "1");
}

TEST_F(CsvTest, ABadValueIsNamedByLineAndColumn) {
  Done(Csv("a\n1\n", {{"a", "int"}}));
  const std::string ran = Recorded();
  const auto made = Make(Csv("a,count\n\"1\n2\",3\nx,many\n", {{"a", "text"}, {"count", "int"}}));
  EXPECT_EQ(made.status().code(), Code::kInvalidArgument) << made.status();
  const std::string message = Message(made.status());
  EXPECT_THAT(message, HasSubstr("invalid input syntax for type integer: \"many\""));
  EXPECT_THAT(message, HasSubstr("line 4, column count")) << "a quoted newline is one, too";
  EXPECT_EQ(SqlStateOf(made.status()), "22P02");
  EXPECT_EQ(Rows(), "1");
  EXPECT_EQ(Recorded(), ran);
  Done(Csv("a\n5\n", {{"a", "int"}}));
  EXPECT_EQ(Rows(), "5") << "the session is of use";
}

TEST_F(CsvTest, LinesOfAnotherWidthAreNamed) {
  const Columns columns = {{"a", "int"}, {"b", "int"}};
  EXPECT_THAT(Failed(Code::kInvalidArgument, Csv("a,b\n1,2\n3\n", columns)),
              HasSubstr("missing data for column \"b\""));
  EXPECT_THAT(Failed(Code::kInvalidArgument, Csv("a,b\n1,2\n3,4,5\n", columns)),
              HasSubstr("line 3"));
  EXPECT_EQ(KindOf(), "");
  EXPECT_EQ(Recorded(), "");
}

TEST_F(CsvTest, BytesThatAreNoUtf8AreRefused) {
  EXPECT_THAT(Failed(Code::kInvalidArgument, Csv("a\nfine\n\xff\n", {{"a", "text"}})),
              HasSubstr("line 3"));
}

TEST_F(CsvTest, ATypeThatDoesNotExistIsNamed) {
  EXPECT_THAT(Failed(Code::kInvalidArgument, Csv("a\n1\n", {{"a", "integr"}})),
              HasSubstr("type \"integr\" does not exist"));
}

TEST_F(CsvTest, AFileThatIsGoneIsNamed) {
  Making making = Csv("a\n1\n", {{"a", "int"}});
  making.csv = folder_ / "gone.csv";
  EXPECT_THAT(Failed(Code::kUnavailable, making), HasSubstr(making.csv));
  making.csv = folder_.path();
  EXPECT_THAT(Failed(Code::kUnavailable, making), HasSubstr(making.csv));
  EXPECT_EQ(KindOf(), "");
  EXPECT_EQ(Recorded(), "");
}

TEST_F(CsvTest, HooksRunAround) {
  Making making = Csv("a\n1\n", {{"a", "public.positive"}});
  making.task.add_pre_hooks("CREATE DOMAIN public.positive AS int CHECK (VALUE > 0)");
  making.task.add_post_hooks("UPDATE mart.t SET a = a + 1");
  Done(making);
  EXPECT_EQ(Rows(), "2");
}

TEST_F(CsvTest, TheScanLimitIsNotOfFiles) {
  Making making = Csv("a\n1\n2\n", {{"a", "int"}});
  making.scan_max = 1;
  EXPECT_EQ(Done(making).rows, 2);
}

TEST_F(CsvTest, AStopEndsTheLoad) {
  Making making = Csv("a\n1\n", {{"a", "int"}});
  std::stop_source stop;
  stop.request_stop();
  making.stop = stop.get_token();
  Failed(Code::kCancelled, making);
  EXPECT_EQ(KindOf(), "");
}

TEST_F(CsvTest, ALoadIsSubjectToItsLimitAndToACancel) {
  Making making = Slow();
  making.wall_max = std::chrono::milliseconds(300);
  Failed(Code::kDeadlineExceeded, making);
  const Canceller canceller(session_.raw());
  auto begun = Begin(session_, Slow());
  EXPECT_TRUE(database_.Waits(PidOf(session_), "PgSleep"));
  canceller.Cancel();
  const auto made = begun.get();
  EXPECT_EQ(made.status().code(), Code::kCancelled) << made.status();
  EXPECT_EQ(KindOf(), "");
  EXPECT_EQ(Recorded(), "");
}

TEST_F(CsvTest, ASessionThatIsKilledInALoadMayBeTriedAgain) {
  auto begun = Begin(session_, Slow());
  EXPECT_TRUE(database_.Waits(PidOf(session_), "PgSleep"));
  database_.Kill(PidOf(session_));
  const auto made = begun.get();
  EXPECT_EQ(made.status().code(), Code::kUnavailable) << made.status();
  EXPECT_EQ(Recorded(), "");
}

TEST_F(CsvTest, TheSameNodeLoadsOnce) {
  const Making making = Csv("a\n1\n", {{"a", "int"}});
  Done(making);
  folder_.Write("seeds/t.csv", "a\nbad\n");
  EXPECT_TRUE(Done(making).was_made);
  EXPECT_EQ(Rows(), "1");
}

TEST_F(CsvTest, AWordMayStandForNullQuotedOrNot) {
  Making making = Csv("a,b\n1,\"\"\n\\N,\n3,\"\\N\"\n", {{"a", "int"}, {"b", "text"}});
  making.csv_null = "\\N";
  Done(making);
  EXPECT_EQ(Ask("SELECT * FROM mart.t ORDER BY a"), "1|\n3|~\n~|");
}

TEST_F(CsvTest, AnIncrementalTableIsAddedToFromAFile) {
  const Columns columns = {{"id", "int"}, {"v", "text"}};
  const auto load = [&](const std::string& text) {
    Making making = Csv(text, columns);
    making.task.set_materialization(v1::MATERIALIZATION_INCREMENTAL);
    making.task.add_unique_key("id");
    return making;
  };
  EXPECT_EQ(Done(load("id,v\n1,a\n2,b\n")).rows, 2);
  EXPECT_EQ(Done(load("id,v\n2,B\n3,C\n")).rows, 2);
  EXPECT_EQ(Rows(), "1|a\n2|B\n3|C");
  Making making = load("id,v\n4,D\n");
  making.task.add_unique_key("nope");
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), HasSubstr("unique_key nope"));
  Failed(Code::kInvalidArgument, load("id,v\n5,E\nx,F\n"));
  EXPECT_EQ(Rows(), "1|a\n2|B\n3|C");
}

}  // namespace
}  // namespace fft::sql
