#include "server/rpc/ready.h"

#include <set>
#include <vector>

namespace fft {

namespace {

/// `tell(item)`: its node, and where its state stands.
template <class Item, class Tell>
void SetReadyWhere(Service& service, std::span<Item> items, Tell tell) {
  std::vector<NodeId> waiting;
  for (Item& item : items)
    if (const auto [id, state] = tell(item); id && *state == NodeState::kWaiting)
      waiting.push_back(id);
  const std::set<NodeId> ready = service.ReadyOf(waiting);
  if (ready.empty()) return;
  for (Item& item : items)
    if (const auto [id, state] = tell(item); *state == NodeState::kWaiting && ready.contains(id))
      *state = NodeState::kReady;
}

}  // namespace

void SetReady(Service& service, std::span<NodeInBuild> nodes) {
  SetReadyWhere(service, nodes, [](NodeInBuild& n) { return std::pair(n.node.id, &n.node.state); });
}

void SetReady(Service& service, std::span<NodeChange> picture) {
  SetReadyWhere(service, picture, [](NodeChange& c) { return std::pair(c.label->id, &c.state); });
}

void SetReady(Service& service, std::span<PartitionNow> partitions) {
  SetReadyWhere(service, partitions,
                [](PartitionNow& p) { return std::pair(p.maker, &p.maker_state); });
}

}  // namespace fft
