#include "client/ctl/plan_printer.h"

#include <map>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "client/ctl/format.h"

namespace fft {

namespace v1 = build::v1;

namespace {

bool IsHit(const v1::Node& node) {
  return node.state() == v1::NODE_SKIPPED || node.state() == v1::NODE_SUCCEEDED ||
         node.reason() == "CACHED" || node.reason() == "SOURCE";
}

using Rows = std::vector<std::vector<std::string>>;

Rows GroupRows(const v1::PlanBuildResponse& plan) {
  struct Group {
    std::int64_t nodes = 0;
    const v1::Node* first = nullptr;
  };
  std::map<std::tuple<int, std::string, std::string>, Group> groups;
  for (const v1::Node& node : plan.nodes()) {
    if (IsHit(node)) continue;
    Group& group = groups[{node.level(), node.job(), node.reason()}];
    if (group.nodes++ == 0) group.first = &node;
  }
  Rows rows = {{"LEVEL", "JOB", "NODES", "WHY", "FOR INSTANCE"}};
  for (const auto& [key, group] : groups)
    rows.push_back({fmt::format("L{:02}", std::get<0>(key)), std::get<1>(key),
                    std::to_string(group.nodes), std::get<2>(key),
                    FormatOutputs(group.first->outputs())});
  return rows;
}

Rows NodeRows(const v1::PlanBuildResponse& plan) {
  Rows rows = {{"LEVEL", "JOB", "WHY", "OUTPUTS", "EVIDENCE"}};
  for (const v1::Node& node : plan.nodes()) {
    const bool says_nothing = node.evidence().empty() || node.evidence() == "{}";
    rows.push_back({IsHit(node) ? "-" : fmt::format("L{:02}", node.level()), node.job(),
                    node.reason(), FormatOutputs(node.outputs()),
                    says_nothing ? "" : node.evidence()});
  }
  return rows;
}

}  // namespace

std::string PlanText(const v1::PlanBuildResponse& plan, bool is_verbose) {
  const Rows rows = is_verbose ? NodeRows(plan) : GroupRows(plan);
  std::string text = rows.size() > 1 ? FormatTable(rows) : "";
  if (plan.executes() + plan.undecided() == 0) {
    text += fmt::format("nothing to do: {} cached", plan.hits());
  } else {
    text += fmt::format("{} to run", plan.executes());
    if (plan.undecided() > 0)
      text += fmt::format(", {} decided when their inputs are there", plan.undecided());
    text += fmt::format(", {} cached", plan.hits());
  }
  if (plan.unneeded() > 0) text += fmt::format(", {} not needed", plan.unneeded());
  return text + fmt::format("\netag {}\n", plan.etag());
}

}  // namespace fft
