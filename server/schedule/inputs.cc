#include "server/schedule/inputs.h"

#include <utility>

#include "server/domain/place.h"
#include "server/fingerprint/fingerprint.h"
#include "server/schedule/lineage.h"

namespace fft {

std::vector<Digest> Identities(const Catalog& catalog, const PendingNode& node,
                               std::vector<RunId>* runs) {
  std::vector<Digest> identities;
  identities.reserve(node.row.inputs.size());
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i) {
    const Partition& partition = catalog.at(node.row.inputs[i]);
    identities.push_back(
        IdentityOf(node.row.config->inputs[i].identity, partition.live, partition.doubt->taint));
    if (runs != nullptr) runs->push_back(partition.live.run);
  }
  return identities;
}

bool MayBeHit(const Catalog& catalog, const PendingNode& node) {
  if (node.row.must_run || node.row.kind != NodeKind::kJob) return false;
  bool is_suspect = false;
  for (const PartitionId id : node.row.outputs) {
    const Partition& partition = catalog.at(id);
    if (!partition.live.run || !partition.live.is_reusable || partition.doubt->uncertain_run ||
        (partition.is_tainted() && !partition.doubt->is_suspect))
      return false;
    is_suspect |= partition.is_tainted();
  }
  if (is_suspect && ReadsTainted(catalog, node)) return false;
  const Digest key = KeyOf(node.row.config_digest, Identities(catalog, node, nullptr));
  for (const PartitionId id : node.row.outputs)
    if (catalog.at(id).live.key != key) return false;
  return true;
}

bool ReadsTainted(const Catalog& catalog, const PendingNode& node) {
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i)
    if (CarriesData(node.row.config->inputs[i]) && catalog.at(node.row.inputs[i]).is_tainted())
      return true;
  return false;
}

bool ReadsTaintedUnnoticed(const Catalog& catalog, const PendingNode& node) {
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i) {
    const Input& input = node.row.config->inputs[i];
    const Partition& partition = catalog.at(node.row.inputs[i]);
    if (!CarriesData(input) || !partition.is_tainted()) continue;
    // What comes out otherwise has another content, and what was made from that another key.
    if (input.identity == Identity::kContent && partition.live.content) continue;
    if (IsNamedByContent(input) && partition.doubt->is_suspect) continue;
    // Declared wrong since the grant, the input has another number now than in this key.
    if (IdentityOf(input.identity, partition.live, partition.doubt->taint) ==
        node.lease->input_identities[i])
      return true;
  }
  return false;
}

NodeLabelPtr LabelOf(const Catalog& catalog, PendingNode& node) {
  if (node.dispatch->label != nullptr) return node.dispatch->label;
  const Node& row = node.row;
  auto label = std::make_shared<NodeLabel>(NodeLabel{row.id, row.kind, catalog.ns(row.ns).name,
                                                     row.config->frame->job, row.config->outputs});
  if (node.lease->run) node.dispatch.Make().label = label;
  return label;
}

NodeChange ChangeOf(const Catalog& catalog, PendingNode& node, NodeState state, Reason reason,
                    std::string message) {
  return {.label = LabelOf(catalog, node),
          .state = state,
          .reason = reason,
          .run = node.lease->run ? node.lease->run : node.row.past->last_run,
          .level = 0,
          .is_joined = false,
          .message = std::move(message)};
}

Grant GrantOf(const Catalog& catalog, const PendingNode& node) {
  Grant grant{.lease = *node.lease,
              .kind = node.row.kind,
              .config = node.row.config,
              .job = node.job->granted};
  const Cohort* cohort = node.waiters.empty() ? nullptr : node.waiters.front().cohort;
  if (cohort != nullptr && cohort->options().jobs_max > 0) {
    grant.group = cohort->id().value;
    if (node.dispatch->is_in_turn) grant.group_max = cohort->options().jobs_max;
  }
  grant.input_uris.reserve(node.row.inputs.size());
  for (const PartitionId input : node.row.inputs)
    grant.input_uris.push_back(UriOf(catalog.at(input), node.job->granted->root_uri));
  return grant;
}

}  // namespace fft
