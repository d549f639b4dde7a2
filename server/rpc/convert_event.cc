#include <algorithm>

#include "server/rpc/convert.h"
#include "server/rpc/error.h"

namespace fft {

namespace {

constexpr std::size_t kMessageMax = 256;
/// An event that outgrows this is told with one output a change.
constexpr std::size_t kEventBytesMax = 512 << 10;

template <class Changes>
void AddChanges(const Event& event, bool is_attachment, std::size_t outputs_max, Changes* to) {
  for (const NodeChange& change : event.changes)
    ToProto(change, is_attachment, outputs_max, to->add_changes());
}

/// NodesAttached or NodesWithdrawn.
template <class Ties>
void AddTies(const Event& event, bool is_attachment, std::size_t outputs_max, Ties* to) {
  to->set_build(event.build.value);
  for (const BuildId build : event.also) to->add_also(build.value);
  AddChanges(event, is_attachment, outputs_max, to);
}

/// Roughly how many bytes the outputs of all changes take.
std::size_t OutputBytes(const Event& event) {
  std::size_t bytes = 0;
  for (const NodeChange& change : event.changes) {
    const auto& outputs = change.label->outputs;
    for (std::size_t i = 0; i < std::min(outputs.size(), kShortOutputs); ++i)
      bytes += outputs[i].size() + 4;
  }
  return bytes;
}

}  // namespace

void ToProto(const NodeChange& change, bool is_attachment, std::size_t outputs_max,
             v1::NodeChange* to) {
  const NodeLabel& label = *change.label;
  to->set_node(label.id.value);
  to->set_namespace_(label.ns);
  to->set_job(label.job);
  for (std::size_t i = 0; i < std::min(label.outputs.size(), outputs_max); ++i)
    to->add_outputs(label.outputs[i]);
  to->set_state(ToProto(change.state));
  to->set_reason(std::string(ToString(change.reason)));
  to->set_run(change.run.value);
  to->set_level(change.level);
  to->set_joined(change.is_joined);
  to->set_message(Clean(change.message, kMessageMax));
  const bool is_delegated = is_attachment && change.is_joined && !IsTerminal(change.state);
  to->set_partition_state(is_delegated
                              ? v1::PARTITION_DELEGATED
                              : static_cast<v1::PartitionState>(PartitionStateOf(change.state)));
}

void ToProto(const Event& event, const std::vector<std::string>& refs, v1::Event* to) {
  to->set_seq(event.seq.value);
  ToProto(event.at, to->mutable_time());
  const std::size_t outputs_max = OutputBytes(event) > kEventBytesMax ? 1 : kShortOutputs;
  switch (event.kind) {
    case EventKind::kBuildChanged: {
      v1::BuildChanged& changed = *to->mutable_build_changed();
      if (event.snapshot != nullptr)
        ToProto(*event.snapshot, Detail::kShort, changed.mutable_build());
      else
        changed.mutable_build()->set_id(event.build.value);
      break;
    }
    case EventKind::kNodesAttached:
      AddTies(event, true, outputs_max, to->mutable_nodes_attached());
      break;
    case EventKind::kNodesWithdrawn:
      AddTies(event, false, outputs_max, to->mutable_nodes_withdrawn());
      for (v1::NodeChange& change : *to->mutable_nodes_withdrawn()->mutable_changes())
        change.set_message(std::string(kGoesOnForOthers));
      break;
    case EventKind::kNodesSkipped:
      to->mutable_nodes_skipped()->set_build(event.build.value);
      to->mutable_nodes_skipped()->set_count(event.count);
      break;
    case EventKind::kNodesChanged:
      if (!event.changes.empty())
        to->mutable_nodes_changed()->set_state(ToProto(event.changes.front().state));
      AddChanges(event, false, outputs_max, to->mutable_nodes_changed());
      break;
    case EventKind::kPartitionsTainted:
      for (const std::string& ref : refs) to->mutable_partitions_tainted()->add_refs(ref);
      to->mutable_partitions_tainted()->set_text(event.text);
      break;
    case EventKind::kGraphDeployed: to->mutable_graph_deployed()->set_text(event.text); break;
    case EventKind::kWorkerChanged: to->mutable_worker_changed()->set_text(event.text); break;
  }
}

}  // namespace fft
