#include "server/rpc/convert.h"

namespace fft {

namespace {

v1::PartitionState StateOf(const Partition& partition) {
  if (!partition.live.run) return v1::PARTITION_STATE_UNSPECIFIED;
  return partition.is_tainted() ? v1::PARTITION_TAINTED : v1::PARTITION_AVAILABLE;
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

}  // namespace fft
