#include "tests/sim/simulated_worker.h"

#include <algorithm>

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

bool SimulatedWorker::IsItsTurn(const Held& next) const {
  if (next.grant.group_max == 0) return true;
  return std::count_if(held.begin(), held.end(), [&](const auto& item) {
           return item.second.grant.group == next.grant.group && item.second.is_started &&
                  !item.second.has_ended;
         }) < next.grant.group_max;
}

void SimulatedWorker::ReturnTurns(std::int64_t group) {
  for (auto& [run, next] : held) {
    if (group == 0 || next.grant.group != group || next.grant.group_max == 0 || next.is_started ||
        next.has_ended)
      continue;
    next.has_ended = true;
    next.report = {.run = run, .epoch = next.grant.lease.epoch, .outcome = Outcome::kReturned};
  }
}

void SimulatedWorker::Disconnect(TimePoint connects_again) {
  is_connected = false;
  connects_at = connects_again;
}

}  // namespace fft::sim
