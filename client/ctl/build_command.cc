#include <ostream>

#include "client/ctl/build_request.h"
#include "client/ctl/follow.h"
#include "client/ctl/progress_printer.h"
#include "client/ctl/session.h"
#include "client/lib/calls.h"
#include "fft/build/v1/nodes.grpc.pb.h"

namespace fft {

namespace v1 = build::v1;

namespace {

/// Follows it in plain lines.
int FollowPlainly(const Session& session, std::int64_t id) {
  std::ostream nowhere(nullptr);
  const auto why = [&](std::int64_t node) -> std::string {
    v1::ExplainNodeRequest request;
    request.set_node(node);
    const auto explained = session.client.Call(&v1::Nodes::Stub::ExplainNode, request);
    if (!explained.ok() || explained->lines().empty()) return "";
    return explained->lines(explained->lines_size() - 1);
  };
  ProgressPrinter printer(session.is_json() ? nowhere : session.out, session.arguments.is_verbose,
                          why);
  return Follow(session, id, printer);
}

/// Whoever has mended a job and deployed it since may expect that to be tried.
void TellNewerRevision(const Session& session, const v1::Build& build) {
  v1::GetGraphRequest request;
  request.set_name(build.graph());
  const auto latest = session.client.Call(&v1::Graphs::Stub::GetGraph, request);
  if (!latest.ok() || latest->revision() == build.revision()) return;
  session.out << fmt::format("{0}@{1:.12} is deployed by now: this builds {0}@{2:.12} once more\n",
                             build.graph(), latest->revision(), build.revision());
}

/// What becomes of a build that was just accepted.
int Go(const Session& session, const StatusOr<v1::Build>& build, bool is_detached) {
  if (!build.ok()) return Report(session, build.status());
  if (!is_detached) return FollowPlainly(session, build->id());
  TellAccepted(session, *build);
  return kDone;
}

}  // namespace

int Run(const Session& session, const BuildArguments& arguments) {
  const auto graph = FindGraph(session, arguments.choice);
  if (!graph.ok()) return Report(session, graph.status());
  v1::CreateBuildRequest request = RequestOf(arguments);
  request.set_graph(graph->graph);
  request.set_revision(graph->revision);
  request.set_namespace_(arguments.choice.ns);
  for (const std::string& target : arguments.choice.targets) request.add_targets(target);
  if (arguments.is_plan) return TellPlan(session, request);
  return Go(session, CreateBuild(session.client, request), arguments.is_detached);
}

int Run(const Session& session, const WatchArguments& arguments) {
  return FollowPlainly(session, arguments.build);
}

int Run(const Session& session, const RetryArguments& arguments) {
  v1::RetryBuildRequest request;
  request.set_id(arguments.build);
  request.set_request_id(arguments.request_id);
  const auto build = RetryBuild(session.client, request);
  if (build.ok() && !session.is_json()) TellNewerRevision(session, *build);
  return Go(session, build, arguments.is_detached);
}

int Run(const Session& session, const CancelArguments& arguments) {
  return CancelBuild(session, arguments.build);
}

}  // namespace fft
