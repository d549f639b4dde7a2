#pragma once

#include <string>
#include <vector>

#include "server/schedule/catalog.h"
#include "server/schedule/pending.h"

namespace fft {

// What is live at a node's inputs and outputs, and what follows from that for the node.

/// One identity an input, as its key sees it; `runs`, unless null: what left them.
std::vector<Digest> Identities(const Catalog& catalog, const PendingNode& node,
                               std::vector<RunId>* runs);

/// Early cut-off: its inputs are known by now, and their identities may have come out the same.
/// Whether the data is there has to be looked at yet.
bool MayBeHit(const Catalog& catalog, const PendingNode& node);

/// Whether something tainted is live where it takes data from.
bool ReadsTainted(const Catalog& catalog, const PendingNode& node);

/// Of one that has a lease: whether what is tainted among its inputs may come out right, and
/// another, without that changing its key.
bool ReadsTaintedUnnoticed(const Catalog& catalog, const PendingNode& node);

/// What is told of a node whose state is `state` now.
NodeChange ChangeOf(const Catalog& catalog, PendingNode& node, NodeState state, Reason reason,
                    std::string message);
/// What people are told of a node.  It is kept from the grant on, when there is more to tell soon.
NodeLabelPtr LabelOf(const Catalog& catalog, PendingNode& node);

/// What a worker is told of a node that was granted.
Grant GrantOf(const Catalog& catalog, const PendingNode& node);

}  // namespace fft
