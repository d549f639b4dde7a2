#include <algorithm>
#include <utility>

#include "server/base/error_details.h"
#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// Data that somebody declared wrong, and what was made from it.

namespace fft {

namespace {

// Refs travel by name in events: this many fit into one message.
constexpr std::size_t kToldMax = 500;

Status NotFound(const std::string& ns, const std::string& ref) {
  return WithDetails(Error(Code::kNotFound, "partition {} in namespace {} does not exist", ref, ns),
                     {.reason = "PARTITION_NOT_FOUND",
                      .metadata = {{"namespace", ns}, {"ref", ref}},
                      .fields = {}});
}

// What is live at `partition` was made from tainted data.  What came out the same would clear it,
// unless its key could not tell: then it counts as declared wrong itself.
void Suspect(Partition& partition, bool is_wrong) {
  if (!partition.is_tainted() || partition.doubt->is_suspect) {
    partition.doubt.Set(&Doubt::tainted_before, RunId{partition.live.run.value + 1});
    partition.doubt.Set(&Doubt::is_suspect, !is_wrong);
    if (is_wrong) partition.doubt.Set(&Doubt::taint, partition.doubt->taint + 1);
  }
}

}  // namespace

// First it has to be known what was made from these: that is read from the store, while what ends
// meanwhile is written down here.  A crash in between loses the request, and nothing was recorded.
void Schedule::On(const TaintRequested& c, TimePoint) {
  const NamespaceId ns = catalog_.FindNamespace(c.ns);
  OpenTaint open{.partitions = {}, .text = c.text, .ended = {}};
  for (const std::string& ref : c.refs) {
    const PartitionId id = ns ? catalog_.Find(ns, ref) : PartitionId{};
    if (!id) {
      effects_.answers.push_back(Answer{.reply = c.reply, .status = NotFound(c.ns, ref)});
      return;
    }
    open.partitions.push_back(id);
  }
  std::sort(open.partitions.begin(), open.partitions.end());
  open.partitions.erase(std::unique(open.partitions.begin(), open.partitions.end()),
                        open.partitions.end());
  effects_.lineages.push_back({c.reply, open.partitions});
  taints_.insert_or_assign(c.reply, std::move(open));
}

void Schedule::On(const LineageRead& c, TimePoint now) {
  const auto at = taints_.find(c.reply);
  if (at == taints_.end()) return;
  OpenTaint open = std::move(at->second);
  taints_.erase(at);
  Answer answer{.reply = c.reply, .status = c.status};
  if (!c.status.ok()) return effects_.answers.push_back(std::move(answer));
  TaintedLineage lineage = *c.lineage;
  std::sort(open.ended.begin(), open.ended.end(),
            [](const auto& a, const auto& b) { return a.first.run < b.first.run; });
  for (const auto& [manifest, config] : open.ended)
    if (lineage.Concerns(manifest)) lineage.Add(manifest, *config);

  std::vector<PartitionId> told = open.partitions;
  for (const PartitionId id : open.partitions) {
    Partition& partition = catalog_.at(id);
    partition.doubt.Set(&Doubt::taint, partition.doubt->taint + 1);
    partition.doubt.Set(&Doubt::tainted_before, RunId{last_.run.value + 1});
    partition.doubt.Set(&Doubt::is_suspect, false);
    SavePartition(id);
    answer.partitions.push_back(partition);
  }
  for (const TaintedLineage::Suspect& suspect : lineage.suspects()) {
    Partition& partition = catalog_.at(suspect.partition);
    if (partition.live.run != suspect.run) continue;
    Suspect(partition, suspect.is_wrong);
    SavePartition(partition.id);
    told.push_back(partition.id);
  }
  answer.suspects = static_cast<std::int64_t>(told.size() - open.partitions.size());
  for (std::size_t i = 0; i < told.size(); i += kToldMax)
    journal_.PartitionsTainted(
        {told.begin() + static_cast<std::ptrdiff_t>(i),
         told.begin() + static_cast<std::ptrdiff_t>(std::min(told.size(), i + kToldMax))},
        open.text, now);
  effects_.answers.push_back(std::move(answer));
}

// Of what `node` has just left.  Its inputs are still what it read: its claims on them end later.
// Returns what its waiters are to be told.
std::string Schedule::InheritTaint(const PendingNode& node, TimePoint now) {
  for (auto& [reply, open] : taints_)
    open.ended.emplace_back(Manifest{.run = node.lease->run,
                                     .config_digest = node.row.config_digest,
                                     .outputs = node.row.outputs.vec(),
                                     .inputs = node.row.inputs.vec(),
                                     .input_runs = node.lease->input_runs},
                            node.row.config);
  const bool reads_tainted = ReadsTainted(catalog_, node);
  const bool is_wrong = reads_tainted && ReadsTaintedUnnoticed(catalog_, node);
  std::vector<PartitionId> tainted;
  for (const PartitionId id : node.row.outputs) {
    Partition& partition = catalog_.at(id);
    if (reads_tainted) {
      Suspect(partition, is_wrong);
      SavePartition(id);
    }
    if (partition.is_tainted()) tainted.push_back(id);
  }
  if (tainted.empty()) return {};
  std::string text = reads_tainted
                         ? "recorded as tainted: something that it read was declared wrong"
                         : "recorded as tainted: it was declared wrong while it ran";
  journal_.PartitionsTainted(std::move(tainted), text, now);
  return text;
}

}  // namespace fft
