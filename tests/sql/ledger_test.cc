#include "client/sql/ledger.h"

#include <thread>

#include "tests/sql/sql_fixture.h"
#include "tests/support/eventually.h"

namespace fft::sql {
namespace {

using testing::HasSubstr;

class LedgerTest : public SqlTest {
 protected:
  /// `query`, by the given run.
  Making By(const Writer& writer, const std::string& query) {
    Making making = Table(query);
    making.writer = writer;
    return making;
  }
  static Writer Of(std::int64_t epoch, std::int64_t run, std::int64_t node,
                   const std::string& service = "svc") {
    return {.service = service, .epoch = epoch, .run = run, .node = node};
  }
};

TEST_F(LedgerTest, ANodeWritesOnce) {
  Done(By(Of(1, 5, 50), "SELECT 1 AS a"));
  const std::string when = Ask("SELECT ended_at FROM mart._ff_run");
  Making again = By(Of(2, 9, 50), "SELECT nothing");
  again.task.add_pre_hooks("SELECT 1 / 0");
  const Made made = Done(again);
  EXPECT_TRUE(made.was_made);
  EXPECT_EQ(Rows(), "1");
  EXPECT_EQ(Recorded(), "svc|1|5|50");
  EXPECT_EQ(Ask("SELECT ended_at FROM mart._ff_run"), when);
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 1|postgres");
  EXPECT_EQ(Ask("SELECT count(*) FROM pg_locks WHERE pid = " + std::to_string(PidOf(session_)) +
                " AND locktype <> 'virtualxid'"),
            "0")
      << "no transaction is left open";
}

TEST_F(LedgerTest, AnEarlierAttemptAtTheNodeCountsEvenIfItsRunWasLater) {
  Done(By(Of(3, 5, 50), "SELECT 1 AS a"));
  EXPECT_TRUE(Done(By(Of(2, 4, 50), "SELECT nothing")).was_made);
}

TEST_F(LedgerTest, ALaterRunIsNotOverwritten) {
  Done(By(Of(3, 5, 50), "SELECT 1 AS a"));
  Ask("CREATE TABLE hooked (a int)");
  for (const Writer& late : {Of(3, 4, 40), Of(2, 9, 41), Of(1, 1, 42)})
    for (Making making : {By(late, "SELECT 2 AS a"), By(late, "SELECT nothing")}) {
      making.task.add_pre_hooks("INSERT INTO hooked VALUES (1)");
      EXPECT_THAT(Failed(Code::kAborted, making), HasSubstr("\"mart\".\"t\""));
    }
  EXPECT_EQ(Rows(), "1");
  EXPECT_EQ(Rows("hooked"), "");
  EXPECT_EQ(Recorded(), "svc|3|5|50");
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 1|postgres");
  Done(By(Of(3, 6, 60), "SELECT 3 AS a"));
  Done(By(Of(4, 1, 61), "SELECT 4 AS a"));
  EXPECT_EQ(Rows(), "4");
  EXPECT_EQ(Recorded(), "svc|4|1|61");
}

TEST_F(LedgerTest, NumbersOfAnotherServiceMeanNothing) {
  Done(By(Of(9, 9, 50, "other"), "SELECT 1 AS a"));
  const Made made = Done(By(Of(1, 1, 50), "SELECT 2 AS a"));
  EXPECT_FALSE(made.was_made);
  EXPECT_EQ(Rows(), "2");
  EXPECT_EQ(Recorded(), "svc|1|1|50");
  EXPECT_FALSE(Done(By(Of(9, 9, 50, "other"), "SELECT 3 AS a")).was_made);
  EXPECT_EQ(Recorded(), "other|9|9|50");
}

TEST_F(LedgerTest, EachRelationHasItsRow) {
  Making other = By(Of(9, 9, 50), "SELECT 1 AS a");
  other.relation = "other";
  other.node_name = "other.ff";
  Done(other);
  Done(By(Of(1, 1, 51), "SELECT 2 AS a"));
  EXPECT_EQ(Ask("SELECT relation, node FROM mart._ff_run ORDER BY 1"), "other|50\nt|51");
  EXPECT_EQ(Fingerprints(), "other.ff|other|print 1|postgres\nt.ff|t|print 2|postgres");
}

TEST_F(LedgerTest, ANodeHasOneFingerprint) {
  for (int i = 0; i < 3; ++i) Done(Table("SELECT 1 AS a"));
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 3|postgres");
  EXPECT_EQ(Ask("SELECT built_at > now() - interval '1 hour' FROM mart._ff_meta"), "t");
  Making unnamed = Table("SELECT 1 AS a");
  unnamed.node_name.clear();
  Done(unnamed);
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 3|postgres");
}

TEST_F(LedgerTest, AMetaTableWithoutAKeyStillHasOneRowANode) {
  Ask("CREATE SCHEMA mart; CREATE TABLE mart._ff_meta (node_name text, relation text, "
      "fingerprint text, engine text, built_at timestamp DEFAULT now()); "
      "INSERT INTO mart._ff_meta VALUES ('t.ff', 't', 'old', 'postgres'), "
      "('t.ff', 't', 'older', 'postgres'), ('u.ff', 'u', 'kept', 'postgres')");
  Done(Table("SELECT 1 AS a"));
  Done(Table("SELECT 1 AS a"));
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 2|postgres\nu.ff|u|kept|postgres");
}

TEST_F(LedgerTest, TablesAreMadeOnceByAnyNumberAtOnce) {
  constexpr int kSessions = 6;
  std::vector<Status> prepared(kSessions, Error(Code::kUnknown, "not yet"));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kSessions; ++i)
      threads.emplace_back([&, i] {
        Session session = NewSession();
        prepared[static_cast<std::size_t>(i)] = Ledger("new \"one\"", "t").Prepare(session);
      });
  }
  for (const Status& status : prepared) EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(Ask("SELECT count(*) FROM \"new \"\"one\"\"\"._ff_run"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM \"new \"\"one\"\"\"._ff_meta"), "0");
}

TEST_F(LedgerTest, AMissingTableIsMadeBesideTheOther) {
  Done(Table("SELECT 1 AS a"));
  Ask("DROP TABLE mart._ff_meta");
  Done(Table("SELECT 2 AS a"));
  EXPECT_EQ(Fingerprints(), "t.ff|t|print 2|postgres");
  Ask("DROP TABLE mart._ff_run");
  Done(Table("SELECT 3 AS a"));
  EXPECT_EQ(Rows(), "3");
}

/// Of two at once the first holds the relation's row until its transaction ends.
class TwoWritersTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    other_ = NewSession();
    Done(By(Of(1, 1, 1), "SELECT 'old' AS a"));
  }
  /// Writes until `Release()`: its last hook waits for a lock that we have.
  std::future<StatusOr<Made>> BeginHolding(const Writer& writer, const std::string& end = "") {
    Making making = By(writer, "SELECT 'first' AS a");
    making.task.add_post_hooks("SELECT pg_advisory_xact_lock(7)");
    if (!end.empty()) making.task.add_post_hooks(end);
    making.wall_max = std::chrono::minutes(1);  // should the test fail before Release()
    Ask("SELECT pg_advisory_lock(7)");
    auto begun = Begin(session_, making);
    EXPECT_TRUE(database_.Waits(PidOf(session_), "advisory"));
    return begun;
  }
  /// Comes second, and waits.
  std::future<StatusOr<Made>> BeginWaiting(const Writer& writer, const std::string& query) {
    auto begun = Begin(other_, By(writer, query));
    EXPECT_TRUE(database_.Waits(PidOf(other_), "Lock"));
    return begun;
  }
  void Release() { Ask("SELECT pg_advisory_unlock(7)"); }

  Session other_;
};

TEST_F(TwoWritersTest, WhoComesSecondForTheSameNodeFindsItMade) {
  auto first = BeginHolding(Of(1, 2, 2));
  auto second = BeginWaiting(Of(1, 3, 2), "SELECT nothing");
  Release();
  const auto made = first.get();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(made->was_made);
  const auto again = second.get();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->was_made);
  EXPECT_EQ(Rows(), "first");
  EXPECT_EQ(Recorded(), "svc|1|2|2");
}

TEST_F(TwoWritersTest, AZombieThatWaitedWritesNothing) {
  auto first = BeginHolding(Of(1, 3, 3));
  auto zombie = BeginWaiting(Of(1, 2, 2), "SELECT 'zombie' AS a");
  Release();
  EXPECT_TRUE(first.get().ok());
  EXPECT_EQ(zombie.get().status().code(), Code::kAborted);
  EXPECT_EQ(Rows(), "first");
  EXPECT_EQ(Recorded(), "svc|1|3|3");
}

TEST_F(TwoWritersTest, AZombieThatWasFirstIsWaitedForAndOverwritten) {
  auto zombie = BeginHolding(Of(1, 2, 2));
  auto second = BeginWaiting(Of(1, 3, 3), "SELECT a || ' second' AS a FROM mart.t");
  Release();
  EXPECT_TRUE(zombie.get().ok());
  const auto made = second.get();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Rows(), "first second");
  EXPECT_EQ(Recorded(), "svc|1|3|3");
}

TEST_F(TwoWritersTest, WhenTheFirstFailsTheSecondMakesIt) {
  auto first = BeginHolding(Of(1, 3, 2), "SELECT 1 / 0");
  auto second = BeginWaiting(Of(1, 2, 2), "SELECT 'second' AS a");
  Release();
  EXPECT_EQ(first.get().status().code(), Code::kInvalidArgument);
  const auto made = second.get();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(made->was_made);
  EXPECT_EQ(Rows(), "second");
  EXPECT_EQ(Recorded(), "svc|1|2|2");
}

TEST_F(TwoWritersTest, WhoWaitsIsSubjectToItsLimit) {
  auto first = BeginHolding(Of(1, 2, 2));
  Making making = By(Of(1, 3, 3), "SELECT 'second' AS a");
  making.wall_max = std::chrono::milliseconds(200);
  const auto made = Materialise(other_, making);
  EXPECT_EQ(made.status().code(), Code::kDeadlineExceeded) << made.status();
  Release();
  EXPECT_TRUE(first.get().ok());
  EXPECT_EQ(Rows(), "first");
}

TEST_F(TwoWritersTest, WhoIsStoppedDoesNotEvenWait) {
  auto first = BeginHolding(Of(1, 2, 2));
  std::stop_source stop;
  stop.request_stop();
  Making making = By(Of(1, 3, 3), "SELECT 'second' AS a");
  making.stop = stop.get_token();
  making.wall_max = std::chrono::seconds(5);
  const auto made = Materialise(other_, making);
  EXPECT_EQ(made.status().code(), Code::kCancelled) << made.status();
  Release();
  EXPECT_TRUE(first.get().ok());
}

TEST_F(TwoWritersTest, TheFirstRunOfAllIsWaitedForToo) {
  Ask("DELETE FROM mart._ff_run");
  auto first = BeginHolding(Of(1, 2, 2));
  auto second = BeginWaiting(Of(1, 3, 2), "SELECT nothing");
  Release();
  EXPECT_TRUE(first.get().ok());
  const auto made = second.get();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(made->was_made);
}

TEST_F(TwoWritersTest, OtherRelationsAreNotWaitedFor) {
  auto first = BeginHolding(Of(1, 2, 2));
  Making making = By(Of(1, 3, 3), "SELECT 'beside' AS a");
  making.relation = "beside";
  making.node_name = "beside.ff";
  making.wall_max = std::chrono::seconds(20);
  const auto made = Materialise(other_, making);
  EXPECT_TRUE(made.ok()) << made.status();
  Release();
  EXPECT_TRUE(first.get().ok());
}

TEST_F(TwoWritersTest, ServicesWhoseRunsHaveOneNumberMakeTheirsSideBySide) {
  auto first = BeginHolding(Of(1, 2, 2));
  Making making = By(Of(1, 2, 2, "other"), "SELECT 'beside' AS a");
  making.relation = "beside";
  making.node_name = "beside.ff";
  making.wall_max = std::chrono::seconds(5);
  const auto made = Materialise(other_, making);
  EXPECT_TRUE(made.ok()) << made.status();
  Release();
  EXPECT_TRUE(first.get().ok());
}

}  // namespace
}  // namespace fft::sql
