#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/domain/change_set.h"
#include "server/store/known_configs.h"
#include "server/store/records.h"

namespace fft::pg {

/// What a commit may do, each with any number of rows.
enum ChangeStatement : std::uint8_t {
  kInsertNamespaces,
  kInsertPartitions,
  kUpdatePartitions,
  kUpsertBuilds,
  kInsertConfigs,
  kInsertNodes,
  kInsertFurtherOutputs,
  kUpdateNodes,
  kInsertAttachments,
  kInsertWithdrawals,
  kUpsertHits,
  kInsertLeases,
  kStartLeases,
  kEndLeases,
  kInsertRuns,
  kInsertMaterialisations,
  kUpsertConfigureAnswers,
  kUpsertWorkers,
  kUpsertDurations,
  kUpsertPools,
  kUpsertPauses,
  kInsertEvents,
};

/// A statement that every commit connection prepares under `name`.  Its one parameter is an array
/// of `row_type`.
struct Statement {
  const char* name;
  const char* row_type;
  const char* sql;
  bool only_appends = false;  // to the table `row_type`: so COPY may do it, too
};
/// By ChangeStatement.
const std::vector<Statement>& ChangeStatements();

/// `changes` as executions, in an order that keeps every reference right.  A row that is there
/// twice is written once, as it was last; a new node is written as its update leaves it.  Rows are
/// made when those before them have been taken, so that the server can be at work on these.  False
/// as soon as `write` says so.
bool ForEachWrite(const ChangeSet& changes, const KnownConfigs& known,
                  const std::function<bool(ChangeStatement, Records)>& write);

/// The parameters of hold_lead(): `epoch`, and the highest numbers in `changes`.
Params LeadOf(Epoch epoch, const ChangeSet& changes);

}  // namespace fft::pg
