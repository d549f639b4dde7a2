#include "server/schedule/schedule.h"

#include <utility>
#include <variant>

#include "server/base/check.h"

namespace fft {

void Schedule::Step(const Command& command, TimePoint now) {
  std::visit([&](const auto& c) { On(c, now); }, command);
}

// Consequences in the order in which they are told: ends first, then what they wake, then grants.
Effects Schedule::Settle(TimePoint now) {
  DrainFailing(now);
  while (true) {
    for (const NodeId id : traffic_.TakeWoken())
      if (const auto at = nodes_.find(id); at != nodes_.end()) Wake(*at->second);
    if (!agenda_.woken.empty()) {
      for (const NodeId id : std::exchange(agenda_.woken, {}))
        if (const auto at = nodes_.find(id); at != nodes_.end()) Look(*at->second, now);
    } else if (!agenda_.to_check.empty()) {
      const std::vector<BuildId> ids = std::exchange(agenda_.to_check, {});
      for (const BuildId id : ids)
        if (PendingBuild* build = FindOpen(id)) StopIfFailed(*build->cohort, now);
      TellWithdrawn(now);
      for (const BuildId id : ids)
        if (PendingBuild* build = FindOpen(id)) Check(*build->cohort, now);
      DrainFailing(now);
    } else {
      break;
    }
  }
  GrantAll(now);
  WriteBuilds();
  for (const NodeId id : std::exchange(agenda_.ended, {})) nodes_.erase(id);
  agenda_.left.clear();
  std::erase_if(builds_, [](const auto& item) { return item.second->is_ended; });
  Effects out = std::exchange(effects_, {});
  out.changes = journal_.Take();
  return out;
}

const PendingNode* Schedule::LastWriter(PartitionId partition) const {
  const NodeId id = traffic_.LastWriter(partition);
  return id ? FindNode(id) : nullptr;
}

const PendingNode* Schedule::FindNode(NodeId id) const {
  const auto at = nodes_.find(id);
  return at == nodes_.end() ? nullptr : at->second.get();
}

const PendingBuild* Schedule::FindBuild(BuildId id) const {
  const auto at = builds_.find(id);
  return at == builds_.end() ? nullptr : at->second.get();
}

PendingBuild* Schedule::FindOpen(BuildId id) {
  const auto at = builds_.find(id);
  return at == builds_.end() || at->second->is_ended ? nullptr : at->second.get();
}

Totals Schedule::totals() const {
  Totals totals = totals_;
  totals.builds = static_cast<std::int64_t>(builds_.size());
  totals.waiting = static_cast<std::int64_t>(nodes_.size()) - totals.ready - totals.running;
  return totals;
}

void Schedule::SavePartition(PartitionId id) {
  journal_.changes().partition_updates.push_back(catalog_.at(id));
}

PartitionId Schedule::Intern(NamespaceId ns, const std::string& ref) {
  bool is_new = false;
  const PartitionId id = catalog_.Intern(ns, ref, &is_new);
  if (is_new) journal_.changes().partitions.push_back(catalog_.at(id));
  return id;
}

}  // namespace fft
