#pragma once

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "server/domain/ids.h"
#include "server/domain/job.h"
#include "server/domain/run.h"

namespace fft {

/// Which materialisations were made from tainted ones: a walk over manifests from the oldest run to
/// the newest, since what a run reads was left by runs that were granted before it.
class TaintedLineage {
 public:
  /// A materialisation that something tainted went into.
  struct Suspect {
    PartitionId partition;
    RunId run;
    /// What went into it is named by version, or not at all: that it comes out the same cannot be
    /// told by its key.
    bool is_wrong = false;
  };

  /// `declared`: all that was ever left at these is tainted.
  explicit TaintedLineage(const std::vector<PartitionId>& declared)
      : declared_(declared.begin(), declared.end()), touched_(declared_) {}

  /// Whether Add() has to see this manifest: the config that it asks for may have to be read.
  bool Concerns(const Manifest& manifest) const;
  /// In the order of runs.  `config`: the manifest's.
  void Add(const Manifest& manifest, const JobConfig& config);

  const std::vector<Suspect>& suspects() const { return suspects_; }

 private:
  struct PlaceHash {
    std::size_t operator()(const std::pair<PartitionId, RunId>& place) const {
      return std::hash<RunId>()(place.second) * 31 + std::hash<PartitionId>()(place.first);
    }
  };

  bool IsTainted(PartitionId partition, RunId run) const;

  std::unordered_set<PartitionId> declared_;
  std::unordered_set<PartitionId> touched_;  // where anything is tainted
  std::unordered_set<std::pair<PartitionId, RunId>, PlaceHash> made_;
  std::vector<Suspect> suspects_;
};

/// A request to taint, while it is found out what was made from that.
struct OpenTaint {
  std::vector<PartitionId> partitions;
  std::string text;
  std::vector<std::pair<Manifest, JobConfigPtr>> ended;  // since it came in
};

/// Whether data of this input goes into a result, and whether only its key or content names it.
bool CarriesData(const Input& input);
bool IsNamedByContent(const Input& input);

}  // namespace fft
