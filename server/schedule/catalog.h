#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/job.h"
#include "server/domain/partition.h"

namespace fft {

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
  /// Whether `id` is what Find() would find.
  bool Is(PartitionId id, NamespaceId ns, std::string_view ref) const;
  PartitionId Intern(NamespaceId ns, std::string_view ref, bool* is_new);

  const Partition& at(PartitionId id) const;
  Partition& at(PartitionId id);
  /// The ids are 1 to size().
  std::size_t size() const { return partitions_.size(); }

  /// As they were committed, in the order of their ids.
  static Catalog Restore(const std::vector<Namespace>& namespaces,
                         std::vector<Partition> partitions);

 private:
  /// Where `ref` stands in slots_, or the free slot where it belongs.
  std::size_t SlotOf(NamespaceId ns, std::string_view ref) const;
  PartitionId Add(Partition partition, std::size_t slot);
  void Grow(std::size_t partitions);

  std::deque<Namespace> namespaces_;
  std::deque<Partition> partitions_;
  /// Open addressing with linear probing: ids, by the hash of namespace and ref; 0: free.  A power
  /// of two, at most three quarters full.
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(64);
};

}  // namespace fft
