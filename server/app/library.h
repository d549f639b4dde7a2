#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/app/lists.h"
#include "server/base/status.h"
#include "server/domain/change_set.h"
#include "server/domain/event.h"
#include "server/domain/job.h"

namespace fft {

struct GraphRevision {
  GraphSpec spec;
  Digest revision;
  std::string deployed_by;
  TimePoint deployed_at{};
};

struct SealedSecret {
  std::string name;
  std::string sealed;
  std::int64_t version = 0;
};

/// Ordinary reads and the writes that need no order with the schedule's.  Safe from any thread;
/// blocks, so never called by the loop.  NOT_FOUND names what is missing.
class Library {
 public:
  virtual ~Library() = default;

  // Graphs and blobs: content-addressed, so that writing twice is writing once.
  virtual Status SaveRevision(const GraphRevision& revision) = 0;
  /// Makes one that is stored the latest; false: it is not stored.
  virtual StatusOr<bool> DeployAgain(const std::string& graph, const Digest& revision,
                                     const std::string& principal, TimePoint at) = 0;
  /// The latest deployed when `revision` is zeros.
  virtual StatusOr<GraphRevision> GetRevision(const std::string& graph, const Digest& revision) = 0;
  /// The one that begins with these hexadecimal digits.  INVALID_ARGUMENT: there are several.
  virtual StatusOr<GraphRevision> FindRevision(const std::string& graph,
                                               const std::string& digits) = 0;
  virtual StatusOr<Page<GraphRevision>> ListGraphs(const PageRequest& page) = 0;
  virtual StatusOr<std::vector<Digest>> FindMissingBlobs(const std::vector<Digest>& wanted) = 0;
  virtual Status WriteBlob(const Digest& digest, const std::string& bytes) = 0;
  virtual StatusOr<std::string> ReadBlob(const Digest& digest) = 0;

  // Builds, nodes, runs.
  virtual StatusOr<Build> GetBuild(BuildId id) = 0;
  /// In one repeatable read.
  virtual StatusOr<BuildSnapshot> SnapshotBuild(BuildId id) = 0;
  virtual StatusOr<Page<Build>> ListBuilds(const BuildFilter& filter, const PageRequest& page) = 0;
  virtual StatusOr<NodeInBuild> GetNode(NodeId id) = 0;
  virtual StatusOr<Page<NodeInBuild>> ListNodes(const NodeFilter& filter,
                                                const PageRequest& page) = 0;
  /// The newest of the last 100 builds with hits that found `ref` done; none when none of them did.
  virtual StatusOr<std::optional<Build>> LastHit(const std::string& ns, const std::string& ref) = 0;
  /// In the order of `ids`.  NOT_FOUND names one that is not there.
  virtual StatusOr<std::vector<RunRecord>> GetRuns(const std::vector<RunId>& ids) = 0;
  StatusOr<RunRecord> GetRun(RunId id) {
    auto runs = GetRuns({id});
    if (!runs.ok()) return runs.status();
    return std::move(runs->front());
  }
  /// Of a node, newest first; of a ref when `node` is none.
  virtual StatusOr<Page<RunRecord>> ListRuns(NodeId node, const std::string& ns,
                                             const std::string& ref, const PageRequest& page) = 0;
  /// The first run that left anything at one of these; none when one is a source or has nothing.
  virtual StatusOr<RunId> FirstRunAt(const std::vector<PartitionId>& partitions) = 0;
  /// Of successful runs of jobs, from `from` on by number, a page of them; empty: there are no
  /// more.
  virtual StatusOr<std::vector<Manifest>> ListManifests(RunId from) = 0;
  virtual StatusOr<JobConfig> GetConfig(const Digest& config_digest) = 0;

  // The catalog.
  virtual StatusOr<PartitionNow> GetPartition(const std::string& ns, const std::string& ref) = 0;
  /// Where the data that is live there is; empty: there is none, or its run is not kept any more.
  virtual StatusOr<std::string> PlaceOf(const Partition& partition, const std::string& ns) = 0;
  virtual StatusOr<Page<PartitionNow>> ListPartitions(const PartitionFilter& filter,
                                                      const PageRequest& page) = 0;
  /// Newest first.
  virtual StatusOr<Page<Materialisation>> ListMaterialisations(const std::string& ns,
                                                               const std::string& ref,
                                                               const PageRequest& page) = 0;
  virtual StatusOr<std::vector<Partition>> GetPartitions(const std::vector<PartitionId>& ids) = 0;

  /// Partitions with live data whose refs lie in one of `refs`, with that: some of each.
  virtual StatusOr<std::vector<std::pair<std::string, std::string>>> FindWithin(
      const std::string& ns, const std::vector<std::string_view>& refs) = 0;

  // Configure answers of a job for those of `refs` that were asked before.
  virtual StatusOr<std::vector<ConfigureAnswer>> FindConfigureAnswers(
      const Digest& job_digest, const std::vector<std::string>& refs) = 0;

  // Events after `after`, in order, at most `events_max`.
  //   OUT_OF_RANGE  dropped by retention; the message names the oldest number kept
  virtual StatusOr<std::vector<EventPtr>> ReadEvents(EventSeq after, int events_max) = 0;

  // Logs.
  /// Appends at `offset`; bytes that are there already are not written again.
  virtual Status AppendLog(RunId run, std::int64_t offset, const std::string& bytes) = 0;
  virtual StatusOr<std::string> ReadLog(RunId run, std::int64_t offset, std::int64_t bytes_max) = 0;

  /// The last one that was committed, by whoever leads.
  virtual StatusOr<EventSeq> LastEvent() = 0;

  // What is remembered of request ids: the build, for an idempotent repeat.
  virtual StatusOr<std::optional<Build>> FindRequest(const std::string& principal,
                                                     const std::string& request_id) = 0;

  // Secrets, sealed.
  /// Returns its version, which is higher than any before.
  virtual StatusOr<std::int64_t> SaveSecret(const SealedSecret& secret,
                                            const std::string& principal, TimePoint at) = 0;
  virtual StatusOr<std::vector<SealedSecret>> ListSecrets() = 0;

  /// By which others tell the daemons of this database from those of another.
  virtual StatusOr<std::string> ServiceId() = 0;

  /// An audit row for a refusal or a change.
  virtual Status Audit(const std::string& principal, const std::string& method,
                       const std::string& outcome, TimePoint at) = 0;
};

}  // namespace fft
