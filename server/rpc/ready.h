#pragma once

#include <span>

#include "server/app/service.h"

namespace fft {

// Rows tell a node that may start from one that waits only when it is granted; the schedule knows.
// Where there is none, at a standby, it reads as waiting.

/// Makes those that may start kReady.
void SetReady(Service& service, std::span<NodeInBuild> nodes);
void SetReady(Service& service, std::span<NodeChange> picture);
void SetReady(Service& service, std::span<PartitionNow> partitions);

}  // namespace fft
