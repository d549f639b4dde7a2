#include "client/ctl/session.h"

#include <cctype>
#include <cstdlib>

#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/lib/calls.h"
#include "server/base/error_details.h"

namespace fft {

namespace v1 = build::v1;

namespace {

StatusOr<std::string> NamespaceOf(const Session& session, const std::string& graph) {
  v1::GetGraphRequest request;
  request.set_name(graph);
  const auto reply = session.client.Call(&v1::Graphs::Stub::GetGraph, request);
  if (!reply.ok()) return reply.status();
  const std::string& ns = reply->spec().default_namespace();
  return ns.empty() ? graph : ns;
}

}  // namespace

void Session::PrintJson(const google::protobuf::Message& message) const {
  out << ToJson(message) << '\n';
}

int Report(const Session& session, const Status& status) {
  const ErrorDetails details = DetailsOf(status);
  const bool is_unreachable = IsUnreachable(status);
  if (session.is_json()) {
    session.err << ErrorJson(status) << '\n';
  } else {
    session.err << "fftctl: " << Message(status);
    if (!details.reason.empty() && !is_unreachable) session.err << " (" << details.reason << ")";
    session.err << '\n';
    for (const auto& [field, what] : details.fields)
      if (Message(status).find(what) == std::string::npos)
        session.err << fmt::format("  {}: {}\n", field, what);
    if (is_unreachable)
      session.err
          << "  start it with 'fftd dev', or say with --address or FFT_ADDRESS where it is\n";
  }
  return is_unreachable ? kUnreachable : kFailed;
}

StatusOr<std::string> FindNamespace(const Session& session, const RefChoice& choice) {
  if (!choice.ns.empty()) return choice.ns;
  if (!choice.graph.empty()) return NamespaceOf(session, choice.graph);
  if (const char* const set = std::getenv("FFT_NAMESPACE"); set != nullptr && *set != '\0')
    return std::string(set);
  v1::ListGraphsRequest request;
  request.set_page_size(11);
  const auto graphs = session.client.Call(&v1::Graphs::Stub::ListGraphs, request);
  if (!graphs.ok()) return graphs.status();
  if (graphs->graphs().empty())
    return Error(Code::kFailedPrecondition, "no graph is deployed; fftctl deploy FOLDER does it");
  if (graphs->graphs_size() == 1) return NamespaceOf(session, graphs->graphs(0).name());
  std::string names;
  for (const v1::Graph& graph : graphs->graphs()) names += " " + graph.name();
  return Error(Code::kFailedPrecondition,
               "there is more than one graph: name one with -g, or a namespace with -n:{}", names);
}

int RunCommand(const Session& session) {
  return std::visit([&](const auto& command) { return Run(session, command); },
                    session.arguments.command);
}

}  // namespace fft
