#pragma once

#include <string>

#include <libpq-fe.h>

#include "server/base/handle.h"
#include "tests/support/temporary_postgres.h"

namespace fft::sql {

/// The one server of this program.
TemporaryPostgres& Server();

/// A new, empty database on it, and a session there that owes nothing to the code under test.
class Database {
 public:
  Database();

  const std::string& conninfo() const { return conninfo_; }
  /// The rows that `sql` answers, one a line, columns between `|`, NULL as `~`.  Several statements
  /// are one transaction.  A failure fails the test.
  std::string Ask(const std::string& sql) const;

  /// That the session of process `pid` waits for something: `PgSleep`, or `Lock` of any sort.
  bool Waits(int pid, const std::string& what) const;
  /// Ends the session of process `pid`, and waits until it is gone.
  void Kill(int pid) const;

 private:
  std::string conninfo_;
  Handle<PGconn, PQfinish> connection_;
};

}  // namespace fft::sql
