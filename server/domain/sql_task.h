#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fft {

enum class Materialization : std::uint8_t { kTable = 0, kView = 1, kIncremental = 2 };

/// What becomes of an incremental table whose query has other columns than before.
enum class OnSchemaChange : std::uint8_t { kIgnore = 0, kAppendNewColumns = 1, kSyncAll = 2 };

struct SqlColumn {
  std::string name, type;
  auto operator<=>(const SqlColumn&) const = default;
};

/// What a run of Runner::kSql makes: one relation, the job's only output, by one SELECT, from the
/// rows of a CSV file, or from those that a program makes.
struct SqlTask {
  Materialization materialization = Materialization::kTable;
  std::string query;        // path of one of the job's files
  std::string delta_query;  // of an incremental table that is there; empty: `query`
  std::vector<std::string> unique_key;
  OnSchemaChange on_schema_change = OnSchemaChange::kIgnore;
  std::vector<std::string> pre_hooks, post_hooks;  // statements, in the same transaction
  std::string csv;                                 // path; instead of `query`
  std::vector<SqlColumn> columns;                  // of the file, in its order
  std::string program;                             // path of an executable; instead of `query`
  auto operator<=>(const SqlTask&) const = default;

  /// PostgreSQL drops a view together with what it reads.
  bool is_dropped_with_inputs() const { return materialization == Materialization::kView; }
};

std::string ToString(Materialization materialization);
std::string ToString(OnSchemaChange change);

/// `postgresql://HOST:PORT/DATABASE` of the URI of a schema or relation there; empty: it is none.
/// The name of the secret that says how to connect.
std::string WarehouseOf(std::string_view uri);

}  // namespace fft
