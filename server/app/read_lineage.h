#pragma once

#include <memory>
#include <vector>

#include "server/app/library.h"
#include "server/schedule/lineage.h"

namespace fft {

/// What was made from all that was ever left at `declared`, as far as it is recorded.  Blocks, and
/// reads every manifest since the first of those: tainting is rare, and no index pays for it.
StatusOr<std::shared_ptr<const TaintedLineage>> ReadLineage(
    Library& library, const std::vector<PartitionId>& declared);

}  // namespace fft
