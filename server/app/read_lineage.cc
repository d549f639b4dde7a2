#include "server/app/read_lineage.h"

#include <unordered_map>
#include <utility>

namespace fft {

StatusOr<std::shared_ptr<const TaintedLineage>> ReadLineage(
    Library& library, const std::vector<PartitionId>& declared) {
  auto lineage = std::make_shared<TaintedLineage>(declared);
  std::unordered_map<Digest, JobConfig> configs;
  auto next = library.FirstRunAt(declared);
  if (!next.ok()) return next.status();
  while (true) {
    const auto page = library.ListManifests(*next);
    if (!page.ok()) return page.status();
    if (page->empty()) return std::shared_ptr<const TaintedLineage>(std::move(lineage));
    for (const Manifest& manifest : *page) {
      if (!lineage->Concerns(manifest)) continue;
      auto at = configs.find(manifest.config_digest);
      if (at == configs.end()) {
        auto config = library.GetConfig(manifest.config_digest);
        if (!config.ok()) return config.status();
        at = configs.emplace(manifest.config_digest, *std::move(config)).first;
      }
      lineage->Add(manifest, at->second);
    }
    *next = RunId{page->back().run.value + 1};
  }
}

}  // namespace fft
