#include "server/rpc/watch_scope.h"

#include <algorithm>

#include "server/rpc/glob.h"

namespace fft {

void BuildScope::Attach(const std::vector<Attachment>& attachments, EventSeq up_to) {
  for (const Attachment& attachment : attachments) {
    if (attachment.opened_by > up_to) continue;
    nodes_.insert(attachment.nodes.begin(), attachment.nodes.end());
  }
}

void BuildScope::Withdraw(const std::vector<Withdrawal>& withdrawals, EventSeq up_to) {
  for (const Withdrawal& withdrawal : withdrawals)
    if (withdrawal.closed_by <= up_to) nodes_.erase(withdrawal.node);
}

bool BuildScope::IsTied(const Event& event) const {
  return event.build == build_ || std::ranges::count(event.also, build_) > 0;
}

StatusOr<EventPtr> BuildScope::See(const EventPtr& event, Library*) {
  switch (event->kind) {
    case EventKind::kBuildChanged:
      if (event->build != build_) return EventPtr();
      is_over_ = event->snapshot != nullptr && IsTerminal(event->snapshot->state);
      return event;
    case EventKind::kNodesAttached:
      if (!IsTied(*event)) return EventPtr();
      for (const NodeChange& change : event->changes) nodes_.insert(change.label->id);
      return event;
    case EventKind::kNodesWithdrawn:
      if (!IsTied(*event)) return EventPtr();
      for (const NodeChange& change : event->changes) nodes_.erase(change.label->id);
      return event;
    case EventKind::kNodesSkipped: return event->build == build_ ? event : EventPtr();
    case EventKind::kNodesChanged: return OwnChanges(event);
    default: return EventPtr();
  }
}

EventPtr BuildScope::OwnChanges(const EventPtr& event) const {
  if (event->changes.empty()) return nullptr;
  return WithChanges(event,
                     [&](const NodeChange& change) { return nodes_.contains(change.label->id); });
}

bool LogScope::NeedsLibrary(const Event& event) const {
  if (event.kind == EventKind::kPartitionsTainted) return true;
  return event.kind == EventKind::kNodesSkipped && !ns_.empty() && glob_.empty();
}

bool LogScope::Wants(const NodeLabel& label) const {
  if (!ns_.empty() && label.ns != ns_) return false;
  return glob_.empty() || std::ranges::any_of(label.outputs, [&](const std::string& output) {
           return MatchesGlob(glob_, output);
         });
}

StatusOr<EventPtr> LogScope::See(const EventPtr& event, Library* library) {
  switch (event->kind) {
    case EventKind::kNodesAttached:
    case EventKind::kNodesWithdrawn:
    case EventKind::kNodesChanged: return WantedChanges(event);
    case EventKind::kPartitionsTainted: return WantedTaints(event, *library);
    default: break;
  }
  if (!glob_.empty()) return EventPtr();
  if (ns_.empty()) return event;
  if (event->kind == EventKind::kNodesSkipped) return WantedSkips(event, *library);
  const bool is_ours = event->kind == EventKind::kBuildChanged && event->snapshot != nullptr &&
                       event->snapshot->ns == ns_;
  return is_ours ? event : EventPtr();
}

StatusOr<EventPtr> LogScope::WantedChanges(const EventPtr& event) const {
  if (ns_.empty() && glob_.empty()) return event;
  if (event->changes.empty()) return EventPtr();
  return WithChanges(event, [&](const NodeChange& change) { return Wants(*change.label); });
}

StatusOr<EventPtr> LogScope::WantedTaints(const EventPtr& event, Library& library) const {
  if (ns_.empty() && glob_.empty()) return event;
  auto all = library.GetPartitions(event->partitions);
  if (!all.ok()) return all.status();
  auto part = std::make_shared<Event>(*event);
  part->partitions.clear();
  for (const Partition& partition : *all) {
    if (!glob_.empty() && !MatchesGlob(glob_, partition.ref)) continue;
    if (!ns_.empty()) {
      const auto ours = library.GetPartition(ns_, partition.ref.str());
      if (!ours.ok() && ours.status().code() != Code::kNotFound) return ours.status();
      if (!ours.ok() || ours->partition.id != partition.id) continue;
    }
    part->partitions.push_back(partition.id);
  }
  if (part->partitions.empty()) return EventPtr();
  return EventPtr(part);
}

StatusOr<EventPtr> LogScope::WantedSkips(const EventPtr& event, Library& library) const {
  const auto build = library.GetBuild(event->build);
  if (!build.ok() && build.status().code() != Code::kNotFound) return build.status();
  return build.ok() && build->ns == ns_ ? event : EventPtr();
}

}  // namespace fft
