#pragma once

#include <string>

#include "server/app/ports.h"
#include "server/store/pool.h"

namespace fft {

/// Ordinary reads, and the writes that need no order with the schedule's, in PostgreSQL.
///
/// Safe from any thread; each call takes a session from a small pool and blocks.  Never meets the
/// loop: what it reads is what was committed.  Builds, nodes of a ref, runs and materialisations
/// are listed newest first, nodes of a build in the order in which it attached them and then its
/// hits, partitions and graphs by name.  Page tokens pin their filter.
class PgLibrary final : public Library {
 public:
  PgLibrary(std::string conninfo, int connections_max)
      : pool_(std::move(conninfo), connections_max) {}

  Status SaveRevision(const GraphRevision& revision) override;
  StatusOr<bool> DeployAgain(const std::string& graph, const Digest& revision,
                             const std::string& principal, TimePoint at) override;
  StatusOr<GraphRevision> GetRevision(const std::string& graph, const Digest& revision) override;
  StatusOr<GraphRevision> FindRevision(const std::string& graph,
                                       const std::string& digits) override;
  StatusOr<Page<GraphRevision>> ListGraphs(const PageRequest& page) override;
  StatusOr<std::vector<Digest>> FindMissingBlobs(const std::vector<Digest>& wanted) override;
  /// INVALID_ARGUMENT when `bytes` are not what `digest` says.
  Status WriteBlob(const Digest& digest, const std::string& bytes) override;
  StatusOr<std::string> ReadBlob(const Digest& digest) override;

  StatusOr<Build> GetBuild(BuildId id) override;
  StatusOr<BuildSnapshot> SnapshotBuild(BuildId id) override;
  StatusOr<Page<Build>> ListBuilds(const BuildFilter& filter, const PageRequest& page) override;
  StatusOr<NodeInBuild> GetNode(NodeId id) override;
  StatusOr<Page<NodeInBuild>> ListNodes(const NodeFilter& filter, const PageRequest& page) override;
  StatusOr<std::optional<Build>> LastHit(const std::string& ns, const std::string& ref) override;
  StatusOr<std::vector<RunRecord>> GetRuns(const std::vector<RunId>& ids) override;
  StatusOr<Page<RunRecord>> ListRuns(NodeId node, const std::string& ns, const std::string& ref,
                                     const PageRequest& page) override;
  StatusOr<RunId> FirstRunAt(const std::vector<PartitionId>& partitions) override;
  StatusOr<std::vector<Manifest>> ListManifests(RunId from) override;
  StatusOr<JobConfig> GetConfig(const Digest& config_digest) override;

  StatusOr<PartitionNow> GetPartition(const std::string& ns, const std::string& ref) override;
  StatusOr<std::string> PlaceOf(const Partition& partition, const std::string& ns) override;
  StatusOr<Page<PartitionNow>> ListPartitions(const PartitionFilter& filter,
                                              const PageRequest& page) override;
  StatusOr<Page<Materialisation>> ListMaterialisations(const std::string& ns,
                                                       const std::string& ref,
                                                       const PageRequest& page) override;
  /// In the order of `ids`.
  StatusOr<std::vector<Partition>> GetPartitions(const std::vector<PartitionId>& ids) override;
  StatusOr<std::vector<std::pair<std::string, std::string>>> FindWithin(
      const std::string& ns, const std::vector<std::string_view>& refs) override;
  StatusOr<std::vector<ConfigureAnswer>> FindConfigureAnswers(
      const Digest& job_digest, const std::vector<std::string>& refs) override;

  StatusOr<std::vector<EventPtr>> ReadEvents(EventSeq after, int events_max) override;

  /// OUT_OF_RANGE when bytes between the end of the log and `offset` are missing.
  Status AppendLog(RunId run, std::int64_t offset, const std::string& bytes) override;
  StatusOr<std::string> ReadLog(RunId run, std::int64_t offset, std::int64_t bytes_max) override;

  StatusOr<EventSeq> LastEvent() override;
  StatusOr<std::optional<Build>> FindRequest(const std::string& principal,
                                             const std::string& request_id) override;
  StatusOr<std::int64_t> SaveSecret(const SealedSecret& secret, const std::string& principal,
                                    TimePoint at) override;
  StatusOr<std::vector<SealedSecret>> ListSecrets() override;
  StatusOr<std::string> ServiceId() override;
  Status Audit(const std::string& principal, const std::string& method, const std::string& outcome,
               TimePoint at) override;

 private:
  /// One statement on a session of the pool.
  StatusOr<pg::Result> Query(const std::string& statement, const pg::Params& params,
                             const std::string& doing);

  pg::Pool pool_;
};

/// NOT_FOUND with the details that name what is missing: `what` "build", `name` "17" makes
/// BUILD_NOT_FOUND, "build 17 does not exist".
Status Missing(const std::string& what, const std::string& name);

}  // namespace fft
