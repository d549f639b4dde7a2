#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/base/status.h"
#include "server/store/connection.h"

namespace fft {

/// Looks whether relations are there: one query a warehouse, however many there are.
///
/// Safe from any thread; keeps one session a warehouse, which is lent to one query at a time and
/// never with the lock held.
class WarehouseProber {
 public:
  /// A libpq connection string for `postgresql://HOST:PORT/DATABASE`; empty: none is known.
  using ConnectionOf = std::function<std::string(const std::string& warehouse)>;
  explicit WarehouseProber(ConnectionOf connection_of) : connection_of_(std::move(connection_of)) {}

  /// Parallel to `uris`, each `postgresql://HOST:PORT/DATABASE/SCHEMA/RELATION`, the schema
  /// percent-encoded, the relation not: 1 where a table, view or materialised view is.
  ///   FAILED_PRECONDITION  WAREHOUSE_UNREACHABLE, with why; metadata: warehouse
  StatusOr<std::vector<char>> Exist(const std::vector<std::string>& uris);

 private:
  struct Session {
    std::string conninfo;
    pg::Connection connection;
  };
  StatusOr<Session> Take(const std::string& warehouse, bool may_be_old);
  Status Look(const std::string& warehouse, const std::vector<std::string>& uris,
              const std::vector<std::size_t>& places, std::vector<char>* found);

  const ConnectionOf connection_of_;
  std::mutex mutex_;
  std::map<std::string, Session> idle_;  // by warehouse
};

}  // namespace fft
