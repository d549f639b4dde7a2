#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/domain/build.h"
#include "server/domain/reason.h"
#include "server/fingerprint/fingerprint.h"
#include "server/graph/cone.h"
#include "server/plan/key_pass.h"

namespace fft {

/// Writes what proves a decision, one JSON object each; docs/explain.md says what is in it.
/// Must not outlive what it was given.
class EvidenceWriter {
 public:
  EvidenceWriter(const Cone& cone, const KeyPass& keys, const BuildOptions& options)
      : cone_(cone), keys_(keys), options_(options) {}

  /// `missing` are the outputs whose data is gone, for kDataMissing.
  std::string Write(ConfigIndex config, Reason reason, const std::vector<RefIndex>& missing) const;

  /// For kFactsChanged, once it is known what `run` had.
  std::string WriteChanges(ConfigIndex config, const RunFacts& before) const;

  /// The live run that had other facts.
  RunId RunBefore(ConfigIndex config) const;

 private:
  std::string WriteRefs(const std::vector<RefIndex>& refs, RunId run, BuildId build) const;
  std::string WriteUnknownInputs(ConfigIndex config) const;
  std::string WriteCacheOff(ConfigIndex config) const;
  std::vector<RefIndex> OutputsWith(ConfigIndex config,
                                    bool (*speaks_against)(const RefNow& now)) const;
  void SayWhatIsUnknown(ConfigIndex config, std::vector<FactChange>* changes) const;

  const Cone& cone_;
  const KeyPass& keys_;
  const BuildOptions& options_;
};

}  // namespace fft
