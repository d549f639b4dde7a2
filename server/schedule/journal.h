#pragma once

#include <memory>
#include <string>

#include "server/domain/change_set.h"
#include "server/domain/event.h"

namespace fft {

/// Collects what one batch writes and numbers its events.
///
/// Changes of nodes to one state that follow each other directly travel in one event; anything else
/// in between starts a new one, so that the log never tells an effect before its cause.
class Journal {
 public:
  explicit Journal(EventSeq last) : last_event_(last) {}

  ChangeSet& changes() { return changes_; }
  EventSeq last_event() const { return last_event_; }

  void NodeChanged(NodeChange change, TimePoint now);
  /// What of `row` changes after it was planned is to be written.
  void NodeSaved(const Node& row);
  /// Attaches all of `builds` to nodes, or withdraws them; returns the number of the first event.
  EventSeq NodesTied(EventKind kind, const std::vector<BuildId>& builds,
                     std::vector<NodeChange> changes, TimePoint now);
  void NodesSkipped(BuildId build, std::int64_t count, TimePoint now);
  /// Targets are left out of the event: they are in the build's row.
  EventSeq BuildChanged(const Build& build, TimePoint now);
  void PartitionsTainted(std::vector<PartitionId> partitions, std::string text, TimePoint now);
  void Noted(EventKind kind, std::string text, TimePoint now);

  /// All that was collected; starts anew.
  ChangeSet Take();

 private:
  Event& Open(EventKind kind, TimePoint now);

  ChangeSet changes_;
  std::shared_ptr<Event> open_;  // the last event, while it may still grow
  EventSeq last_event_;
};

}  // namespace fft
