#include "server/rpc/stale.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include <fmt/core.h>

#include "server/rpc/convert.h"
#include "server/rpc/paging.h"

namespace fft {

namespace {

Status PlanChanged(const Digest& etag) {
  return WithDetails(
      Error(Code::kFailedPrecondition, "the plan has changed since the page before: begin anew"),
      {.reason = "PLAN_CHANGED", .metadata = {{"etag", ToHex(etag)}}, .fields = {}});
}

/// Where `after` goes on in the plan of `etag`.
StatusOr<std::size_t> PlaceOf(const std::string& after, const Digest& etag) {
  if (after.empty()) return 0;
  const std::string hex = ToHex(etag);
  if (!after.starts_with(hex)) return PlanChanged(etag);
  std::size_t place = 0;
  std::from_chars(after.data() + hex.size(), after.data() + after.size(), place);
  return place;
}

}  // namespace

Status FillStale(const PlanResult& made, const std::string& filter, const PageRequest& page,
                 v1::ListStaleResponse* response) {
  const Plan& plan = *made.plan;
  const auto read = [&](const PageRequest& part) -> StatusOr<Page<const PlannedNode*>> {
    const auto from = PlaceOf(part.after, plan.etag);
    if (!from.ok()) return from.status();
    Page<const PlannedNode*> nodes;
    const std::size_t end =
        std::min(plan.nodes.size(), *from + static_cast<std::size_t>(part.size));
    for (std::size_t i = *from; i < end; ++i) nodes.items.push_back(&plan.nodes[i]);
    if (end < plan.nodes.size()) nodes.next = fmt::format("{}{}", ToHex(plan.etag), end);
    return nodes;
  };
  return FillPage(filter, page, response, read,
                  [&](const PlannedNode* node, v1::ListStaleResponse* to) {
                    ToProto(*node, made.ns, to->add_nodes());
                  });
}

}  // namespace fft
