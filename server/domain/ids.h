#pragma once

#include "server/base/id.h"

namespace fft {

using BuildId = Id<struct BuildTag>;
using NodeId = Id<struct NodeTag>;
/// One attempt at a node.  Doubles as the number of the lease that holds it: it only ever grows, so
/// of two runs that wrote one ref the higher number is the later grant.
using RunId = Id<struct RunTag>;
using WorkerId = Id<struct WorkerTag>;
/// A ref in a namespace, interned.  Dense: the first partition is 1.
using PartitionId = Id<struct PartitionTag>;
using NamespaceId = Id<struct NamespaceTag>;
/// Numbers the leaders of one database.  A write under an epoch that is over changes nothing.
using Epoch = Id<struct EpochTag>;
/// The place of an event in the one log: gapless, in the order of commits.
using EventSeq = Id<struct EventSeqTag>;
/// Ties a command to the caller that waits for its outcome.
using ReplyId = Id<struct ReplyTag>;

}  // namespace fft
