#include "server/schedule/claims.h"

namespace fft {

void TakeClaims(PendingNode& node, Catalog& catalog, Traffic& traffic) {
  Dispatch& dispatch = node.dispatch.Make();
  dispatch.uncertain_before.clear();
  for (const PartitionId id : node.row.outputs) {
    traffic.BeginWrite(id);
    Partition& partition = catalog.at(id);
    dispatch.uncertain_before.push_back(partition.doubt->uncertain_run);
    partition.doubt.Set(&Doubt::uncertain_run, node.lease->run);
  }
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i)
    if (node.row.config->inputs[i].kind == InputKind::kQuery)
      traffic.BeginQuery(node.row.inputs[i]);
}

void GiveClaims(const PendingNode& node, Traffic& traffic) {
  for (const PartitionId id : node.row.outputs) traffic.EndWrite(id);
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i)
    if (node.row.config->inputs[i].kind == InputKind::kQuery) traffic.EndQuery(node.row.inputs[i]);
}

}  // namespace fft
