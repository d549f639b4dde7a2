#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "server/app/archive.h"

namespace fft {

/// How long what is not needed any more is kept.  Zero: for ever.
struct RetentionOptions {
  Duration events{30LL * 24 * 3'600'000};
  Duration logs{30LL * 24 * 3'600'000};
  Duration builds{90LL * 24 * 3'600'000};  // with their nodes and runs
  Duration history_every{3'600'000};       // between two looks at all runs
};

/// Drops old events, logs, finished builds and what ran for them; never the facts of a live
/// materialisation, nor the manifests of what it was made from, which taint and lineage follow.
///
/// Which runs those are is found in one walk from the newest run to the oldest, since runs read
/// what older runs left: what is live is kept, and whatever a kept run read.  A walk takes as many
/// steps as there are pages of runs, and holds the numbers of those that are to be kept. Used by
/// one thread.  After a failure the next step tries again.
class Retention {
 public:
  Retention(Archive& archive, RetentionOptions options) : archive_(archive), options_(options) {}

  /// One bounded piece of work.  False: there is nothing more to do for now.
  StatusOr<bool> Step(TimePoint now);

 private:
  enum class Phase { kRest, kLive, kRuns, kNodes };

  StatusOr<bool> DropSome(TimePoint now);
  Status WalkOn(TimePoint now);
  Status BeginWalk(TimePoint now);
  Status ReadLive();
  Status ReadRuns();
  Status DropNodes();

  Archive& archive_;
  const RetentionOptions options_;
  Phase phase_ = Phase::kRest;
  TimePoint next_walk_{};
  TimePoint before_{};  // of this walk: what ended earlier may go
  PartitionId partition_;
  RunId below_;
  NodeId node_;
  std::unordered_set<RunId> kept_;
  std::vector<NodeId> shown_;  // sorted
};

}  // namespace fft
