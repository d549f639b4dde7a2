#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/app/ports.h"

namespace fft {

/// The store's promises kept in memory: rows by id, all of a change set or none, fenced by epoch.
/// Not thread-safe.
class MemoryStore : public Store {
 public:
  StatusOr<Epoch> TakeLead(const std::string& holder) override;
  StatusOr<Snapshot> Load() override;
  Status Commit(Epoch epoch, const ChangeSet& changes) override;

  const std::map<BuildId, Build>& builds() const { return builds_; }
  const std::map<NodeId, Node>& nodes() const { return nodes_; }
  const std::map<RunId, Run>& runs() const { return runs_; }
  const std::map<RunId, Lease>& leases() const { return leases_; }
  const std::vector<EventPtr>& events() const { return events_; }
  const std::map<PartitionId, Partition>& partitions() const { return partitions_; }
  /// Of successful runs of jobs, from `from` on.
  std::vector<Manifest> ManifestsFrom(RunId from) const;
  const std::map<BuildId, BuildHits>& hits() const { return hits_; }
  const std::vector<Attachment>& attachments() const { return attachments_; }
  const std::vector<Withdrawal>& withdrawals() const { return withdrawals_; }

 private:
  Epoch epoch_;
  std::map<NamespaceId, Namespace> namespaces_;
  std::map<PartitionId, Partition> partitions_;
  std::map<BuildId, Build> builds_;
  std::map<NodeId, Node> nodes_;
  std::vector<Attachment> attachments_;
  std::vector<Withdrawal> withdrawals_;
  std::map<BuildId, BuildHits> hits_;
  std::map<RunId, Lease> leases_;
  std::map<RunId, Run> runs_;
  std::map<WorkerId, Worker> workers_;
  std::map<std::pair<std::string, std::string>, JobDuration> durations_;
  std::map<std::string, Pool> pools_;
  std::map<std::string, GraphPause> pauses_;
  std::vector<EventPtr> events_;
  RunId last_run_;
};

}  // namespace fft
