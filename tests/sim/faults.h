#pragma once

namespace fft::sim {

/// Probabilities, each a turn, a message or a run, as it says.
struct Faults {
  double crash = 0;            // the daemon dies and restarts, per turn
  double commit_refused = 0;   // per commit: nothing is written
  double commit_in_doubt = 0;  // per commit: written, but reported as broken
  double stream_breaks = 0;    // per worker and turn: what is under way both ways is lost
  double goes_silent = 0;      // per worker and turn: unreachable for longer than orphan_after
  double repeat = 0;           // per message of a worker: it arrives twice
  double run_fails = 0;        // per run, the job's own failure
  double run_retriable = 0;    // per run
  double run_breaks = 0;       // per run: an infrastructure fault, perhaps amid publishing
  double run_is_wrong = 0;     // per run: it leaves rubbish and calls it a success
  double taint = 0;            // per turn: an operator taints any ref
  double cancel = 0;           // per turn: a client cancels an open build
  double edit = 0;             // per turn: somebody edits a source, perhaps back to what it was
  double pause = 0;            // per turn: an operator pauses the graph, or lets it go on
};

}  // namespace fft::sim
