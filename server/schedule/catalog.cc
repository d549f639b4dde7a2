#include "server/schedule/catalog.h"

#include <functional>
#include <utility>

#include "server/base/check.h"

namespace fft {

namespace {

std::size_t HashOf(NamespaceId ns, std::string_view ref) {
  return std::hash<std::string_view>()(ref) ^ static_cast<std::size_t>(ns.value) * 0x9E3779B9U;
}

}  // namespace

NamespaceId Catalog::FindNamespace(std::string_view name) const {
  for (const Namespace& ns : namespaces_)
    if (ns.name == name) return ns.id;
  return {};
}

const Namespace& Catalog::InternNamespace(const std::string& name, bool* is_new) {
  const NamespaceId found = FindNamespace(name);
  *is_new = !found;
  if (found) return ns(found);
  namespaces_.push_back({NamespaceId{static_cast<std::int64_t>(namespaces_.size()) + 1}, name});
  return namespaces_.back();
}

const Namespace& Catalog::ns(NamespaceId id) const {
  FFT_CHECK(id.value >= 1 && static_cast<std::size_t>(id.value) <= namespaces_.size());
  return namespaces_[static_cast<std::size_t>(id.value) - 1];
}

std::size_t Catalog::SlotOf(NamespaceId ns, std::string_view ref) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = HashOf(ns, ref) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Partition& partition = partitions_[slots_[slot] - 1];
    if (partition.ref == ref && partition.ns == ns) break;
  }
  return slot;
}

PartitionId Catalog::Find(NamespaceId ns, std::string_view ref) const {
  return PartitionId{slots_[SlotOf(ns, ref)]};
}

bool Catalog::Is(PartitionId id, NamespaceId ns, std::string_view ref) const {
  if (id.value < 1 || static_cast<std::size_t>(id.value) > partitions_.size()) return false;
  const Partition& partition = at(id);
  return partition.ref == ref && partition.ns == ns;
}

PartitionId Catalog::Intern(NamespaceId ns, std::string_view ref, bool* is_new) {
  Grow(partitions_.size() + 1);
  const std::size_t slot = SlotOf(ns, ref);
  *is_new = slots_[slot] == 0;
  if (!*is_new) return PartitionId{slots_[slot]};
  return Add({.id = {}, .ns = ns, .ref = ref}, slot);
}

PartitionId Catalog::Add(Partition partition, std::size_t slot) {
  partitions_.push_back(std::move(partition));
  FFT_CHECK(partitions_.size() < UINT32_MAX);
  slots_[slot] = static_cast<std::uint32_t>(partitions_.size());
  return partitions_.back().id = PartitionId{slots_[slot]};
}

void Catalog::Grow(std::size_t partitions) {
  std::size_t size = slots_.size();
  while (partitions > size / 4 * 3) size *= 2;
  if (size == slots_.size()) return;
  slots_.assign(size, 0);
  for (const Partition& partition : partitions_)
    slots_[SlotOf(partition.ns, partition.ref)] = static_cast<std::uint32_t>(partition.id.value);
}

const Partition& Catalog::at(PartitionId id) const {
  FFT_CHECK(id.value >= 1 && static_cast<std::size_t>(id.value) <= partitions_.size());
  return partitions_[static_cast<std::size_t>(id.value) - 1];
}

Partition& Catalog::at(PartitionId id) {
  return const_cast<Partition&>(std::as_const(*this).at(id));
}

Catalog Catalog::Restore(const std::vector<Namespace>& namespaces,
                         std::vector<Partition> partitions) {
  Catalog catalog;
  for (const Namespace& ns : namespaces) {
    FFT_CHECK(ns.id.value == static_cast<std::int64_t>(catalog.namespaces_.size()) + 1);
    catalog.namespaces_.push_back(ns);
  }
  catalog.Grow(partitions.size());
  for (Partition& partition : partitions) {
    FFT_CHECK(partition.id.value == static_cast<std::int64_t>(catalog.partitions_.size()) + 1);
    const std::size_t slot = catalog.SlotOf(partition.ns, partition.ref);
    catalog.Add(std::move(partition), slot);
  }
  return catalog;
}

}  // namespace fft
