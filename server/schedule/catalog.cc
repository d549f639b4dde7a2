#include "server/schedule/catalog.h"

#include <utility>

#include "server/base/check.h"

namespace fft {

std::string UriOf(const Partition& partition, const GraphSpec& spec) {
  return partition.live.uri.empty() ? spec.root_uri + "/" + partition.ref : partition.live.uri;
}

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

PartitionId Catalog::Find(NamespaceId ns, std::string_view ref) const {
  const auto at = ids_.find({ns, ref});
  return at == ids_.end() ? PartitionId{} : at->second;
}

PartitionId Catalog::Intern(NamespaceId ns, std::string_view ref, bool* is_new) {
  const PartitionId found = Find(ns, ref);
  *is_new = !found;
  if (found) return found;
  const PartitionId id{static_cast<std::int64_t>(partitions_.size()) + 1};
  partitions_.push_back({.id = id, .ns = ns, .ref = std::string(ref)});
  ids_.emplace(Name{ns, partitions_.back().ref}, id);
  return id;
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
  catalog.ids_.reserve(partitions.size());
  for (Partition& partition : partitions) {
    FFT_CHECK(partition.id.value == static_cast<std::int64_t>(catalog.partitions_.size()) + 1);
    catalog.partitions_.push_back(std::move(partition));
    const Partition& kept = catalog.partitions_.back();
    catalog.ids_.emplace(Name{kept.ns, kept.ref}, kept.id);
  }
  return catalog;
}

}  // namespace fft
