#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/base/time.h"
#include "server/domain/orders.h"
#include "server/schedule/effects.h"
#include "tests/sim/project.h"

namespace fft::sim {

/// A worker's machine as the daemon may meet it: agent, guardian and disk in one.
/// Keeps to the protocol: publishes only while its lease holds, kills what is orphaned, repeats
/// reports until they are acknowledged.
class SimulatedWorker {
 public:
  struct Held {
    Grant grant;
    TimePoint started_at{};
    TimePoint ends_at{};
    bool is_started = false;
    bool is_adopted = true;  // its lease is known to hold, in this connection
    bool has_ended = false;  // `report` is waiting for its acknowledgement
    RunReport report;
    std::map<std::string, Datum> read_early;  // sources, by URI
  };

  std::string name;
  int slots = 2;
  WorkerId id;
  ReplyId joining;  // of its last attempt to connect
  bool is_connected = false;
  TimePoint connects_at{};  // when not connected
  TimePoint heard_at{};
  std::map<RunId, Held> held;

  std::vector<RunId> HeldRuns() const;
  int Running() const;
  /// What was granted ahead starts when its build's limit allows it, and not after a failure.
  bool IsItsTurn(const Held& held) const;
  void ReturnTurns(std::int64_t group);
  /// The stream is gone: what it holds must be adopted anew before it is published.
  void Disconnect(TimePoint connects_again);
};

}  // namespace fft::sim
