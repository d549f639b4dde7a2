#include "client/ctl/project_service.h"

#include <filesystem>

#include <unistd.h>

#include <fmt/format.h>

#include "client/lib/calls.h"
#include "fft/build/v1/admin.grpc.pb.h"
#include "fft/build/v1/graphs.grpc.pb.h"
#include "server/base/percent.h"

namespace fft {

namespace v1 = build::v1;
namespace fs = std::filesystem;

namespace {

Status SetSecret(const Session& session, const std::string& name, const std::string& value) {
  v1::SetSecretRequest request;
  request.set_name(name);
  request.set_value(value);
  return session.client.Call(&v1::Admin::Stub::SetSecret, request).status();
}

/// The process's environment, and over it what the command line says.
Variables EnvironmentOf(const ProjectChoice& choice) {
  Variables variables = choice.variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

/// Where our Python packages are: beside the programs.
std::string Packages() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path() / "share/fft/python").string();
}

}  // namespace

StatusOr<FftProject> LoadProject(const Session& session, const ProjectChoice& choice,
                                 ProjectRequest request) {
  request.folder = choice.folder;
  request.env = choice.env;
  request.vars = choice.vars;
  request.environment = EnvironmentOf(choice);
  request.packages = Packages();
  auto project = LoadFftProject(request);
  if (project.ok() && !session.is_json())
    for (const std::string& warning : project->warnings)
      session.err << "warning: " << warning << '\n';
  return project;
}

StatusOr<OpenWarehouse> EnterWarehouse(const FftProject& project) {
  const std::string what = fmt::format("environment '{}'", project.profile.name);
  auto warehouse = sql::ReadWarehouse(project.profile.dsn);
  if (!warehouse.ok())
    return Error(Code::kInvalidArgument, "{}: its dsn {}", what, Message(warehouse.status()));
  auto session = sql::Session::Open(warehouse->conninfo, "fftctl");
  if (!session.ok())
    return Error(Code::kFailedPrecondition, "{}: {}: {}", what, warehouse->Uri(),
                 Message(session.status()));
  return OpenWarehouse{*std::move(warehouse), *std::move(session)};
}

FftPlace PlaceIn(const sql::Warehouse& warehouse, const std::string& schema) {
  return {.ns = warehouse.NamespaceOf(schema),
          .root_uri = warehouse.Uri() + "/" + PercentEncoded(schema),
          .packages = Packages()};
}

Status SendParts(const Session& session, const sql::Warehouse& warehouse, const FftGraph& graph) {
  if (Status s = SetSecret(session, warehouse.Uri(), warehouse.conninfo); !s.ok()) return s;
  for (const auto& [name, value] : graph.secrets)
    if (Status s = SetSecret(session, name, value); !s.ok()) return s;
  return SendMissing(session.client, graph.files, graph.texts).status();
}

StatusOr<v1::Graph> Deploy(const Session& session, v1::GraphSpec spec) {
  v1::DeployGraphRequest request;
  request.mutable_spec()->Swap(&spec);
  return session.client.Call(&v1::Graphs::Stub::DeployGraph, request);
}

}  // namespace fft
