#pragma once

#include <chrono>
#include <cstdint>

#include "server/domain/build.h"
#include "server/domain/reason.h"
#include "server/domain/run.h"

namespace fft {

/// How much of the pending graph is in which state; all of it, as of one moment.
struct QueueDepth {
  std::int64_t waiting = 0;
  std::int64_t ready = 0;
  std::int64_t running = 0;
  std::int64_t builds_open = 0;
  std::int64_t inbox = 0;  // commands that wait for the loop
};

struct WorkerLoad {
  std::int64_t workers = 0;  // connected
  std::int64_t slots = 0;    // of those
  std::int64_t busy = 0;     // slots under a lease
};

/// Is told what the daemon does, to count it.  Decides nothing.
///
/// Called from any thread, often, on the hot path: an implementation neither blocks nor fails.
/// What is not overridden is ignored, so that the tests need none of it: see NoObserver.
class Observer {
 public:
  using Micros = std::chrono::microseconds;

  virtual ~Observer() = default;

  /// One transaction, of `rows` rows, that took `duration` from sending to its answer.
  virtual void Committed(std::int64_t /*rows*/, Micros /*duration*/) {}
  virtual void CommitFailed() {}
  /// From the acceptance of a build to the start of its first job.
  virtual void BuildStarted(Micros /*since_submit*/) {}
  /// From the moment a node could run to the reported start of its run.
  virtual void NodeStarted(Micros /*since_ready*/) {}
  virtual void RunEnded(Outcome /*outcome*/, Micros /*duration*/) {}
  /// A report of a run whose lease was lost.
  virtual void LateReportRefused() {}
  /// `count` nodes need not run, for `reason` (CACHED, CUT_OFF ...).
  virtual void Hits(Reason /*reason*/, std::int64_t /*count*/) {}
  /// A build was attached to `count` nodes that others wanted first.
  virtual void Joined(std::int64_t /*count*/) {}
  /// Slot times that were spent and saved; added to those before.
  virtual void Computed(const Accounts& /*accounts*/) {}
  virtual void Planned(std::int64_t /*nodes*/, Micros /*duration*/) {}

  // Levels: the latest call holds.
  virtual void Queue(const QueueDepth& /*depth*/) {}
  virtual void Workers(const WorkerLoad& /*load*/) {}
  /// `lag`: by how many events the slowest watcher is behind.
  virtual void Watchers(std::int64_t /*count*/, std::int64_t /*lag*/) {}
  virtual void Leading(bool /*is_leading*/) {}
};

/// For whoever counts nothing.
class NoObserver final : public Observer {};

}  // namespace fft
