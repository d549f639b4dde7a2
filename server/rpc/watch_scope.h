#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "server/app/ports.h"
#include "server/domain/event.h"

namespace fft {

/// What one watcher is shown of the log.  Sees every event once, in order; used by one thread at a
/// time.
class WatchScope {
 public:
  virtual ~WatchScope() = default;
  /// Whether See() must be handed a library for this event.
  virtual bool NeedsLibrary(const Event& event) const = 0;
  /// The event as this watcher sees it: the same one, one with fewer changes, or null.
  virtual StatusOr<EventPtr> See(const EventPtr& event, Library* library) = 0;
  /// Whether what was seen last ends the stream.
  virtual bool is_over() const { return false; }
};

/// A build and the nodes it is attached to.
class BuildScope final : public WatchScope {
 public:
  explicit BuildScope(BuildId build) : build_(build) {}
  /// `attachments` that were opened up to and with `up_to` count.
  void Attach(const std::vector<Attachment>& attachments, EventSeq up_to);
  /// So do withdrawals that were told up to and with it.
  void Withdraw(const std::vector<Withdrawal>& withdrawals, EventSeq up_to);

  bool NeedsLibrary(const Event&) const override { return false; }
  StatusOr<EventPtr> See(const EventPtr& event, Library* library) override;
  bool is_over() const override { return is_over_; }

 private:
  bool IsTied(const Event& event) const;
  EventPtr OwnChanges(const EventPtr& event) const;

  const BuildId build_;
  std::unordered_set<NodeId> nodes_;
  bool is_over_ = false;
};

/// All of the log, or what concerns a namespace, or the partitions whose refs match a glob.
///   namespace  builds, nodes and partitions of that name; nothing of graphs and workers
///   glob       of those, changes of nodes with a matching output, and matching tainted partitions
class LogScope final : public WatchScope {
 public:
  LogScope(std::string ns, std::string glob) : ns_(std::move(ns)), glob_(std::move(glob)) {}

  bool NeedsLibrary(const Event& event) const override;
  StatusOr<EventPtr> See(const EventPtr& event, Library* library) override;

 private:
  bool Wants(const NodeLabel& label) const;
  StatusOr<EventPtr> WantedChanges(const EventPtr& event) const;
  StatusOr<EventPtr> WantedTaints(const EventPtr& event, Library& library) const;
  StatusOr<EventPtr> WantedSkips(const EventPtr& event, Library& library) const;

  const std::string ns_, glob_;
};

/// `event` with those of its changes that `keeps(change)`; itself when that is all, null when none.
template <class Keeps>
EventPtr WithChanges(const EventPtr& event, Keeps keeps) {
  std::size_t kept = 0;
  for (const NodeChange& change : event->changes) kept += keeps(change) ? 1 : 0;
  if (kept == event->changes.size()) return event;
  if (kept == 0) return nullptr;
  auto part = std::make_shared<Event>();
  part->seq = event->seq;
  part->at = event->at;
  part->kind = event->kind;
  part->build = event->build;
  part->also = event->also;
  part->changes.reserve(kept);
  for (const NodeChange& change : event->changes)
    if (keeps(change)) part->changes.push_back(change);
  return part;
}

}  // namespace fft
