#include "server/rpc/convert.h"

namespace fft {

namespace {

v1::PartitionState StateOf(const Partition& partition) {
  if (!partition.live.run) return v1::PARTITION_STATE_UNSPECIFIED;
  return partition.is_tainted() ? v1::PARTITION_TAINTED : v1::PARTITION_AVAILABLE;
}

/// What is to be done for it, or failed, counts for more than what is there.
v1::PartitionState StateOf(const PartitionNow& now) {
  const v1::PartitionState live = StateOf(now.partition);
  if (!now.maker || now.maker_state == NodeState::kCancelled) return live;
  const bool is_good =
      now.maker_state == NodeState::kSucceeded || now.maker_state == NodeState::kSkipped;
  if (is_good && live != v1::PARTITION_STATE_UNSPECIFIED) return live;
  return static_cast<v1::PartitionState>(PartitionStateOf(now.maker_state));
}

}  // namespace

void ToProto(const Materialisation& materialisation, v1::Materialisation* to) {
  to->set_run(materialisation.run.value);
  to->set_key(HexOrNone(materialisation.key));
  to->set_content(HexOrNone(materialisation.content));
  to->set_rows(materialisation.rows);
  to->set_size_bytes(materialisation.bytes);
  to->set_uri(materialisation.uri.str());
  to->set_reusable(materialisation.is_reusable);
  if (materialisation.at != TimePoint{}) ToProto(materialisation.at, to->mutable_time());
}

void ToProto(const Partition& partition, const std::string& ns, v1::Partition* to) {
  to->set_namespace_(ns);
  to->set_ref(partition.ref.str());
  to->set_state(StateOf(partition));
  if (partition.live.run) ToProto(partition.live, to->mutable_live());
  to->set_uncertain(static_cast<bool>(partition.doubt->uncertain_run));
  to->set_tainted(partition.is_tainted());
  to->set_taint(partition.doubt->taint);
  to->set_suspect(partition.is_tainted() && partition.doubt->is_suspect);
}

void ToProto(const PartitionNow& now, const std::string& ns, v1::Partition* to) {
  ToProto(now.partition, ns, to);
  to->set_state(StateOf(now));
}

}  // namespace fft
