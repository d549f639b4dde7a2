#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>

#include "server/base/handle.h"
#include "server/base/status.h"

namespace fft::sql {

/// One statement and its parameters, as text.
struct Statement {
  std::string text;
  std::vector<std::string> parameters = {};
  /// Where in `text` the user's own begins and what it is called, for errors.
  std::size_t own_at = 0;
  std::string own_name = {};
  /// It comes again and again, of nobody's own text: the session has the server parse it once.
  bool is_kept = false;
};

/// What a statement answered: rows of text.
class Answer {
 public:
  explicit Answer(PGresult* result) : result_(result) {}
  int rows() const { return PQntuples(result_.get()); }
  std::string_view at(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::int64_t number(int row, int column) const;
  /// Rows that a statement made or touched.
  std::int64_t touched() const;

 private:
  Handle<PGresult, PQclear> result_;
};

/// Ends whatever a session is doing on the server.  Safe from any thread; outlives the session.
class Canceller {
 public:
  explicit Canceller(PGconn* connection) : cancel_(PQgetCancel(connection)) {}
  void Cancel() const;

 private:
  Handle<PGcancel, PQfreeCancel> cancel_;
};

/// A session with PostgreSQL, by one thread at a time.  Never reconnects by itself.
///
/// Errors carry {"sqlstate": ...} and say what to do:
///   UNAVAILABLE       the server is away, or undid it for a reason that passes: try again
///   INVALID_ARGUMENT  the statement's own fault; with the line in the user's text
///   CANCELLED         by Canceller or statement_timeout
///   UNKNOWN           the connection broke while a COMMIT was under way: done or not
class Session {
 public:
  /// FAILED_PRECONDITION: refused, a wrong password say; UNAVAILABLE: nobody answers.  Neither
  /// tells the password.
  static StatusOr<Session> Open(const std::string& conninfo, const std::string& program);

  /// It may be used for something else: open, and in no transaction.
  bool IsAlive() const;
  PGconn* raw() const { return connection_.get(); }

  /// All of them in one round trip, up to the first that fails.  Outside of a transaction each run
  /// is one.
  StatusOr<std::vector<Answer>> Run(const std::vector<Statement>& statements);
  /// Undoes an open transaction.
  void Rollback();
  /// Forgets what was set, locked or made for the session alone; one that can't is closed.
  void Discard();
  /// `COPY ... FROM STDIN` of what `next` gives until it gives nothing; the rows.  `name`: what
  /// errors call it.
  StatusOr<std::int64_t> CopyIn(const std::string& statement, const std::string& name,
                                const std::function<StatusOr<std::string>()>& next);
  /// `COPY ... TO STDOUT`, a row at a time; what comes after `take` failed is read and dropped.
  Status CopyOut(const std::string& statement, const std::function<Status(std::string_view)>& take);

 private:
  /// A statement on its way, and what it is kept as; empty: it is not.
  struct Sent {
    const Statement* statement;
    std::string name;
    bool is_new;  // an answer to its being kept comes first
  };
  Sent Keep(const Statement& statement, const std::vector<Sent>& sent);
  bool Send(const Sent& sent) const;
  Status ReadAnswers(const std::vector<Sent>& sent, std::vector<Answer>* answers);

  Handle<PGconn, PQfinish> connection_;
  std::map<std::string, std::string> kept_;  // statements by their text: names that the server has
  /// Of the last name: from a number of its own, as a pooler may give one server to several.
  std::uint32_t last_kept_ = 0;
};

/// `"name"`, with quotes inside doubled.
std::string Quoted(std::string_view name);
/// "schema"."name"
std::string Quoted(std::string_view schema, std::string_view name);

/// The code of an error of PostgreSQL; empty: it had none.
std::string SqlStateOf(const Status& status);

}  // namespace fft::sql
