#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/session.h"
#include "client/ctl/texts.h"
#include "client/frontends/native/native_graph.h"
#include "client/lib/calls.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr int kPageSize = 1'000;
constexpr std::size_t kRevisionDigits = 64;

struct Deploy {
  v1::Graph graph;
  SentBlobs sent;
  std::size_t files = 0;
};

StatusOr<Deploy> DeployFolder(const Session& session, const std::string& folder, bool is_check) {
  auto native = LoadNativeGraph(folder);
  if (!native.ok()) return native.status();
  std::map<Digest, std::filesystem::path> files;
  for (const LocalFile& file : native->files) files.emplace(file.digest, file.path);
  Deploy deploy;
  deploy.files = files.size();
  const auto sent = SendMissing(session.client, files);
  if (!sent.ok()) return sent.status();
  deploy.sent = *sent;
  v1::DeployGraphRequest request;
  request.mutable_spec()->Swap(&native->spec);
  request.set_validate_only(is_check);
  auto graph = session.client.Call(&v1::Graphs::Stub::DeployGraph, request);
  if (!graph.ok()) return graph.status();
  deploy.graph = *std::move(graph);
  // A daemon that leaves the spec out of its answer: what was sent is what is there.
  if (!deploy.graph.has_spec()) deploy.graph.mutable_spec()->Swap(request.mutable_spec());
  return deploy;
}

std::string Describe(const Deploy& deploy) {
  const v1::GraphSpec& spec = deploy.graph.spec();
  std::string line =
      fmt::format("{}@{}: {}, {}, {}", deploy.graph.name(), deploy.graph.revision().substr(0, 12),
                  Count(spec.jobs_size(), "job"), Count(spec.sources_size(), "source"),
                  Count(static_cast<std::int64_t>(deploy.files), "file"));
  if (deploy.sent.files > 0)
    line += fmt::format(", {} sent ({})", deploy.sent.files, FormatBytes(deploy.sent.bytes));
  return line;
}

}  // namespace

StatusOr<Deployed> FindGraph(const Session& session, const GraphChoice& choice) {
  if (choice.folder.empty()) {
    if (choice.revision.empty() || choice.revision.size() >= kRevisionDigits)
      return Deployed{choice.graph, choice.revision};
    v1::GetGraphRequest request;
    request.set_name(choice.graph);
    request.set_revision(choice.revision);
    const auto graph = session.client.Call(&v1::Graphs::Stub::GetGraph, request);
    if (!graph.ok()) return graph.status();
    return Deployed{graph->name(), graph->revision()};
  }
  const auto deploy = DeployFolder(session, choice.folder, false);
  if (!deploy.ok()) return deploy.status();
  if (!session.is_json()) session.out << "deployed " << Describe(*deploy) << std::endl;
  return Deployed{deploy->graph.name(), deploy->graph.revision()};
}

int Run(const Session& session, const DeployArguments& arguments) {
  const auto deploy = DeployFolder(session, arguments.folder, arguments.is_check);
  if (!deploy.ok()) return Report(session, deploy.status());
  if (session.is_json()) {
    v1::Graph graph = deploy->graph;
    if (arguments.is_check) graph.clear_deploy_time();
    session.PrintJson(graph);
  } else {
    session.out << (arguments.is_check ? "would deploy " : "deployed ") << Describe(*deploy)
                << '\n';
  }
  return kDone;
}

int Run(const Session& session, const StaleArguments& arguments) {
  const auto graph = FindGraph(session, arguments.choice);
  if (!graph.ok()) return Report(session, graph.status());
  v1::ListStaleRequest request;
  v1::CreateBuildRequest& build = *request.mutable_build();
  build.set_graph(graph->graph);
  build.set_revision(graph->revision);
  build.set_namespace_(arguments.choice.ns);
  for (const std::string& target : arguments.choice.targets) build.add_targets(target);
  request.set_page_size(kPageSize);
  std::vector<v1::Node> nodes;
  const Status status =
      EachPage(session.client, &v1::Catalog::Stub::ListStale, request,
               [&](const v1::ListStaleResponse& page) {
                 nodes.insert(nodes.end(), page.nodes().begin(), page.nodes().end());
                 return true;
               });
  if (!status.ok()) return Report(session, status);
  if (session.is_json())
    for (const v1::Node& node : nodes) session.PrintJson(node);
  else
    session.out << StaleText(nodes);
  return kDone;
}

int Run(const Session& session, const LookupArguments& arguments) {
  const auto graph = FindGraph(session, arguments.choice);
  if (!graph.ok()) return Report(session, graph.status());
  v1::LookupRefsRequest request;
  request.set_graph(graph->graph);
  request.set_revision(graph->revision);
  for (const std::string& ref : arguments.choice.targets) request.add_refs(ref);
  const auto reply = session.client.Call(&v1::Graphs::Stub::LookupRefs, request);
  if (!reply.ok()) return Report(session, reply.status());
  if (session.is_json()) {
    session.PrintJson(*reply);
    return kDone;
  }
  std::vector<std::vector<std::string>> rows = {{"REF", "JOB"}};
  for (const std::string& ref : arguments.choice.targets) {
    const auto job = reply->jobs().find(ref);
    rows.push_back({ref, job == reply->jobs().end() ? "-" : job->second});
  }
  session.out << FormatTable(rows);
  return kDone;
}

}  // namespace fft
