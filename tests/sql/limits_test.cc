#include <thread>

#include "tests/sql/sql_fixture.h"

namespace fft::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kSleep[] = "SELECT 'new' AS a FROM pg_sleep(60)";
constexpr char kRolledBack[] =
    "DO $$ BEGIN RAISE EXCEPTION 'not this time' USING errcode = '40001'; END $$";

/// How a run ends that does not come to its own end.  An old table is there, and must stay.
class LimitsTest : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    Done(Table("SELECT 'old' AS a"));
    Ask("CREATE TABLE hooked (a int)");
    ran_ = Recorded();
    known_ = Fingerprints();
  }
  void ExpectUntouched() const {
    EXPECT_EQ(Rows(), "old");
    EXPECT_EQ(Rows("hooked"), "");
    EXPECT_EQ(Recorded(), ran_);
    EXPECT_EQ(Fingerprints(), known_);
  }
  void ExpectUntouchedAndUsable() {
    ExpectUntouched();
    Done(Table("SELECT 'next' AS a"));
    EXPECT_EQ(Rows(), "next");
  }
  Making Hooked(Making making) {
    making.task.add_pre_hooks("INSERT INTO hooked VALUES (1)");
    return making;
  }
  /// Kills the session that makes `making` when it sleeps on the server.
  Status StatusOfKilled(const Making& making) {
    auto begun = Begin(session_, making);
    EXPECT_TRUE(database_.Waits(PidOf(session_), "PgSleep"));
    database_.Kill(PidOf(session_));
    return begun.get().status();
  }

  std::string ran_, known_;
};

TEST_F(LimitsTest, AQueryThatWouldScanTooMuchIsNotRun) {
  for (Making making : {Table("SELECT g, 'new' AS a FROM generate_series(1, 100000) g"),
                        View("SELECT g, 'new' AS a FROM generate_series(1, 100000) g")}) {
    making = Hooked(making);
    making.scan_max = 99999;
    const std::string message = Failed(Code::kInvalidArgument, making);
    EXPECT_THAT(message, StartsWith("Aborting Postgres query: estimated scanned bytes "));
    EXPECT_THAT(message, HasSubstr("99999 bytes"));
  }
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, WhatAnIncrementalTableAddsIsWhatCounts) {
  const std::string large = "SELECT g AS a FROM generate_series(1, 100000) g";
  Making making = Incremental(large, "SELECT 'added' AS a");
  making.scan_max = 1000;
  const Made made = Done(making);
  EXPECT_LE(made.scanned, 1000);
  EXPECT_GT(made.scanned, 0);
  EXPECT_EQ(Rows(), "added\nold");
  making = Incremental("SELECT 1 AS a", large);
  making.scan_max = 1000;
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), StartsWith("Aborting Postgres query: "));
  EXPECT_EQ(Rows(), "added\nold");
}

TEST_F(LimitsTest, AQueryWithinItsScanLimitIsTold) {
  Making making = Table("SELECT g AS a FROM generate_series(1, 10) g");
  making.scan_max = 1000000;
  const std::int64_t scanned = Done(making).scanned;
  EXPECT_GT(scanned, 0);
  EXPECT_LE(scanned, 1000000);
  making = Table(making.query);
  making.scan_max = scanned;
  EXPECT_EQ(Done(making).scanned, scanned) << "the limit itself is allowed";
  making = View(making.query);
  making.scan_max = scanned;
  EXPECT_EQ(Done(making).scanned, scanned);
}

TEST_F(LimitsTest, TheScanLimitSeesWhatHooksOfBeforeMade) {
  Making making = Table("SELECT * FROM feed");
  making.task.add_pre_hooks("CREATE TABLE feed AS SELECT 'x' AS a");
  making.scan_max = 1 << 20;
  Done(making);
  EXPECT_EQ(Rows(), "x");
}

TEST_F(LimitsTest, AnEstimateBeyondAllNumbersIsTooMuch) {
  std::string from;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"})
    from += (from.empty() ? "" : ", ") + std::string("generate_series(1, 1000) ") + name;
  Making making = Table("SELECT 'new' AS a FROM " + from);
  making.scan_max = 1 << 30;
  making.wall_max = seconds(10);
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), StartsWith("Aborting Postgres query: "));
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, AScanLimitStillNamesTheLineOfAnError) {
  Making making = Table("SELECT 1 AS a,\nnothing");
  making.scan_max = 1;
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), StartsWith("models/t.sql:2: column"));
}

TEST_F(LimitsTest, WhatRunsLongerThanItMayIsEnded) {
  Making making = Hooked(Table(kSleep));
  making.wall_max = milliseconds(200);
  EXPECT_THAT(Failed(Code::kDeadlineExceeded, making), HasSubstr("200 ms"));
  ExpectUntouched();
  making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_post_hooks("SELECT pg_sleep(60)");
  making.wall_max = milliseconds(200);
  Failed(Code::kDeadlineExceeded, making);
  ExpectUntouched();
  making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_pre_hooks("SELECT pg_sleep(60)");
  making.wall_max = milliseconds(200);
  Failed(Code::kDeadlineExceeded, making);
  making = Hooked(Incremental("", kSleep));
  making.wall_max = milliseconds(200);
  Failed(Code::kDeadlineExceeded, making);
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, TheLimitIsOfAllStatementsTogether) {
  Making making = Hooked(Table("SELECT 'new' AS a FROM pg_sleep(0.7)"));
  making.task.add_post_hooks("SELECT pg_sleep(0.7)");
  making.wall_max = milliseconds(1000);
  Failed(Code::kDeadlineExceeded, making);
  ExpectUntouched();
  making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_pre_hooks("SELECT pg_sleep(0.7)");
  making.task.add_pre_hooks("SELECT pg_sleep(0.7)");
  making.wall_max = milliseconds(1000);
  Failed(Code::kDeadlineExceeded, making);
  ExpectUntouched();
}

TEST_F(LimitsTest, ALimitDoesNotOutliveItsRun) {
  Making making = Table("SELECT 'new' AS a");
  making.wall_max = seconds(59);
  Done(making);
  const auto shown = session_.Run({{.text = "SHOW statement_timeout"}});
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->front().at(0, 0), "0");
}

TEST_F(LimitsTest, ATimeoutOfTheServersOwnIsNotOurs) {
  Making making = Table("SELECT 'new' AS a");
  making.task.add_pre_hooks("SET LOCAL statement_timeout = 50");
  making.task.add_pre_hooks("SELECT pg_sleep(60)");
  making.wall_max = seconds(59);
  EXPECT_THAT(Failed(Code::kCancelled, making), HasSubstr("pre_hook 2"));
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, ACancelFromAnotherThreadEndsIt) {
  const Canceller canceller(session_.raw());
  for (const Making& making : {Table(kSleep), Incremental("", kSleep)}) {
    auto begun = Begin(session_, Hooked(making));
    EXPECT_TRUE(database_.Waits(PidOf(session_), "PgSleep"));
    ExpectUntouched();
    std::jthread([&] { canceller.Cancel(); }).join();
    const auto made = begun.get();
    EXPECT_EQ(made.status().code(), Code::kCancelled) << made.status();
    EXPECT_EQ(SqlStateOf(made.status()), "57014");
    ExpectUntouched();
  }
  canceller.Cancel();
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, ACancellerOutlivesItsSession) {
  const Canceller canceller(session_.raw());
  session_ = Session();
  canceller.Cancel();
}

TEST_F(LimitsTest, WhoIsStoppedBeforeTheStartBeginsNothing) {
  std::stop_source stop;
  stop.request_stop();
  for (Making making :
       {Table("SELECT nothing"), View("SELECT nothing"), Incremental("", "nothing")}) {
    making = Hooked(making);
    making.stop = stop.get_token();
    Failed(Code::kCancelled, making);
  }
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, WhoIsStoppedBetweenStepsGoesNoFurther) {
  std::stop_source stop;
  Making making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_pre_hooks("SELECT pg_advisory_xact_lock(7)");
  making.stop = stop.get_token();
  making.wall_max = seconds(60);
  Ask("SELECT pg_advisory_lock(7)");
  auto begun = Begin(session_, making);
  EXPECT_TRUE(database_.Waits(PidOf(session_), "advisory"));
  stop.request_stop();
  Ask("SELECT pg_advisory_unlock(7)");
  EXPECT_EQ(begun.get().status().code(), Code::kCancelled);
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, ASessionThatIsKilledBeforeItsCommitMayBeTriedAgain) {
  for (const Making& making : {Table(kSleep), Incremental("", kSleep)}) {
    const Status status = StatusOfKilled(Hooked(making));
    EXPECT_EQ(status.code(), Code::kUnavailable) << status;
    EXPECT_EQ(SqlStateOf(status), "57P01");
    EXPECT_FALSE(session_.IsAlive());
    EXPECT_EQ(Make(Table("SELECT 1")).status().code(), Code::kUnavailable);
    ExpectUntouched();
    session_ = NewSession();
  }
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, ASessionThatIsKilledInAHookMayBeTriedAgain) {
  Making making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_pre_hooks("SELECT pg_sleep(60)");
  const Status status = StatusOfKilled(making);
  EXPECT_EQ(status.code(), Code::kUnavailable) << status;
  ExpectUntouched();
}

TEST_F(LimitsTest, NobodyKnowsWhatBecameOfACommitThatBroke) {
  Ask("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'; "
      "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON hooked DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION slow()");
  Making making = Table("SELECT 'new' AS a");
  making.task.add_post_hooks("INSERT INTO hooked VALUES (1)");
  const Status status = StatusOfKilled(making);
  EXPECT_EQ(status.code(), Code::kUnknown) << status;
  ExpectUntouched();
}

TEST_F(LimitsTest, ACommitThatIsRefusedIsAnError) {
  Ask("ALTER TABLE hooked ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED");
  Making making = Table("SELECT 'new' AS a");
  making.task.add_post_hooks("INSERT INTO hooked VALUES (1), (1)");
  EXPECT_THAT(Failed(Code::kInvalidArgument, making), HasSubstr("(SQLSTATE 23505)"));
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, WhatTheServerUndidMayBeTriedAgain) {
  Making making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_pre_hooks(kRolledBack);
  EXPECT_EQ(Failed(Code::kUnavailable, making), "pre_hook 2: not this time (SQLSTATE 40001)");
  making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_post_hooks(kRolledBack);
  EXPECT_EQ(Failed(Code::kUnavailable, making), "post_hook 1: not this time (SQLSTATE 40001)");
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, WhetherItMayBeTriedAgainFollowsFromTheState) {
  const auto code = [&](const std::string& state) {
    Making making = Table("SELECT 'new' AS a");
    making.task.add_pre_hooks("DO $$ BEGIN RAISE EXCEPTION 'x' USING errcode = '" + state +
                              "'; END $$");
    const Status status = Make(making).status();
    EXPECT_EQ(SqlStateOf(status), state);
    return status.code();
  };
  for (const char* state : {"08000", "40001", "40P01", "53100", "53300", "55P03", "57P01", "57P03"})
    EXPECT_EQ(code(state), Code::kUnavailable) << state;
  for (const char* state : {"P0001", "22012", "42501", "23505", "55000"})
    EXPECT_EQ(code(state), Code::kInvalidArgument) << state;
  EXPECT_EQ(code("57014"), Code::kCancelled);
  ExpectUntouchedAndUsable();
}

TEST_F(LimitsTest, ADeadlockMayBeTriedAgain) {
  Ask("CREATE TABLE one (a int); CREATE TABLE two (a int)");
  Making making = Hooked(Table("SELECT 'new' AS a"));
  making.task.add_pre_hooks("SET LOCAL deadlock_timeout = '10ms'");
  making.task.add_pre_hooks("LOCK TABLE one");
  making.task.add_pre_hooks("SELECT pg_advisory_xact_lock(7)");
  making.task.add_pre_hooks("LOCK TABLE two");
  making.wall_max = seconds(60);
  Session other = NewSession();
  ASSERT_TRUE(other
                  .Run({{.text = "BEGIN"},
                        {.text = "SET LOCAL deadlock_timeout = '1min'"},
                        {.text = "LOCK TABLE two"}})
                  .ok());
  Ask("SELECT pg_advisory_lock(7)");
  auto begun = Begin(session_, making);
  EXPECT_TRUE(database_.Waits(PidOf(session_), "advisory"));
  auto locked =
      std::async(std::launch::async, [&] { return other.Run({{.text = "LOCK TABLE one"}}); });
  EXPECT_TRUE(database_.Waits(PidOf(other), "relation"));
  Ask("SELECT pg_advisory_unlock(7)");
  const auto made = begun.get();
  EXPECT_EQ(made.status().code(), Code::kUnavailable) << made.status();
  EXPECT_EQ(SqlStateOf(made.status()), "40P01");
  EXPECT_TRUE(locked.get().ok());
  other.Rollback();
  ExpectUntouchedAndUsable();
}

}  // namespace
}  // namespace fft::sql
