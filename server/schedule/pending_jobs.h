#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "server/domain/partition.h"
#include "server/schedule/durations.h"
#include "server/schedule/pending_node.h"
#include "server/schedule/ready_queue.h"

namespace fft {

/// Null when `graph` has no job of that label.
const JobSpec* FindJob(const GraphSpec& graph, const std::string& label);

/// What the pending nodes of a job have alike, once for all of them.  A plain container, part of
/// the schedule.
class PendingJobs {
 public:
  PendingJobs(Durations& durations, ReadyQueue& ready) : durations_(durations), ready_(ready) {}

  /// For another node of a job, which `graph` must have.
  PendingJobPtr Of(const std::shared_ptr<const GraphSpec>& graph, const std::string& label,
                   NodeKind kind, const Namespace& ns);

 private:
  using Key = std::tuple<const GraphSpec*, NamespaceId, NodeKind, std::string>;

  PendingJob Make(const std::shared_ptr<const GraphSpec>& graph, const std::string& label,
                  NodeKind kind, const Namespace& ns);

  Durations& durations_;
  ReadyQueue& ready_;
  std::map<Key, std::weak_ptr<const PendingJob>> jobs_;  // some of which have no node any more
  std::size_t sweep_at_ = 64;
};

}  // namespace fft
