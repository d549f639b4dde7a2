#pragma once

#include <functional>
#include <string>

#include <libpq-fe.h>

#include "server/base/handle.h"
#include "server/base/status.h"
#include "server/store/params.h"
#include "server/store/row.h"

namespace fft::pg {

/// What a query answered.
class Result {
 public:
  explicit Result(PGresult* result) : result_(result) {}

  int size() const { return PQntuples(result_.get()); }
  bool empty() const { return size() == 0; }
  /// Rows that a statement without a select list touched.
  std::int64_t affected() const;
  /// Points `row` at the `i`th row.
  void Read(int i, Row& row) const;
  /// The first row; it must be there.
  Row First() const;
  template <class Each>
  void ForEach(Each each) const {
    Row row;
    for (int i = 0; i < size(); ++i) {
      Read(i, row);
      each(row);
    }
  }

 private:
  Handle<PGresult, PQclear> result_;
};

/// One session.  Used by one thread at a time.  Never reconnects by itself: session locks and
/// prepared statements would vanish unseen.  After a failure IsAlive() says whether it is over.
/// libpq sends with MSG_NOSIGNAL, so that a server that went away raises no SIGPIPE.
class Connection {
 public:
  Connection() = default;  // closed

  /// UNAVAILABLE when the server is not there or refuses us.
  static StatusOr<Connection> Open(const std::string& conninfo, const std::string& program);

  /// Open, and the server has not closed it: asks the socket, not the server.
  bool IsAlive() const;
  void Close() { connection_.reset(); }
  PGconn* raw() const { return connection_.get(); }

  /// Statements without parameters, separated by semicolons.
  Status Run(const std::string& statements, const std::string& doing);
  /// One statement; results come in binary form.
  StatusOr<Result> Query(const std::string& statement, const Params& params,
                         const std::string& doing);
  /// `COPY (query) TO STDOUT` in binary form, row by row, never all of them in memory.
  Status CopyOut(const std::string& query, const std::function<void(Row&)>& each,
                 const std::string& doing);
  /// `COPY table FROM STDIN` of `rows`, which are in binary form.
  Status CopyIn(const std::string& table, std::string_view rows, const std::string& doing);

 private:
  Handle<PGconn, PQfinish> connection_;
};

}  // namespace fft::pg
