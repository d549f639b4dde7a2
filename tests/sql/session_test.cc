#include "client/sql/session.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/sql/sql_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_folder.h"

namespace fft::sql {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SessionTest : public SqlTest {
 protected:
  /// Of a session that cannot be opened.
  static Status Refused(const std::string& conninfo) {
    const auto session = Session::Open(conninfo, "test");
    EXPECT_FALSE(session.ok()) << conninfo;
    return session.status();
  }
  /// A role that must give its password, `the right one`; the connection string without it.
  std::string Guarded(const std::string& role) const {
    Ask("DROP ROLE IF EXISTS " + role);
    Ask("CREATE ROLE " + role + " LOGIN PASSWORD 'the right one'");
    const std::string path = Ask("SHOW hba_file");
    std::ifstream before(path, std::ios::binary);
    const std::string rules{std::istreambuf_iterator<char>(before), {}};
    std::ofstream(path, std::ios::trunc) << "local all " << role << " scram-sha-256\n" << rules;
    Ask("SELECT pg_reload_conf()");
    const std::string conninfo = database_.conninfo() + " user=" + role;
    EXPECT_TRUE(Eventually([&] { return !Session::Open(conninfo, "test").ok(); }));
    return conninfo;
  }
};

TEST_F(SessionTest, TheProgramIsKnownToTheServer) {
  EXPECT_EQ(Ask("SELECT application_name FROM pg_stat_activity WHERE pid = " +
                std::to_string(PidOf(session_))),
            "test");
  const auto named = Session::Open(database_.conninfo() + " application_name=mine", "fft-worker");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(Ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fft-worker'"),
            "1");
}

TEST_F(SessionTest, AWrongPasswordIsForAPersonAndNotToldOn) {
  const std::string guarded = Guarded("guarded");
  const auto session = Session::Open(guarded + " password='the right one'", "test");
  EXPECT_TRUE(session.ok()) << session.status();
  const Status wrong = Refused(guarded + " password=s3cret");
  EXPECT_EQ(wrong.code(), Code::kFailedPrecondition) << wrong;
  EXPECT_THAT(Message(wrong), HasSubstr("password authentication failed for user \"guarded\""));
  EXPECT_THAT(Message(wrong), Not(HasSubstr("s3cret")));
}

TEST_F(SessionTest, AMissingPasswordIsForAPerson) {
  const Status missing = Refused(Guarded("guarded_too"));
  EXPECT_EQ(missing.code(), Code::kFailedPrecondition) << missing;
  EXPECT_THAT(Message(missing), HasSubstr("password"));
}

TEST_F(SessionTest, UnknownRolesAndDatabasesAreForAPerson) {
  const Status role = Refused(database_.conninfo() + " user=nobody_here password=s3cret");
  EXPECT_EQ(role.code(), Code::kFailedPrecondition) << role;
  EXPECT_THAT(Message(role), HasSubstr("\"nobody_here\""));
  EXPECT_THAT(Message(role), Not(HasSubstr("s3cret")));
  const Status database = Refused(Server().conninfo("nothing_here"));
  EXPECT_EQ(database.code(), Code::kFailedPrecondition) << database;
  EXPECT_THAT(Message(database), HasSubstr("\"nothing_here\""));
}

TEST_F(SessionTest, WhereNobodyListensItMayBeTriedAgain) {
  const TemporaryFolder empty;
  EXPECT_EQ(Refused("host=" + empty.path() + " user=u password=s3cret").code(), Code::kUnavailable);
  const Status refused = Refused("postgresql://u:s3cret@127.0.0.1:1/d");
  EXPECT_EQ(refused.code(), Code::kUnavailable) << refused;
  EXPECT_THAT(Message(refused), HasSubstr("127.0.0.1"));
  EXPECT_THAT(Message(refused), Not(HasSubstr("s3cret")));
}

TEST_F(SessionTest, AConnectionStringThatIsNoneIsForAPersonAndNotToldOn) {
  for (const char* wrong : {"postgresql://u:s3cret%zz@h/d", "host=/nowhere password=my s3cret",
                            "postgresql://u:s3cret/x@h/d"}) {
    const Status status = Refused(wrong);
    EXPECT_NE(status.code(), Code::kUnavailable) << status;
    EXPECT_THAT(Message(status), Not(HasSubstr("s3cret")));
  }
}

TEST_F(SessionTest, AServerThatIsFullMayBeTriedAgain) {
  Ask("CREATE ROLE many LOGIN");
  std::vector<Session> sessions;
  Status full;
  while (full.ok() && sessions.size() < 100) {
    auto session = Session::Open(database_.conninfo() + " user=many", "test");
    full = session.status();
    if (session.ok()) sessions.push_back(*std::move(session));
  }
  EXPECT_EQ(full.code(), Code::kUnavailable) << full;
  sessions.clear();
  Ask("DROP ROLE many");
}

TEST_F(SessionTest, EachStatementHasItsAnswer) {
  const auto answers = session_.Run({
      {.text = "CREATE TABLE t (a int, b text)"},
      {.text = "INSERT INTO t VALUES ($1, $2), ($3, NULL)", .parameters = {"1", "it's", "-2"}},
      {.text = "SELECT a, b FROM t ORDER BY b"},
      {.text = "SELECT 1 WHERE false"},
  });
  ASSERT_TRUE(answers.ok()) << answers.status();
  ASSERT_EQ(answers->size(), 4U);
  EXPECT_EQ((*answers)[1].touched(), 2);
  EXPECT_EQ((*answers)[2].rows(), 2);
  EXPECT_EQ((*answers)[2].at(0, 1), "it's");
  EXPECT_EQ((*answers)[2].number(1, 0), -2);
  EXPECT_EQ((*answers)[2].at(1, 1), "");
  EXPECT_EQ((*answers)[3].rows(), 0);
  const auto none = session_.Run({});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->empty());
}

TEST_F(SessionTest, OutsideOfATransactionARunIsOne) {
  Ask("CREATE TABLE t (a int)");
  const auto failed = session_.Run(
      {{.text = "INSERT INTO t VALUES (1)"}, {.text = "SELECT 1 / 0"}, {.text = "SELEKT"}});
  EXPECT_EQ(SqlStateOf(failed.status()), "22012") << "the first that fails is told";
  EXPECT_EQ(Rows("t"), "");
  ASSERT_TRUE(session_.Run({{.text = "INSERT INTO t VALUES (2)"}}).ok());
  EXPECT_EQ(Rows("t"), "2");
}

TEST_F(SessionTest, ATransactionSpansRunsUntilItIsUndone) {
  Ask("CREATE TABLE t (a int)");
  ASSERT_TRUE(session_.Run({{.text = "BEGIN"}, {.text = "INSERT INTO t VALUES (1)"}}).ok());
  EXPECT_EQ(Rows("t"), "");
  const auto failed = session_.Run({{.text = "SELECT 1 / 0"}, {.text = "COMMIT"}});
  EXPECT_EQ(failed.status().code(), Code::kInvalidArgument) << failed.status();
  session_.Rollback();
  session_.Rollback();
  EXPECT_EQ(Rows("t"), "");
  ASSERT_TRUE(session_.Run({{.text = "INSERT INTO t VALUES (2)"}}).ok());
  EXPECT_EQ(Rows("t"), "2");
}

TEST_F(SessionTest, WhatIsKeptIsParsedOnce) {
  const Statement twice{.text = "SELECT $1::int * 2", .parameters = {"21"}, .is_kept = true};
  const std::string count = "SELECT count(*) FROM pg_prepared_statements";
  for (int i = 0; i < 3; ++i) {
    const auto answers = session_.Run({twice, {.text = "SELECT 7"}, twice, {.text = count}});
    ASSERT_TRUE(answers.ok()) << answers.status();
    EXPECT_EQ(answers->at(0).at(0, 0), "42");
    EXPECT_EQ(answers->at(1).at(0, 0), "7");
    EXPECT_EQ(answers->at(2).at(0, 0), "42");
    EXPECT_EQ(answers->at(3).at(0, 0), "1");
  }
}

TEST_F(SessionTest, WhatIsKeptAndWrongFailsAsEver) {
  const Statement good{.text = "SELECT 1", .is_kept = true};
  const Statement wrong{.text = "SELECT nothing FROM nowhere", .is_kept = true};
  for (int i = 0; i < 2; ++i) {
    const auto failed = session_.Run({{.text = "BEGIN"}, good, wrong, good, {.text = "COMMIT"}});
    EXPECT_EQ(failed.status().code(), Code::kInvalidArgument) << failed.status();
    EXPECT_EQ(SqlStateOf(failed.status()), "42P01");
    session_.Rollback();
    const auto answers = session_.Run({good});
    ASSERT_TRUE(answers.ok()) << answers.status();
    EXPECT_EQ(answers->front().at(0, 0), "1");
  }
  // Known, and fails only when it is run.
  Statement divided{.text = "SELECT 1 / $1::int", .parameters = {"1"}, .is_kept = true};
  ASSERT_TRUE(session_.Run({divided}).ok());
  divided.parameters = {"0"};
  EXPECT_EQ(SqlStateOf(session_.Run({divided, good}).status()), "22012");
  EXPECT_TRUE(session_.Run({good}).ok());
}

TEST_F(SessionTest, WhatWasKeptAndIsGoneMayBeTriedAgain) {
  const Statement kept{.text = "SELECT 1", .is_kept = true};
  ASSERT_TRUE(session_.Run({kept}).ok());
  ASSERT_TRUE(session_.Run({{.text = "DEALLOCATE ALL"}}).ok());
  const auto gone = session_.Run({kept});
  EXPECT_EQ(gone.status().code(), Code::kUnavailable) << gone.status();
  EXPECT_EQ(SqlStateOf(gone.status()), "26000");
  EXPECT_TRUE(session_.Run({kept}).ok());
  // Of somebody's own it is a mistake.
  const auto own = session_.Run({{.text = "DEALLOCATE nothing"}});
  EXPECT_EQ(own.status().code(), Code::kInvalidArgument) << own.status();
  session_.Discard();
  EXPECT_TRUE(session_.Run({kept}).ok());
}

TEST_F(SessionTest, AtMostSoManyAreKept) {
  for (int i = 0; i < 200; ++i) {
    const auto answers = session_.Run({{.text = "SELECT " + std::to_string(i), .is_kept = true}});
    ASSERT_TRUE(answers.ok()) << answers.status();
    EXPECT_EQ(answers->front().at(0, 0), std::to_string(i));
  }
  const auto count = session_.Run({{.text = "SELECT count(*) FROM pg_prepared_statements"}});
  EXPECT_LE(count->front().number(0, 0), 64);
  EXPECT_GT(count->front().number(0, 0), 0);
}

TEST_F(SessionTest, LargeStatementsAndAnswersDoNotBlockEachOther) {
  std::vector<Statement> statements;
  const std::string text(1 << 20, 'x');
  for (int i = 0; i < 16; ++i)
    statements.push_back({.text = "SELECT $1 || '" + text + "'", .parameters = {text}});
  const auto answers = session_.Run(statements);
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_EQ(answers->back().at(0, 0).size(), 2 * text.size());
}

TEST_F(SessionTest, ALineIsCountedInTheUsersTextAlone) {
  const auto message = [&](const std::string& before, const std::string& text) {
    return Message(
        session_.Run({{.text = before + text, .own_at = before.size(), .own_name = "q.sql"}})
            .status());
  };
  EXPECT_THAT(message("/* ä\n\n */ ", "SELECT\n1,\nx"), StartsWith("q.sql:3: "));
  EXPECT_THAT(message("/* ä\n\n */ ", "x"), StartsWith("q.sql:1: "));
  EXPECT_THAT(message("x\n", "SELECT 1"), StartsWith("q.sql: ")) << "the fault is ours";
  EXPECT_THAT(message("SELECT ", "1 +\n"), StartsWith("q.sql:")) << "at its end";
  EXPECT_EQ(Message(session_.Run({{.text = "SELECT x"}}).status()),
            "column \"x\" does not exist (SQLSTATE 42703)");
}

TEST_F(SessionTest, ASessionThatIsGoneIsNoticed) {
  EXPECT_TRUE(session_.IsAlive());
  EXPECT_FALSE(Session().IsAlive());
  Session killed = NewSession();
  database_.Kill(PidOf(killed));
  EXPECT_TRUE(Eventually([&] { return !killed.IsAlive(); }));
  EXPECT_EQ(killed.Run({{.text = "SELECT 1"}}).status().code(), Code::kUnavailable);
  EXPECT_EQ(killed.Run({{.text = "SELECT 1"}}).status().code(), Code::kUnavailable);
  killed.Rollback();
  Session unasked = NewSession();
  database_.Kill(PidOf(unasked));
  EXPECT_EQ(unasked.Run({{.text = "SELECT 1"}}).status().code(), Code::kUnavailable);
  EXPECT_FALSE(unasked.IsAlive());
}

TEST_F(SessionTest, ASessionThatTheServerClosedForIdlingMayBeTriedAgain) {
  for (const char* limit : {"SET idle_session_timeout = 1",
                            "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 1"}) {
    Session idle = NewSession();
    const std::string asked =
        "SELECT count(*) FROM pg_stat_activity WHERE pid = " + std::to_string(PidOf(idle));
    PQclear(PQexec(idle.raw(), limit));
    EXPECT_TRUE(Eventually([&] { return Ask(asked) == "0"; }));
    const Status status = idle.Run({{.text = "SELECT 1"}}).status();
    EXPECT_EQ(status.code(), Code::kUnavailable) << status;
  }
}

/// What `CopyIn` is to take: the parts, then what `last` is.
std::function<StatusOr<std::string>()> Parts(std::vector<std::string> parts, Status last = Ok()) {
  return [parts = std::move(parts), last, at = std::size_t{0}]() mutable -> StatusOr<std::string> {
    if (at < parts.size()) return parts[at++];
    if (last.ok()) return std::string();
    return last;
  };
}

TEST_F(SessionTest, CopyTakesPartsUntilThereAreNone) {
  Ask("CREATE TABLE t (a int, b text)");
  const auto rows =
      session_.CopyIn("COPY t FROM STDIN (FORMAT csv)", "rows", Parts({"1,\"a", "b\"\n2", ",c"}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, 2);
  EXPECT_EQ(Rows("t"), "1|ab\n2|c");
  EXPECT_EQ(*session_.CopyIn("COPY t FROM STDIN", "rows", Parts({})), 0);
}

TEST_F(SessionTest, CopyStopsWhenItsSourceFails) {
  Ask("CREATE TABLE t (a int)");
  const auto stopped = session_.CopyIn("COPY t FROM STDIN", "rows",
                                       Parts({"1\n", "2\n"}, Error(Code::kCancelled, "enough")));
  EXPECT_EQ(stopped.status(), Error(Code::kCancelled, "enough"));
  EXPECT_EQ(Rows("t"), "");
  EXPECT_TRUE(session_.Run({{.text = "SELECT 1"}}).ok()) << "the session is of use";
}

TEST_F(SessionTest, CopyTellsWhereTheDataIsWrong) {
  Ask("CREATE TABLE t (a int)");
  const auto wrong =
      session_.CopyIn("COPY t FROM STDIN (FORMAT csv)", "rows", Parts({"1\nx\n3\n"}));
  EXPECT_EQ(wrong.status().code(), Code::kInvalidArgument) << wrong.status();
  EXPECT_THAT(Message(wrong.status()), HasSubstr("line 2, column a: \"x\""));
  EXPECT_EQ(SqlStateOf(wrong.status()), "22P02");
  const auto nowhere = session_.CopyIn("COPY nowhere FROM STDIN", "rows", Parts({"1\n"}));
  EXPECT_EQ(SqlStateOf(nowhere.status()), "42P01");
  EXPECT_TRUE(session_.Run({{.text = "SELECT 1"}}).ok()) << "the session is of use";
}

TEST_F(SessionTest, CopyOnASessionThatIsKilledMayBeTriedAgain) {
  Ask("CREATE TABLE t (a int)");
  bool is_killed = false;
  const auto rows = session_.CopyIn("COPY t FROM STDIN", "rows", [&]() -> StatusOr<std::string> {
    if (!std::exchange(is_killed, true)) database_.Kill(PidOf(session_));
    return session_.IsAlive() ? std::string("1\n") : std::string();
  });
  EXPECT_EQ(rows.status().code(), Code::kUnavailable) << rows.status();
  EXPECT_EQ(Rows("t"), "");
}

TEST_F(SessionTest, CopyOutGivesRowByRow) {
  std::vector<std::string> rows;
  const auto take = [&](std::string_view row) {
    rows.emplace_back(row);
    return Ok();
  };
  const std::string query =
      "COPY (SELECT g, 'ä' FROM generate_series(1, 3) g) TO STDOUT (FORMAT csv)";
  EXPECT_EQ(session_.CopyOut(query, take), Ok());
  EXPECT_EQ(rows, (std::vector<std::string>{"1,ä\n", "2,ä\n", "3,ä\n"}));
  EXPECT_EQ(session_.CopyOut(query, [](std::string_view) { return Error(Code::kCancelled, "no"); }),
            Error(Code::kCancelled, "no"));
  const Status failed =
      session_.CopyOut("COPY (SELECT 1 / (2 - g) FROM generate_series(1, 3) g) TO STDOUT", take);
  EXPECT_EQ(failed.code(), Code::kInvalidArgument) << failed;
  EXPECT_EQ(SqlStateOf(failed), "22012");
  EXPECT_EQ(SqlStateOf(session_.CopyOut("COPY nowhere TO STDOUT", take)), "42P01");
  EXPECT_TRUE(session_.Run({{.text = "SELECT 1"}}).ok()) << "the session is of use";
}

TEST(QuotedTest, QuotesInsideAreDoubled) {
  EXPECT_EQ(Quoted("a"), "\"a\"");
  EXPECT_EQ(Quoted("a\"b\"\"c"), "\"a\"\"b\"\"\"\"c\"");
  EXPECT_EQ(Quoted("s.t", "x"), "\"s.t\".\"x\"");
  EXPECT_EQ(SqlStateOf(Error(Code::kInternal, "no state")), "");
}

}  // namespace
}  // namespace fft::sql
