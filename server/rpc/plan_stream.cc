#include "server/rpc/plan_stream.h"

#include <utility>

#include "server/rpc/convert.h"

namespace fft {

namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr int kChunkNodes = 1000;

}  // namespace

PlanStream::PlanStream(Gate& gate, BuildRequest request)
    : Outflow(gate, "Graphs.PlanBuild"), request_(std::move(request)) {}

void PlanStream::Step() {
  if (is_summed_) return Close(Ok());
  if (result_.plan != nullptr) return SendNodes();
  BuildRequest request = *std::exchange(request_, std::nullopt);
  const auto baton = std::make_shared<Baton<Outflow>>(self());
  gate().service().PlanBuild(std::move(request), [this, baton](StatusOr<PlanResult> result) {
    const auto keep = baton->Take();
    if (!result.ok()) return Close(result.status());
    result_ = std::move(*result);
    Turn();
  });
}

void PlanStream::SendNodes() {
  const Plan& plan = *result_.plan;
  const std::size_t all = plan.hits.size() + plan.nodes.size();
  if (sent_ == all) return SendSum();
  message().Clear();
  std::size_t bytes = 0;
  while (sent_ < all && bytes < kChunkBytes && message().nodes_size() < kChunkNodes) {
    v1::Node& node = *message().add_nodes();
    if (sent_ < plan.hits.size())
      ToProto(plan.hits[sent_], result_.ns, &node);
    else
      ToProto(plan.nodes[sent_ - plan.hits.size()], result_.ns, &node);
    bytes += node.ByteSizeLong();
    ++sent_;
  }
  Write();
}

void PlanStream::SendSum() {
  const Plan& plan = *result_.plan;
  std::int64_t undecided = 0;
  for (const PlannedNode& node : plan.nodes) undecided += node.decision == Decision::kUndecided;
  message().Clear();
  message().set_etag(HexOrNone(plan.etag));
  message().set_undecided(undecided);
  message().set_executes(static_cast<std::int64_t>(plan.nodes.size()) - undecided);
  message().set_hits(static_cast<std::int64_t>(plan.hits.size()));
  message().set_unneeded(plan.unneeded);
  is_summed_ = true;
  Write();
}

}  // namespace fft
