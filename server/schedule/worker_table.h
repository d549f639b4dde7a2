#pragma once

#include <map>
#include <string>

#include "server/schedule/options.h"
#include "server/schedule/pending.h"

namespace fft {

/// Whether `worker` has the slots and the labels that are asked for.
bool CouldRun(const Worker& worker, const RunLimits& limits);
/// Whether any that is connected and takes work could.
bool CouldAny(const std::map<WorkerId, KnownWorker>& workers, const RunLimits& limits);
/// In words: what nobody has.
std::string WhatNobodyHas(const RunLimits& limits);

/// The workers that were ever here, and what they hold.
///
/// A worker may hold more than fills its slots when that is little work: then its slots need not
/// wait for a commit.  A plain container, part of the schedule.
class WorkerTable {
 public:
  explicit WorkerTable(const ScheduleOptions& options) : options_(options) {}

  std::map<WorkerId, KnownWorker>& all() { return workers_; }
  const std::map<WorkerId, KnownWorker>& all() const { return workers_; }
  KnownWorker& at(WorkerId id) { return workers_.at(id); }
  /// Null: there never was one.
  KnownWorker* Find(const std::string& name);

  /// Takes a worker in under its name, with a number of its own when the name is new.
  KnownWorker& Join(Worker row);
  /// As committed, not connected.
  void Restore(const Worker& row, TimePoint now);

  /// Who can take `node` now, the freest first; null: nobody.
  KnownWorker* For(const PendingNode& node);
  /// Whether it takes work at all, of this kind.
  bool MayTakeMore(const KnownWorker& worker, const RunLimits& limits) const;
  /// The node's lease is this worker's from now on, or no longer.
  void Hold(KnownWorker& worker, PendingNode& node);
  void Drop(const PendingNode& node, const Lease& lease);
  /// What was granted ahead holds slots from now on.
  void MoveUp(PendingNode& node);

 private:
  static double ExpectedMs(const PendingNode& node);

  const ScheduleOptions options_;
  std::map<WorkerId, KnownWorker> workers_;
  WorkerId last_;
};

}  // namespace fft
