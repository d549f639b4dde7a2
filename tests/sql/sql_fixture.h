#pragma once

#include <atomic>
#include <future>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/sql/materialise.h"
#include "tests/sql/database.h"

namespace fft::sql {

namespace v1 = build::v1;

/// A database and a session that makes relations there: `mart.t`, unless a test says otherwise.
class SqlTest : public testing::Test {
 protected:
  void SetUp() override { session_ = NewSession(); }

  Session NewSession() const {
    auto session = Session::Open(database_.conninfo(), "test");
    EXPECT_TRUE(session.ok()) << session.status();
    return session.ok() ? *std::move(session) : Session();
  }
  static int PidOf(const Session& session) { return PQbackendPID(session.raw()); }
  std::string Ask(const std::string& sql) const { return database_.Ask(sql); }
  std::string Rows(const std::string& relation = "mart.t") const {
    return Ask("SELECT * FROM " + relation + " ORDER BY 1");
  }

  /// What makes `query` a table, by a new run of a new node.
  Making Table(const std::string& query) {
    Making making;
    making.task.set_query("models/t.sql");
    making.query = query;
    making.schema = "mart";
    making.relation = "t";
    ++last_;
    making.writer = {.service = "svc", .epoch = 1, .run = last_, .node = last_ + 1000};
    making.node_name = "t.ff";
    making.fingerprint = "print " + std::to_string(last_);
    return making;
  }
  Making View(const std::string& query) {
    Making making = Table(query);
    making.task.set_materialization(v1::MATERIALIZATION_VIEW);
    return making;
  }
  /// `query` makes the table, `delta` what is added to it.
  Making Incremental(const std::string& query, const std::string& delta) {
    Making making = Table(query);
    making.task.set_materialization(v1::MATERIALIZATION_INCREMENTAL);
    if (!delta.empty()) making.task.set_delta_query("models/t.delta.sql");
    making.delta_query = delta;
    return making;
  }

  StatusOr<Made> Make(const Making& making) { return Materialise(session_, making); }
  /// The same, in a thread of its own.
  static std::future<StatusOr<Made>> Begin(Session& session, const Making& making) {
    return std::async(std::launch::async,
                      [&session, making] { return Materialise(session, making); });
  }
  /// What must succeed.
  Made Done(const Making& making) {
    const auto made = Make(making);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *made : Made{};
  }
  /// What must fail with `code`; the message.
  std::string Failed(Code code, const Making& making) {
    const auto made = Make(making);
    EXPECT_EQ(made.status().code(), code) << made.status();
    return Message(made.status());
  }

  /// The kind of what bears the name, as pg_class has it; empty: nothing does.
  std::string KindOf(const std::string& relation = "mart.t") const {
    return Ask("SELECT relkind FROM pg_class WHERE oid = to_regclass('" + relation + "')");
  }
  /// Runs that the ledger of `mart` has; none when there is no ledger.
  std::string Recorded() const { return Known("service, epoch, run, node", "mart._ff_run"); }
  std::string Fingerprints() const {
    return Known("node_name, relation, fingerprint, engine", "mart._ff_meta");
  }

  const Database database_;
  Session session_;

 private:
  std::string Known(const std::string& columns, const std::string& table) const {
    if (Ask("SELECT to_regclass('" + table + "') IS NULL") == "t") return "";
    return Ask("SELECT " + columns + " FROM " + table + " ORDER BY 1, 2");
  }

  std::int64_t last_ = 0;
};

}  // namespace fft::sql
