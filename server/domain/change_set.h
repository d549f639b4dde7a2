#pragma once

#include <string>
#include <vector>

#include "server/domain/build.h"
#include "server/domain/event.h"
#include "server/domain/ids.h"
#include "server/domain/node.h"
#include "server/domain/partition.h"
#include "server/domain/pool.h"
#include "server/domain/run.h"
#include "server/domain/worker.h"

namespace fft {

/// The part of a node that changes after it was planned.
struct NodeUpdate {
  NodeId id;
  NodeState state = NodeState::kWaiting;
  Reason reason = Reason::kNone;
  bool must_run = false;
  bool is_reusable = true;
  Text evidence;  // empty: as it was
  NodePast past;
};

/// That a worker said that a granted run began.
struct LeaseStart {
  RunId run;
  TimePoint at{};
};

/// What the configure executable of a job answered for a ref.
struct ConfigureAnswer {
  Digest job_digest;  // of the job's spec: a changed job is asked again
  std::string ref;
  JobConfigPtr config;
  bool operator==(const ConfigureAnswer&) const = default;
};

/// How long the runs of a job take, on average.
struct JobDuration {
  std::string graph;
  std::string job;
  double ms = 0;
  bool operator==(const JobDuration&) const = default;
};

/// Rows to be written in one transaction under one epoch: all of them or none.
/// A row that changes twice in a batch appears twice; the later one wins.
struct ChangeSet {
  std::vector<Namespace> namespaces;         // new
  std::vector<Partition> partitions;         // new
  std::vector<Partition> partition_updates;  // the whole row
  std::vector<Build> builds;                 // new or changed: the whole row
  std::vector<Node> nodes;                   // new; their configs are stored by digest
  std::vector<NodeUpdate> node_updates;
  std::vector<Attachment> attachments;  // new
  std::vector<Withdrawal> withdrawals;  // new
  std::vector<BuildHits> hits;          // new
  std::vector<Lease> leases;            // new
  std::vector<LeaseStart> lease_starts;
  std::vector<RunId> ended_leases;                 // deleted
  std::vector<Run> runs;                           // new
  std::vector<ConfigureAnswer> configure_answers;  // new
  std::vector<Worker> workers;                     // new or changed: the whole row
  std::vector<JobDuration> durations;              // new or changed
  std::vector<Pool> pools;                         // new or changed
  std::vector<GraphPause> pauses;                  // begun or ended
  std::vector<EventPtr> events;  // new, numbered gaplessly after the last committed one

  bool empty() const {
    return namespaces.empty() && partitions.empty() && partition_updates.empty() &&
           builds.empty() && nodes.empty() && node_updates.empty() && attachments.empty() &&
           withdrawals.empty() && hits.empty() && leases.empty() && lease_starts.empty() &&
           ended_leases.empty() && runs.empty() && configure_answers.empty() && workers.empty() &&
           durations.empty() && pools.empty() && pauses.empty() && events.empty();
  }
};

/// All that a daemon needs to go on after a start: the catalog and what is pending.
struct Snapshot {
  std::vector<Namespace> namespaces;
  std::vector<Partition> partitions;    // all, by id
  std::vector<Build> builds;            // not terminal, by id
  std::vector<Attachment> attachments;  // of those builds
  std::vector<Withdrawal> withdrawals;  // of those builds
  std::vector<BuildHits> hits;          // of those builds
  /// That those attachments name, terminal ones too; by id.  Their evidence is left out.
  std::vector<Node> nodes;
  std::vector<Lease> leases;  // all, by run
  std::vector<Worker> workers;
  std::vector<JobDuration> durations;
  std::vector<Pool> pools;
  std::vector<GraphPause> pauses;  // that last
  // The highest numbers in use.
  BuildId last_build;
  NodeId last_node;
  RunId last_run;
  EventSeq last_event;
};

}  // namespace fft
