#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "server/base/digest.h"
#include "server/domain/build.h"
#include "server/domain/plan.h"
#include "server/domain/reason.h"
#include "server/graph/cone.h"
#include "server/plan/planner.h"

namespace fft {

/// The pass from the sources to the targets: every config's plan key, and what of the catalog
/// speaks against reusing it.  Flat arrays, parallel to the cone's.  Must not outlive what it was
/// given.
class KeyPass {
 public:
  explicit KeyPass(const PlanRequest& request);

  const Digest& plan_key(ConfigIndex config) const { return keys_[config]; }
  /// Why its outputs are not valid as they are, by keys alone:
  ///   kNone            they are, as far as keys tell
  ///   kUncertain kNeverBuilt kTainted kFactsChanged kSuspect
  ///   kInputUndecided  they are, if inputs that are built anew come out as they were
  Reason cause(ConfigIndex config) const { return causes_[config]; }
  /// The glob of `rebuild` that names it or one of its outputs; null: none.
  const std::string* rebuild_glob(ConfigIndex config) const;
  bool has_pending_writer(ConfigIndex config) const;
  /// The plan key of the pending node that does the same; zeros: there is none.
  const Digest& twin(ConfigIndex config) const { return twins_[config]; }
  /// False when what is live was recorded by a build whose cache mode does not write.
  bool is_reusable(ConfigIndex config) const;

  /// Parallel to the config's inputs.
  std::vector<Digest> IdentitiesOf(ConfigIndex config) const;
  /// Whether what this input will hold is known only when its producer has run.
  bool IsUnknown(ConfigIndex config, std::uint32_t input) const;
  std::int64_t taint(RefIndex ref) const { return taints_[ref]; }
  const RefNow& now(RefIndex ref) const { return refs_[ref]; }

 private:
  using InputIdentity = Digest (KeyPass::*)(const Input& input, RefIndex ref) const;

  void FindRebuilds();
  Digest PlanKey(ConfigIndex config, KeyMemo* memo) const;
  void Identify(InputIdentity identity, ConfigIndex config) const;
  Digest KeyBy(InputIdentity identity, ConfigIndex config) const;
  Digest Planned(const Input& input, RefIndex ref) const;
  Digest Optimistic(const Input& input, RefIndex ref) const;
  Digest BeforeContents(const Input& input, RefIndex ref) const;
  Digest Pending(const Input& input, RefIndex ref) const;
  Digest Live(const Input& input, RefIndex ref) const;
  bool IsContentKnown(ConfigIndex producer) const;
  Digest Twin(ConfigIndex config) const;
  bool IsAwaitedAlike(ConfigIndex config) const;
  Reason CauseOf(ConfigIndex config) const;
  bool IsUndecided(ConfigIndex config) const;

  const Cone& cone_;
  std::span<const RefNow> refs_;
  std::span<const PlannedSource> sources_;
  const std::vector<std::string>& globs_;
  std::vector<std::int64_t> taints_;  // by ref
  std::vector<Digest> keys_;          // by config, like all that follow
  std::vector<Reason> causes_;
  std::vector<Digest> twins_;
  std::vector<std::int32_t> rebuilds_;   // place in globs_; -1: none; empty: there are no globs
  mutable std::vector<Digest> scratch_;  // identities of the config at hand
};

}  // namespace fft
