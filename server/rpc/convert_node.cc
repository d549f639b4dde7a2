#include <algorithm>

#include "server/rpc/convert.h"

namespace fft {

namespace {

/// A node's outputs in one message: it may have 10,000 of 1 KiB each.
constexpr std::size_t kOutputBytesMax = 2 << 20;

void AddOutputs(const std::vector<std::string>& outputs, Detail detail, v1::Node* to) {
  const std::size_t most = detail == Detail::kShort ? kShortOutputs : outputs.size();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < std::min(most, outputs.size()); ++i) {
    bytes += outputs[i].size() + 4;
    if (bytes > kOutputBytesMax) return;
    to->add_outputs(outputs[i]);
  }
}

void SetTimes(const Node& node, v1::Node* to) {
  if (node.planned_at != TimePoint{}) ToProto(node.planned_at, to->mutable_plan_time());
  if (node.past->ended_at != TimePoint{}) ToProto(node.past->ended_at, to->mutable_end_time());
}

}  // namespace

v1::NodeState ToProto(NodeState state) {
  return static_cast<v1::NodeState>(static_cast<int>(state) + 1);
}

void ToProto(const NodeInBuild& seen, BuildId build, Detail detail, v1::Node* to) {
  const Node& node = seen.node;
  to->set_id(seen.is_hit ? 0 : node.id.value);
  to->set_build(build.value);
  if (seen.label != nullptr) {
    to->set_namespace_(seen.label->ns);
    to->set_job(seen.label->job);
    // Those of a hit are told nowhere else.
    AddOutputs(seen.label->outputs, seen.is_hit ? Detail::kWhole : detail, to);
  }
  to->set_state(seen.is_hit ? v1::NODE_SKIPPED : ToProto(node.state));
  const Reason own = node.reason, here = seen.attach_reason;
  const Reason first = seen.is_hit ? here : own, other = seen.is_hit ? own : here;
  to->set_reason(std::string(ToString(first == Reason::kNone ? other : first)));
  to->set_evidence(node.evidence.str());
  to->set_message(node.past->message.str());
  to->set_level(seen.level);
  to->set_joined(seen.is_joined);
  to->set_attempts(node.past->attempts);
  to->set_run(seen.run ? seen.run.value : node.past->last_run.value);
  to->set_plan_key(HexOrNone(node.plan_key));
  to->set_result_key(HexOrNone(node.past->result_key));
  SetTimes(node, to);
}

void ToProto(const PlannedNode& node, const std::string& ns, v1::Node* to) {
  to->set_namespace_(ns);
  to->set_job(node.config->frame->job);
  AddOutputs(node.config->outputs, Detail::kShort, to);
  to->set_state(node.decision == Decision::kHit ? v1::NODE_SKIPPED : v1::NODE_WAITING);
  const Reason reason = node.decision == Decision::kUndecided && node.reason == Reason::kNone
                            ? Reason::kInputUndecided
                            : node.reason;
  to->set_reason(std::string(ToString(reason)));
  to->set_evidence(node.evidence);
  to->set_level(node.level);
  to->set_plan_key(HexOrNone(node.plan_key));
}

void ToProto(const PlannedHit& hit, const std::string& ns, v1::Node* to) {
  to->set_namespace_(ns);
  to->set_job(hit.config->frame->job);
  AddOutputs(hit.config->outputs, Detail::kShort, to);
  to->set_state(v1::NODE_SKIPPED);
  to->set_reason(std::string(ToString(hit.reason)));
  if (!hit.runs.empty()) to->set_run(hit.runs.front().value);
  to->set_plan_key(HexOrNone(hit.plan_key));
}

}  // namespace fft
