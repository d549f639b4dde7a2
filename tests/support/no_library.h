#pragma once

#include "server/app/ports.h"

namespace fft {

/// A library without books: every read is UNIMPLEMENTED.  Tests override what they need.
class NoLibrary : public Library {
 public:
  Status SaveRevision(const GraphRevision&) override { return None(); }
  StatusOr<bool> DeployAgain(const std::string&, const Digest&, const std::string&,
                             TimePoint) override {
    return None();
  }
  StatusOr<GraphRevision> GetRevision(const std::string&, const Digest&) override { return None(); }
  StatusOr<GraphRevision> FindRevision(const std::string&, const std::string&) override {
    return None();
  }
  StatusOr<Page<GraphRevision>> ListGraphs(const PageRequest&) override { return None(); }
  StatusOr<std::vector<Digest>> FindMissingBlobs(const std::vector<Digest>&) override {
    return None();
  }
  Status WriteBlob(const Digest&, const std::string&) override { return None(); }
  StatusOr<std::string> ReadBlob(const Digest&) override { return None(); }
  StatusOr<Build> GetBuild(BuildId) override { return None(); }
  StatusOr<BuildSnapshot> SnapshotBuild(BuildId) override { return None(); }
  StatusOr<Page<Build>> ListBuilds(const BuildFilter&, const PageRequest&) override {
    return None();
  }
  StatusOr<NodeInBuild> GetNode(NodeId) override { return None(); }
  StatusOr<Page<NodeInBuild>> ListNodes(const NodeFilter&, const PageRequest&) override {
    return None();
  }
  StatusOr<std::optional<Build>> LastHit(const std::string&, const std::string&) override {
    return std::optional<Build>();
  }
  StatusOr<std::vector<RunRecord>> GetRuns(const std::vector<RunId>&) override { return None(); }
  StatusOr<Page<RunRecord>> ListRuns(NodeId, const std::string&, const std::string&,
                                     const PageRequest&) override {
    return None();
  }
  StatusOr<RunId> FirstRunAt(const std::vector<PartitionId>&) override { return None(); }
  StatusOr<std::vector<Manifest>> ListManifests(RunId) override { return None(); }
  StatusOr<JobConfig> GetConfig(const Digest&) override { return None(); }
  StatusOr<PartitionNow> GetPartition(const std::string&, const std::string&) override {
    return None();
  }
  StatusOr<std::string> PlaceOf(const Partition& partition, const std::string&) override {
    return partition.live.uri.str();
  }
  StatusOr<Page<PartitionNow>> ListPartitions(const PartitionFilter&, const PageRequest&) override {
    return None();
  }
  StatusOr<Page<Materialisation>> ListMaterialisations(const std::string&, const std::string&,
                                                       const PageRequest&) override {
    return None();
  }
  StatusOr<std::vector<Partition>> GetPartitions(const std::vector<PartitionId>&) override {
    return None();
  }
  StatusOr<std::vector<std::pair<std::string, std::string>>> FindWithin(
      const std::string&, const std::vector<std::string_view>&) override {
    return std::vector<std::pair<std::string, std::string>>();
  }
  StatusOr<std::vector<ConfigureAnswer>> FindConfigureAnswers(
      const Digest&, const std::vector<std::string>&) override {
    return None();
  }
  StatusOr<std::vector<EventPtr>> ReadEvents(EventSeq, int) override { return None(); }
  Status AppendLog(RunId, std::int64_t, const std::string&) override { return None(); }
  StatusOr<std::string> ReadLog(RunId, std::int64_t, std::int64_t) override { return None(); }
  StatusOr<EventSeq> LastEvent() override { return None(); }
  StatusOr<std::optional<Build>> FindRequest(const std::string&, const std::string&) override {
    return None();
  }
  StatusOr<std::int64_t> SaveSecret(const SealedSecret&, const std::string&, TimePoint) override {
    return None();
  }
  StatusOr<std::vector<SealedSecret>> ListSecrets() override { return std::vector<SealedSecret>(); }
  StatusOr<std::string> ServiceId() override { return std::string("service"); }
  Status Audit(const std::string&, const std::string&, const std::string&, TimePoint) override {
    return None();
  }

 private:
  static Status None() { return Error(Code::kUnimplemented, "this library has no books"); }
};

}  // namespace fft
