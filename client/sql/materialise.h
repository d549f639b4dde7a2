#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "client/sql/ledger.h"
#include "client/sql/session.h"
#include "fft/build/v1/types.pb.h"
#include "server/base/status.h"

namespace fft::sql {

/// One relation to be made.
struct Making {
  build::v1::SqlTask task;
  std::string schema, relation;
  std::string query, delta_query;  // the texts that the task names by path
  std::string csv;                 // where the rows lie; empty: there is a query
  std::string csv_null;            // how a NULL is written there, quoted or not
  Writer writer;
  std::string node_name, fingerprint;  // of _ff_meta; empty: no row
  std::int64_t scan_max = 0;
  std::chrono::milliseconds wall_max{0};
  std::stop_token stop;  // what runs is cancelled then, and nothing more is begun
};

struct Made {
  std::int64_t rows = -1;     // made or added; -1: a view, or not known
  std::int64_t bytes = -1;    // on the server's disk; -1: a view
  std::int64_t scanned = -1;  // bytes that the query was expected to yield; -1: nobody asked
  std::int64_t query_ms = 0;  // of the statements that make it
  bool was_made = false;      // by an earlier attempt, whose end got lost
};

/// Makes it, in one transaction: whoever reads sees the old or the new.
///
/// As Session, and
///   ABORTED            a later run has written this relation: this one's lease is lost
///   DEADLINE_EXCEEDED  wall_max
///   INVALID_ARGUMENT   the scan limit, too: "Aborting Postgres query: ..."
StatusOr<Made> Materialise(Session& session, const Making& making);

}  // namespace fft::sql
