#include "server/schedule/journal.h"

#include <iterator>
#include <utility>

namespace fft {

Event& Journal::Open(EventKind kind, TimePoint now) {
  open_ = std::make_shared<Event>();
  open_->seq = last_event_ = EventSeq{last_event_.value + 1};
  open_->at = now;
  open_->kind = kind;
  changes_.events.push_back(open_);
  return *open_;
}

void Journal::NodeSaved(const Node& row) {
  changes_.node_updates.push_back({.id = row.id,
                                   .state = row.state,
                                   .reason = row.reason,
                                   .must_run = row.must_run,
                                   .is_reusable = row.is_reusable,
                                   .evidence = row.evidence,
                                   .past = *row.past});
}

void Journal::NodeChanged(NodeChange change, TimePoint now) {
  const bool joins_last = open_ != nullptr && open_->kind == EventKind::kNodesChanged &&
                          open_->changes.size() < kEventChangesMax &&
                          open_->changes.back().state == change.state;
  Event& event = joins_last ? *open_ : Open(EventKind::kNodesChanged, now);
  event.changes.push_back(std::move(change));
}

EventSeq Journal::NodesTied(EventKind kind, const std::vector<BuildId>& builds,
                            std::vector<NodeChange> changes, TimePoint now) {
  const EventSeq first{last_event_.value + 1};
  for (std::size_t begin = 0; begin < changes.size(); begin += kEventChangesMax) {
    const std::size_t end = std::min(changes.size(), begin + kEventChangesMax);
    Event& event = Open(kind, now);
    event.build = builds.front();
    event.also.assign(builds.begin() + 1, builds.end());
    event.changes.assign(
        std::make_move_iterator(changes.begin() + static_cast<std::ptrdiff_t>(begin)),
        std::make_move_iterator(changes.begin() + static_cast<std::ptrdiff_t>(end)));
  }
  return first;
}

void Journal::NodesSkipped(BuildId build, std::int64_t count, TimePoint now) {
  Event& event = Open(EventKind::kNodesSkipped, now);
  event.build = build;
  event.count = count;
}

EventSeq Journal::BuildChanged(const Build& build, TimePoint now) {
  auto snapshot = std::make_shared<Build>(build);
  snapshot->targets.clear();
  Event& event = Open(EventKind::kBuildChanged, now);
  event.build = build.id;
  event.snapshot = std::move(snapshot);
  return event.seq;
}

void Journal::PartitionsTainted(std::vector<PartitionId> partitions, std::string text,
                                TimePoint now) {
  Event& event = Open(EventKind::kPartitionsTainted, now);
  event.partitions = std::move(partitions);
  event.text = std::move(text);
}

void Journal::Noted(EventKind kind, std::string text, TimePoint now) {
  Open(kind, now).text = std::move(text);
}

ChangeSet Journal::Take() {
  open_.reset();
  return std::exchange(changes_, {});
}

}  // namespace fft
