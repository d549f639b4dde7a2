#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/sql/session.h"

namespace fft::sql {

/// Who writes a relation: a run under its lease.
struct Writer {
  std::string service;  // the daemons of one database; numbers of others mean nothing
  std::int64_t epoch = 0;
  std::int64_t run = 0;
  std::int64_t node = 0;
};

/// What the warehouse itself knows of its relations, in the schema where they are, written in the
/// transaction that writes the data:
///
///   _ff_run(relation, service, epoch, run, node, ended_at)  which run wrote it last
///   _ff_meta(node_name, relation, fingerprint, engine, built_at)  FastFlowTransform's
///
/// A run takes its relation's row before it writes.  A zombie of before then waits, or is waited
/// for: whichever of two commits first, the one with the lower token writes nothing after it.
class Ledger {
 public:
  Ledger(std::string schema, std::string relation)
      : schema_(std::move(schema)), relation_(std::move(relation)) {}

  /// The table _ff_meta, quoted.
  std::string meta() const;
  /// Makes schema and tables where they are missing, in a transaction of its own.
  Status Prepare(Session& session) const;

  /// In a transaction: takes the row; waits for whoever has it.
  Statement Take() const;
  enum class Standing { kMayWrite, kHasWritten, kIsLate };
  /// What Take() answered means for `writer`: kHasWritten when its node did already, in an attempt
  /// whose end got lost; kIsLate when a later run wrote.
  static Standing Judge(const Answer& taken, const Writer& writer);

  /// In the same transaction: what is to be remembered.  `node_name` empty: no row of _ff_meta.
  std::vector<Statement> Record(const Writer& writer, const std::string& node_name,
                                const std::string& fingerprint) const;

 private:
  std::string schema_, relation_;
};

}  // namespace fft::sql
