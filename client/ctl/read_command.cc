#include <algorithm>

#include "client/ctl/format.h"
#include "client/ctl/session.h"
#include "client/ctl/texts.h"
#include "client/lib/calls.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr int kPageSize = 1'000;

int PrintNodes(const Session& session, const GetArguments& arguments) {
  v1::ListNodesRequest request;
  request.set_build(arguments.build);
  request.set_state(arguments.state);
  request.set_page_size(kPageSize);
  std::vector<v1::Node> nodes;
  const Status status = EachPage(session.client, &v1::Nodes::Stub::ListNodes, request,
                                 [&](const v1::ListNodesResponse& page) {
                                   for (const v1::Node& node : page.nodes())
                                     if (session.is_json()) {
                                       session.PrintJson(node);
                                     } else {
                                       nodes.push_back(node);
                                     }
                                   return true;
                                 });
  if (!status.ok()) return Report(session, status);
  if (!session.is_json()) session.out << NodesText(nodes);
  return kDone;
}

}  // namespace

int Run(const Session& session, const GetArguments& arguments) {
  v1::GetBuildRequest request;
  request.set_id(arguments.build);
  const auto build = session.client.Call(&v1::Builds::Stub::GetBuild, request);
  if (!build.ok()) return Report(session, build.status());
  if (session.is_json()) {
    session.PrintJson(*build);
  } else {
    session.out << BuildText(*build);
  }
  return arguments.with_nodes ? PrintNodes(session, arguments) : kDone;
}

int Run(const Session& session, const ListArguments& arguments) {
  v1::ListBuildsRequest request;
  request.set_page_size(std::min(arguments.count_max, kPageSize));
  request.set_graph(arguments.graph);
  request.set_namespace_(arguments.ns);
  request.set_principal(arguments.principal);
  request.set_state(arguments.state);
  std::vector<v1::Build> builds;
  bool has_more = false;
  const auto most = static_cast<std::size_t>(arguments.count_max);
  const Status status = EachPage(session.client, &v1::Builds::Stub::ListBuilds, request,
                                 [&](const v1::ListBuildsResponse& page) {
                                   for (const v1::Build& build : page.builds()) {
                                     has_more = builds.size() == most;
                                     if (!has_more) builds.push_back(build);
                                   }
                                   has_more |= !page.next_page_token().empty();
                                   return builds.size() < most;
                                 });
  if (!status.ok()) return Report(session, status);
  if (session.is_json()) {
    for (const v1::Build& build : builds) session.PrintJson(build);
  } else {
    session.out << BuildsText(builds);
    if (has_more) session.out << "there are more; --limit N shows them\n";
  }
  return kDone;
}

int Run(const Session& session, const ExplainArguments& arguments) {
  v1::ExplainNodeRequest request;
  request.set_node(arguments.node);
  request.set_build(arguments.build);
  request.set_ref(arguments.choice.ref);
  const bool has_place = !arguments.choice.ns.empty() || !arguments.choice.graph.empty();
  if (arguments.build != 0 && !has_place) {
    v1::GetBuildRequest get;
    get.set_id(arguments.build);
    const auto build = session.client.Call(&v1::Builds::Stub::GetBuild, get);
    if (!build.ok()) return Report(session, build.status());
    request.set_namespace_(build->namespace_());
  } else if (arguments.node == 0) {
    const auto ns = FindNamespace(session, arguments.choice);
    if (!ns.ok()) return Report(session, ns.status());
    request.set_namespace_(*ns);
  }
  const auto reply = session.client.Call(&v1::Nodes::Stub::ExplainNode, request);
  if (!reply.ok()) return Report(session, reply.status());
  if (session.is_json()) {
    session.PrintJson(*reply);
  } else {
    session.out << ExplainText(*reply);
  }
  return kDone;
}

}  // namespace fft
