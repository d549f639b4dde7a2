#include "server/app/shared_schedule.h"

#include <algorithm>

namespace fft {

namespace {
constexpr std::size_t kRefsAtOnce = 4'096;

/// Whether a node that took its place now would read the same as `node`, from the same writers.
bool ReadsWhatIsWrittenLast(const Schedule& schedule, const PendingNode& node) {
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i) {
    if (node.row.config->inputs[i].kind == InputKind::kQuery) continue;
    const PendingNode* const last = schedule.LastWriter(node.row.inputs[i]);
    const PendingNode* const awaited =
        node.writers[i] ? schedule.FindNode(node.writers[i]) : nullptr;
    if (last != awaited) return false;
  }
  return true;
}

Status Reloading() { return Error(Code::kUnavailable, "the daemon is reloading its state"); }
}  // namespace

StatusOr<RefsNow> LookAt(const SharedSchedule& shared, const std::string& ns,
                         const std::vector<std::string_view>& refs) {
  RefsNow now;
  now.partitions.resize(refs.size());
  now.refs.resize(refs.size());
  for (std::size_t begin = 0; begin < refs.size(); begin += kRefsAtOnce) {
    const std::lock_guard lock(shared.mutex);
    if (shared.schedule == nullptr) return Reloading();
    const Catalog& catalog = shared.schedule->catalog();
    const NamespaceId id = catalog.FindNamespace(ns);
    const std::size_t end = std::min(refs.size(), begin + kRefsAtOnce);
    for (std::size_t i = begin; i < end; ++i) {
      const PartitionId found = id ? catalog.Find(id, refs[i]) : PartitionId{};
      if (!found) continue;
      now.partitions[i] = catalog.at(found);
      now.refs[i].partition = &now.partitions[i];
      const PendingNode* writer = shared.schedule->LastWriter(found);
      if (writer == nullptr) continue;
      now.refs[i].pending_plan_key = writer->row.plan_key;
      if (!writer->lease->run && ReadsWhatIsWrittenLast(*shared.schedule, *writer))
        now.refs[i].pending_config = writer->row.config_digest;
      if (!writer->waiters.empty())
        now.refs[i].pending_build = writer->waiters.front().cohort->id();
    }
  }
  return now;
}

std::vector<std::string> KnownRefsOf(const SharedSchedule& shared, const std::string& ns) {
  std::vector<std::string> refs;
  for (std::size_t next = 1;;) {
    const std::lock_guard lock(shared.mutex);
    if (shared.schedule == nullptr) return refs;
    const Catalog& catalog = shared.schedule->catalog();
    const NamespaceId id = catalog.FindNamespace(ns);
    const std::size_t end = std::min(catalog.size() + 1, next + kRefsAtOnce);
    for (; next < end; ++next) {
      const Partition& partition = catalog.at(PartitionId{static_cast<std::int64_t>(next)});
      if (partition.ns == id) refs.push_back(partition.ref.str());
    }
    if (next > catalog.size()) return refs;
  }
}

}  // namespace fft
