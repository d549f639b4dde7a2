#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/domain/job.h"
#include "server/domain/partition.h"

namespace fft {

/// Where the data of a partition is: what was reported, or its ref under the graph's root.
std::string UriOf(const Partition& partition, const GraphSpec& spec);

/// Every partition that was ever asked for, with what is live there: refs interned as dense ids.
///
/// A plain container: owned by the schedule; whoever else reads it holds the lock under which the
/// schedule steps.  Partitions are never removed.
class Catalog {
 public:
  /// None when there is no such namespace.
  NamespaceId FindNamespace(std::string_view name) const;
  /// Adds it when it is new; `is_new` tells.
  const Namespace& InternNamespace(const std::string& name, bool* is_new);
  const Namespace& ns(NamespaceId id) const;

  PartitionId Find(NamespaceId ns, std::string_view ref) const;
  PartitionId Intern(NamespaceId ns, std::string_view ref, bool* is_new);

  const Partition& at(PartitionId id) const;
  Partition& at(PartitionId id);
  /// The ids are 1 to size().
  std::size_t size() const { return partitions_.size(); }

  /// As they were committed, in the order of their ids.
  static Catalog Restore(const std::vector<Namespace>& namespaces,
                         std::vector<Partition> partitions);

 private:
  struct Name {
    NamespaceId ns;
    std::string_view ref;  // into partitions_, which never moves its items
    bool operator==(const Name&) const = default;
  };
  struct HashName {
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<std::string_view>()(name.ref) ^ std::hash<NamespaceId>()(name.ns);
    }
  };

  std::deque<Namespace> namespaces_;
  std::deque<Partition> partitions_;
  std::unordered_map<Name, PartitionId, HashName> ids_;
};

}  // namespace fft
