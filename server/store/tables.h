#pragma once

#include <string>
#include <vector>

#include "server/domain/change_set.h"
#include "server/store/known_configs.h"
#include "server/store/records.h"

namespace fft::pg {

// The rows that commits write, each in the order of the columns of its row type in migrations/:
// that of the table, or node_update.

Records NamespaceRows(const std::vector<Namespace>& namespaces);
Records PartitionRows(const std::vector<const Partition*>& partitions);
Records BuildRows(const std::vector<Build>& builds);
Records AttachmentRows(const std::vector<Attachment>& attachments);
Records WithdrawalRows(const std::vector<Withdrawal>& withdrawals);
Records HitsRows(const std::vector<BuildHits>& hits);
/// Without those that are known.
Records ConfigRows(const ChangeSet& changes, const KnownConfigs& known);
Records NodeRows(const std::vector<const Node*>& nodes);
Records FurtherOutputRows(const std::vector<const Node*>& nodes);
Records NodeUpdateRows(const std::vector<const NodeUpdate*>& updates);
Records LeaseRows(const std::vector<const Lease*>& leases);
Records LeaseStartRows(const std::vector<LeaseStart>& starts);
Records EndedLeaseRows(const std::vector<RunId>& runs);

Records RunRows(const std::vector<Run>& runs);
/// What successful runs left.
Records MaterialisationRows(const std::vector<Run>& runs);
Records ConfigureAnswerRows(const std::vector<ConfigureAnswer>& answers);
Records WorkerRows(const std::vector<Worker>& workers);
Records PoolRows(const std::vector<Pool>& pools);
Records PauseRows(const std::vector<GraphPause>& pauses);
Records DurationRows(const std::vector<JobDuration>& durations);
Records EventRows(const std::vector<EventPtr>& events);

}  // namespace fft::pg
