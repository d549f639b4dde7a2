#include "client/ctl/project_service.h"

#include <filesystem>

#include <unistd.h>

#include <fmt/format.h>

#include "client/lib/calls.h"
#include "client/sql/session.h"
#include "fft/build/v1/admin.grpc.pb.h"
#include "fft/build/v1/graphs.grpc.pb.h"
#include "server/base/percent.h"

namespace fft {

namespace v1 = build::v1;
namespace fs = std::filesystem;

namespace {

Status SetSecrets(const Session& session, const std::map<std::string, std::string>& secrets) {
  for (const auto& [name, value] : secrets) {
    v1::SetSecretRequest request;
    request.set_name(name);
    request.set_value(value);
    const auto set = session.client.Call(&v1::Admin::Stub::SetSecret, request);
    if (!set.ok()) return set.status();
  }
  return Ok();
}

}  // namespace

Variables EnvironmentOf(const ProjectArguments& arguments) {
  Variables variables = arguments.variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string Packages() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path() / "share/fft/python").string();
}

StatusOr<sql::Warehouse> FindWarehouse(const FftProject& project) {
  const std::string what = fmt::format("environment '{}'", project.profile.name);
  auto warehouse = sql::ReadWarehouse(project.profile.dsn);
  if (!warehouse.ok())
    return Error(Code::kInvalidArgument, "{}: its dsn {}", what, Message(warehouse.status()));
  const auto session = sql::Session::Open(warehouse->conninfo, "fftctl");
  if (!session.ok())
    return Error(Code::kFailedPrecondition, "{}: {}: {}", what, warehouse->Uri(),
                 Message(session.status()));
  return warehouse;
}

FftPlace PlaceIn(const sql::Warehouse& warehouse, const std::string& schema) {
  return {.ns = warehouse.NamespaceOf(schema),
          .root_uri = warehouse.Uri() + "/" + PercentEncoded(schema),
          .packages = Packages()};
}

StatusOr<v1::Graph> Deploy(const Session& session, const sql::Warehouse& warehouse,
                           FftGraph graph) {
  graph.secrets.emplace(warehouse.Uri(), warehouse.conninfo);
  if (Status set = SetSecrets(session, graph.secrets); !set.ok()) return set;
  const auto sent = SendMissing(session.client, graph.files, graph.texts);
  if (!sent.ok()) return sent.status();
  v1::DeployGraphRequest request;
  request.mutable_spec()->Swap(&graph.spec);
  return session.client.Call(&v1::Graphs::Stub::DeployGraph, request);
}

}  // namespace fft
