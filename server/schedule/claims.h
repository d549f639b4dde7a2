#pragma once

#include "server/schedule/catalog.h"
#include "server/schedule/pending_node.h"
#include "server/schedule/traffic.h"

namespace fft {

/// What the run of a node holds from its grant to the commit of its end: its outputs, which are
/// uncertain from here on, for itself alone; and what it queries, against who writes there.  What
/// it materialises it holds since it was accepted.  The node has its lease.
void TakeClaims(PendingNode& node, Catalog& catalog, Traffic& traffic);

/// Whether the outputs are certain again is for the run's outcome to say.
void GiveClaims(const PendingNode& node, Traffic& traffic);

}  // namespace fft
