#include "tests/sim/simulated_worker.h"

namespace fft::sim {

std::vector<RunId> SimulatedWorker::HeldRuns() const {
  std::vector<RunId> runs;
  for (const auto& [run, unused] : held) runs.push_back(run);
  return runs;
}

int SimulatedWorker::Running() const {
  int running = 0;
  for (const auto& [run, h] : held) running += h.is_started && !h.has_ended ? 1 : 0;
  return running;
}

void SimulatedWorker::Disconnect(TimePoint connects_again) {
  is_connected = false;
  connects_at = connects_again;
}

}  // namespace fft::sim
