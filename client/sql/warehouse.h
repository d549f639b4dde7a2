#pragma once

#include <string>

#include "server/base/status.h"

namespace fft::sql {

/// A database and how to get in.
struct Warehouse {
  std::string host, port, database;
  /// What libpq needs, with what the environment (PGHOST, PGUSER, PGPASSWORD and so on) adds: for a
  /// process with another environment.  May hold a password.
  std::string conninfo;

  /// `postgresql://HOST:PORT/DATABASE`, percent-encoded: the name of the secret that says how to
  /// connect.
  std::string Uri() const;
  /// `HOST:PORT:DATABASE:SCHEMA`: the namespace of the relations in a schema.
  std::string NamespaceOf(const std::string& schema) const;
};

/// `dsn`: a libpq connection string or URI.  INVALID_ARGUMENT says what is wrong with it, without
/// any password.
StatusOr<Warehouse> ReadWarehouse(const std::string& dsn);

}  // namespace fft::sql
