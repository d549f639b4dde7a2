#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/worker/paths.h"
#include "client/worker/recorder.h"
#include "client/worker/records.pb.h"

namespace fft {

/// Where a run is that was granted and has no outcome yet.
enum class RunPhase {
  kQueued,     // waits for a slot, or to be adopted
  kFetching,   // its files are on their way; holds its slots from here on
  kStarting,   // the guardian was told
  kRunning,    // the guardian said so
  kFinishing,  // it ended: its outputs are looked at; the slots are free
  kRecording,  // the recorder has it
  kParked,     // its outputs wait until the daemon adopts it
};

struct AgentRun {
  std::shared_ptr<const build::v1::Grant> grant;
  RunPlaces places;
  RunPhase phase = RunPhase::kQueued;
  int slots = 1;
  int turn = 0;          // of a configure run
  std::string guardian;  // the instance that was, or would be, told to start it
  std::string files;     // the folder of its frozen files
  int pid = 0;
  std::int64_t started_ms = 0;
  std::int64_t taken_ms = 0;  // BootMillis of the grant
  bool is_kill_requested = false;
  bool lacks_secrets = false;  // they went with the agent before: it can't be started any more
  std::string lost;            // why it is given up for a fault of ours; empty: it is not
  Ending ending;               // kParked

  std::int64_t id() const { return grant->run(); }
  /// It runs in the agent, in its SqlLane; no guardian knows of it.
  bool is_sql() const {
    return grant->config().runner() == build::v1::RUNNER_SQL &&
           grant->config().sql().program().empty() && !grant->configure();
  }
  /// A process whose rows become a relation: rows_program.h.
  bool is_rows() const {
    return grant->config().runner() == build::v1::RUNNER_SQL && !grant->configure() && !is_sql();
  }
  bool holds_slots() const { return phase >= RunPhase::kFetching && phase <= RunPhase::kRunning; }
};

}  // namespace fft
