#pragma once

#include <string>

#include "server/domain/job.h"
#include "server/domain/partition.h"

namespace fft {

/// Where the outputs of `spec` live in namespace `ns`: at its root in its own, and below that,
/// in `.fft/namespace=NS`, in any other, so that no two namespaces share a file.  A warehouse has
/// namespaces of its own: its root is the same in all.
std::string RootOf(const GraphSpec& spec, const std::string& ns);

/// Where the data of a partition is: what was reported, or its ref under `root`.
std::string UriOf(const Partition& partition, const std::string& root);

}  // namespace fft
