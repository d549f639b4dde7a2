#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/domain/event.h"

namespace fft::sim {

/// Whoever watches a build from its first event on: what is counted is what was told.
/// Made without the product's own scopes.
class Hearing {
 public:
  /// What is wrong with what was heard up to and with this event; empty: nothing.
  std::string Take(const Event& event);
  /// What is wrong with what is kept of the withdrawals that were told.
  std::string Compare(const std::vector<Withdrawal>& kept) const;

 private:
  std::string Tell(BuildId build, const NodeChange& change);

  std::map<BuildId, std::map<NodeId, NodeState>> told_;
  std::map<NodeId, std::set<BuildId>> heard_by_;
  std::map<std::pair<BuildId, NodeId>, EventSeq> withdrawn_;  // by which event
};

void Count(NodeState state, NodeCounts& counts);
/// That the build's ended nodes are counted otherwise than `seen`; empty: they are not.
std::string Differs(const Build& build, const NodeCounts& seen, const char* how);

}  // namespace fft::sim
