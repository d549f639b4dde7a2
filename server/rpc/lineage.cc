#include "server/rpc/lineage.h"

#include "server/base/error_details.h"
#include "server/rpc/convert.h"

namespace fft {

namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr int kChunkSteps = 100;

}  // namespace

Lineage::Lineage(Gate& gate, std::string ns, std::string ref, int depth_max)
    : Outflow(gate, "Catalog.GetLineage"),
      ns_(std::move(ns)),
      ref_(std::move(ref)),
      depth_max_(depth_max) {}

void Lineage::Step() {
  if (is_begun_ && to_visit_.empty()) return Close(Ok());
  ReadLater([this](Library& library) {
    const Status begun = is_begun_ ? Ok() : Begin(library);
    if (!begun.ok()) return Close(begun);
    const Status filled = Fill(library);
    if (!filled.ok()) return Close(filled);
    Write();
  });
}

Status Lineage::Begin(Library& library) {
  is_begun_ = true;
  const auto partition = library.GetPartition(ns_, ref_);
  if (!partition.ok()) return partition.status();
  Meet(ref_, partition->partition.live.run, 0);
  return Ok();
}

Status Lineage::Fill(Library& library) {
  message().Clear();
  std::size_t bytes = 0;
  while (!to_visit_.empty() && message().steps_size() < kChunkSteps && bytes < kChunkBytes) {
    const Place place = to_visit_.front();
    to_visit_.pop_front();
    if (const Status visited = Visit(library, place); !visited.ok()) return visited;
    bytes += message().steps(message().steps_size() - 1).ByteSizeLong();
  }
  return Ok();
}

Status Lineage::Visit(Library& library, const Place& place) {
  v1::LineageStep& step = *message().add_steps();
  step.set_depth(place.depth);
  step.set_ref(place.ref);
  if (!place.run) return Ok();
  if (const auto told = told_.find(place.run.value); told != told_.end()) {
    *step.mutable_run() = told->second;  // its inputs were met with another of its outputs
    return Ok();
  }
  const auto run = library.GetRun(place.run);
  if (run.status().code() == Code::kNotFound) {  // dropped by retention; its number is still told
    step.mutable_run()->set_id(place.run.value);
    return Ok();
  }
  if (!run.ok()) return run.status();
  ToProto(*run, step.mutable_run());
  v1::Run& told = told_[place.run.value];
  told = step.run();
  told.clear_outputs();
  const auto config = library.GetConfig(run->config_digest);
  if (!config.ok()) return config.status();
  AddInputs(run->run.lease, *config, step.mutable_run());
  if (depth_max_ > 0 && place.depth >= depth_max_) return Ok();
  for (const v1::InputRead& input : step.run().inputs())
    Meet(input.ref(), RunId{input.run()}, place.depth + 1);
  if (met_.size() > kStepsMax)
    return WithDetails(
        Error(Code::kResourceExhausted,
              "the lineage of {} has more than {} steps; ask with a depth_max", ref_, kStepsMax),
        {.reason = "LINEAGE_TOO_LARGE", .metadata = {}, .fields = {}});
  return Ok();
}

void Lineage::Meet(const std::string& ref, RunId run, int depth) {
  if (met_.emplace(run.value, ref).second)
    to_visit_.push_back({.ref = ref, .run = run, .depth = depth});
}

}  // namespace fft
