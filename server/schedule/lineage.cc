#include "server/schedule/lineage.h"

#include "server/base/check.h"

namespace fft {

bool CarriesData(const Input& input) { return input.kind != InputKind::kOrder; }

bool IsNamedByContent(const Input& input) {
  return input.identity == Identity::kKey || input.identity == Identity::kContent;
}

bool TaintedLineage::IsTainted(PartitionId partition, RunId run) const {
  return touched_.contains(partition) &&
         (declared_.contains(partition) || made_.contains({partition, run}));
}

bool TaintedLineage::Concerns(const Manifest& manifest) const {
  for (std::size_t i = 0; i < manifest.inputs.size(); ++i)
    if (IsTainted(manifest.inputs[i], manifest.input_runs[i])) return true;
  return false;
}

void TaintedLineage::Add(const Manifest& manifest, const JobConfig& config) {
  FFT_CHECK(manifest.inputs.size() == config.inputs.size() &&
            manifest.inputs.size() == manifest.input_runs.size());
  bool is_suspect = false, is_wrong = false;
  for (std::size_t i = 0; i < config.inputs.size(); ++i) {
    if (!CarriesData(config.inputs[i]) || !IsTainted(manifest.inputs[i], manifest.input_runs[i]))
      continue;
    is_suspect = true;
    is_wrong |= !IsNamedByContent(config.inputs[i]);
  }
  if (!is_suspect) return;
  for (const PartitionId output : manifest.outputs) {
    touched_.insert(output);
    if (!made_.emplace(output, manifest.run).second) continue;
    if (!declared_.contains(output)) suspects_.push_back({output, manifest.run, is_wrong});
  }
}

}  // namespace fft
