#include "server/app/loop.h"

#include <utility>

namespace fft {

StatusOr<Schedule::Specs> Loop::SpecsOf(const Snapshot& snapshot) const {
  Schedule::Specs specs;
  for (const Node& node : snapshot.nodes) {
    if (IsTerminal(node.state) || specs.contains(node.of->revision)) continue;
    auto spec = spec_of_(node.of->graph, node.of->revision);
    if (!spec.ok()) return spec.status();
    specs.emplace(node.of->revision, std::move(*spec));
  }
  return specs;
}

Status Loop::Reload(const std::string& holder, TimePoint now) {
  auto epoch = store_.TakeLead(holder);
  if (!epoch.ok()) return epoch.status();
  auto snapshot = store_.Load();
  if (!snapshot.ok()) return snapshot.status();
  auto specs = SpecsOf(*snapshot);
  if (!specs.ok()) return specs.status();
  epoch_ = *epoch;
  loaded_event_ = snapshot->last_event;
  auto schedule = Schedule::Restore(options_, epoch_, std::move(*snapshot), *specs, now);
  const std::lock_guard lock(shared_.mutex);
  shared_.schedule = std::move(schedule);
  return Ok();
}

void Loop::Forget() {
  std::unique_ptr<Schedule> old;
  const std::lock_guard lock(shared_.mutex);
  old = std::move(shared_.schedule);
}

void Loop::Step(const std::vector<Command>& commands, TimePoint now) {
  for (const Command& command : commands) {
    const std::lock_guard lock(shared_.mutex);  // per command, so that others get a look in between
    shared_.schedule->Step(command, now);
  }
}

Effects Loop::Settle(TimePoint now) {
  const std::lock_guard lock(shared_.mutex);
  return shared_.schedule->Settle(now);
}

}  // namespace fft
