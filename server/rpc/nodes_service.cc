#include "server/rpc/nodes_service.h"

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "server/base/error_details.h"
#include "server/rpc/convert.h"
#include "server/rpc/error.h"
#include "server/rpc/explain.h"
#include "server/rpc/paging.h"
#include "server/rpc/ready.h"

namespace fft {

namespace {

bool Builds(const NodeInBuild& node, const std::string& ref) {
  return node.label != nullptr &&
         std::ranges::find(node.label->outputs, ref) != node.label->outputs.end();
}

/// The node of `filter.build` that builds `filter.ref`; without a build the newest, which the
/// library lists first.
StatusOr<NodeInBuild> FindNode(Library& library, const NodeFilter& filter) {
  PageRequest page{.size = kPageSizeMax, .after = {}};
  do {
    auto nodes = library.ListNodes(filter, page);
    if (!nodes.ok()) return nodes.status();
    for (NodeInBuild& node : nodes->items) {
      if (!Builds(node, filter.ref)) continue;
      return std::move(node);
    }
    page.after = nodes->next;
  } while (!page.after.empty());
  if (filter.build) {
    const auto build = library.GetBuild(filter.build);
    const bool is_planned =
        build.ok() && (build->state == BuildState::kExecuting ||
                       build->state == BuildState::kSucceeded || build->counts.total > 0);
    if (build.ok() && !is_planned)
      return WithDetails(
          Error(Code::kFailedPrecondition, "build {} {}{}{}", filter.build.value,
                IsTerminal(build->state) ? "ended before it was planned" : "is being planned",
                build->message.empty() ? "" : ": ", build->message),
          {.reason = "BUILD_NOT_PLANNED",
           .metadata = {{"build", fmt::format("{}", filter.build.value)}},
           .fields = {}});
  }
  return WithDetails(
      filter.build ? Error(Code::kNotFound,
                           "build {} did nothing about {}: no target, and nothing it ran needed it",
                           filter.build.value, Clean(filter.ref, 200))
                   : Error(Code::kNotFound, "nothing was ever decided about {} in {}",
                           Clean(filter.ref, 200), filter.ns),
      {.reason = "NODE_NOT_FOUND", .metadata = {{"ref", filter.ref}}, .fields = {}});
}

/// What was decided last: a node, or that a later build found the ref done.
StatusOr<NodeInBuild> LastDecision(Library& library, const std::string& ns,
                                   const std::string& ref) {
  auto node = FindNode(library, {.build = {}, .ns = ns, .ref = ref, .state = std::nullopt});
  if (!node.ok() && node.status().code() != Code::kNotFound) return node;
  const auto hit = library.LastHit(ns, ref);
  if (!hit.ok()) return hit.status();
  if (!hit->has_value() || (node.ok() && (*hit)->received_at < node->node.planned_at)) return node;
  return FindNode(library, {.build = (*hit)->id, .ns = ns, .ref = ref, .state = std::nullopt});
}

Status ExplainInto(Library& library, const NodeInBuild& node, BuildId build,
                   v1::ExplainNodeResponse* response) {
  ToProto(node, build, Detail::kWhole, response->mutable_node());
  for (std::string& line : Explain(node)) response->add_lines(std::move(line));
  if (!node.run) return Ok();
  const auto run = library.GetRun(node.run);
  if (run.ok() && run->is_live)
    response->add_lines(fmt::format("run {} of it is at worker {}", node.run.value, run->worker));
  else if (run.ok())
    ToProto(*run, response->mutable_proof());
  return run.ok() || run.status().code() == Code::kNotFound ? Ok() : run.status();
}

}  // namespace

grpc::ServerUnaryReactor* NodesService::GetNode(Context* context, const v1::GetNodeRequest* request,
                                                v1::Node* response) {
  return ServeRead(gate_, context, "Nodes.GetNode",
                   [this, id = request->id(), response](Library& library) -> Status {
                     Fields fields;
                     fields.Id("id", id);
                     if (!fields.ok()) return fields.status();
                     auto node = library.GetNode(NodeId{id});
                     if (!node.ok()) return node.status();
                     SetReady(gate_.service(), {&*node, 1});
                     ToProto(*node, {}, Detail::kWhole, response);
                     return Ok();
                   });
}

grpc::ServerUnaryReactor* NodesService::ListNodes(Context* context,
                                                  const v1::ListNodesRequest* request,
                                                  v1::ListNodesResponse* response) {
  return ServeRead(gate_, context, "Nodes.ListNodes", [=, this](Library& library) -> Status {
    Fields fields;
    fields.IdOrNone("build", request->build());
    if (request->build() == 0) {
      fields.Name("namespace", request->namespace_());
      fields.Ref("ref", request->ref());
    }
    fields.Range("state", request->state(), 0, v1::NodeState_MAX);
    const BuildId build{request->build()};
    const std::string pinned = fmt::format("nodes {} {} {} {}", build.value, request->namespace_(),
                                           request->ref(), static_cast<int>(request->state()));
    const PageRequest page{.size = fields.PageSize(request->page_size()),
                           .after = OpenPage(pinned, request->page_token(), &fields)};
    if (!fields.ok()) return fields.status();
    NodeFilter filter{
        .build = build, .ns = request->namespace_(), .ref = request->ref(), .state = std::nullopt};
    if (request->state() != v1::NODE_STATE_UNSPECIFIED)
      filter.state = static_cast<NodeState>(request->state() - 1);
    return FillPage(
        pinned, page, response,
        [&](const PageRequest& part) {
          auto got = library.ListNodes(filter, part);
          if (!got.ok()) return got;
          SetReady(gate_.service(), got->items);
          if (filter.state)
            std::erase_if(got->items, [&](const NodeInBuild& node) {
              return node.node.state != *filter.state;
            });
          return got;
        },
        [&](const NodeInBuild& node, v1::ListNodesResponse* to) {
          ToProto(node, build, Detail::kShort, to->add_nodes());
        });
  });
}

grpc::ServerUnaryReactor* NodesService::ExplainNode(Context* context,
                                                    const v1::ExplainNodeRequest* request,
                                                    v1::ExplainNodeResponse* response) {
  return ServeRead(gate_, context, "Nodes.ExplainNode", [=, this](Library& library) -> Status {
    Fields fields;
    fields.IdOrNone("node", request->node());
    fields.IdOrNone("build", request->build());
    if (request->node() == 0) {
      fields.Ref("ref", request->ref());
      if (request->build() == 0) fields.Name("namespace", request->namespace_());
    }
    if (!fields.ok()) return fields.status();
    const BuildId build{request->build()};
    auto node = request->node() != 0 ? library.GetNode(NodeId{request->node()})
                : build              ? FindNode(library, {.build = build,
                                                          .ns = request->namespace_(),
                                                          .ref = request->ref(),
                                                          .state = std::nullopt})
                                     : LastDecision(library, request->namespace_(), request->ref());
    if (!node.ok()) return node.status();
    SetReady(gate_.service(), {&*node, 1});
    const Status explained = ExplainInto(library, *node, build, response);
    if (!IsTerminal(node->node.state))  // which it may be to this build alone
      for (std::string& line : gate_.service().WhyWaiting(node->node.id))
        response->add_lines(std::move(line));
    return explained;
  });
}

}  // namespace fft
