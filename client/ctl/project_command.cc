#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <ostream>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/ctl/build_request.h"
#include "client/ctl/follow.h"
#include "client/ctl/format.h"
#include "client/ctl/project_progress.h"
#include "client/ctl/session.h"
#include "client/frontends/fastflowtransform/artifacts.h"
#include "client/frontends/fastflowtransform/dag_site.h"
#include "client/frontends/fastflowtransform/graph.h"
#include "client/frontends/fastflowtransform/project.h"
#include "client/frontends/fastflowtransform/selection.h"
#include "client/lib/calls.h"
#include "client/sql/session.h"
#include "client/sql/warehouse.h"
#include "fft/build/v1/admin.grpc.pb.h"
#include "fft/build/v1/nodes.grpc.pb.h"
#include "server/base/percent.h"

namespace fft {

namespace v1 = build::v1;
namespace fs = std::filesystem;

namespace {

bool IsSeed(const ProjectArguments& arguments) {
  return arguments.doing == ProjectArguments::Doing::kSeed;
}

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

/// Where our Python packages are: beside the programs.
std::string Packages() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path() / "share/fft/python").string();
}

/// The warehouse, once we were let in: what is wrong with a connection is told before anything is
/// sent, and nobody else's build gets a password that does not work.
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

struct Prepared {
  v1::Graph graph;
  std::vector<ProjectProgress::Model> models;  // that are asked for
  std::vector<std::string> targets;
};

StatusOr<v1::Graph> Deploy(const Session& session, FftGraph graph) {
  const auto sent = SendMissing(session.client, graph.files, graph.texts);
  if (!sent.ok()) return sent.status();
  v1::DeployGraphRequest request;
  request.mutable_spec()->Swap(&graph.spec);
  return session.client.Call(&v1::Graphs::Stub::DeployGraph, request);
}

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

Status ChooseModels(const FftProject& project, const ProjectArguments& arguments, Prepared* to) {
  const bool is_asked = AsksForPast(arguments.selects, arguments.excludes);
  const auto names = SelectModels(project, arguments.selects, arguments.excludes,
                                  is_asked ? ReadPast(project) : SelectionPast{});
  if (!names.ok()) return names.status();
  for (const FftModel& model : project.models) {
    if (!names->contains(model.name) || !model.is_built()) continue;
    to->models.push_back({model.name, model.level});
    to->targets.push_back(model.relation);
  }
  return Ok();
}

StatusOr<Prepared> PrepareProject(const Session& session, const ProjectArguments& arguments,
                                  const FftProject& project) {
  const auto warehouse = FindWarehouse(project);
  if (!warehouse.ok()) return warehouse.status();
  const FftPlace place = {
      .ns = warehouse->NamespaceOf(project.profile.schema),
      .root_uri = warehouse->Uri() + "/" + PercentEncoded(project.profile.schema),
      .packages = Packages()};
  Prepared prepared;
  auto graph = IsSeed(arguments) ? MakeSeedGraph(project, place, arguments.selects)
                                 : MakeModelGraph(project, place);
  if (!graph.ok()) return graph.status();
  if (IsSeed(arguments))
    for (const v1::JobSpec& job : graph->spec.jobs()) {
      prepared.models.push_back({job.label(), 0});
      prepared.targets.push_back(job.label());
    }
  else if (Status chosen = ChooseModels(project, arguments, &prepared); !chosen.ok())
    return chosen;
  if (prepared.targets.empty()) return prepared;
  graph->secrets.emplace(warehouse->Uri(), warehouse->conninfo);
  if (Status set = SetSecrets(session, graph->secrets); !set.ok()) return set;
  auto stored = Deploy(session, *std::move(graph));
  if (!stored.ok()) return stored.status();
  prepared.graph = *std::move(stored);
  return prepared;
}

v1::CreateBuildRequest RequestFor(const ProjectArguments& arguments, const Prepared& prepared) {
  v1::CreateBuildRequest request = RequestOf(arguments.build);
  request.set_graph(prepared.graph.name());
  request.set_revision(prepared.graph.revision());
  request.mutable_targets()->Assign(prepared.targets.begin(), prepared.targets.end());
  return request;
}

/// What the run that built a model says of itself.
void AddMetadata(const v1::Run& run, ModelReport* report) {
  const auto told = nlohmann::json::parse(run.metadata(), nullptr, /*allow_exceptions=*/false);
  if (!told.is_object()) return;
  if (told.contains("http")) report->http = told["http"].dump();
  const auto sql = told.find("sql");
  if (sql == told.end() || !sql->is_object()) return;
  for (const auto& [name, to] :
       {std::pair("bytes_scanned", &report->bytes_scanned), std::pair("rows", &report->rows),
        std::pair("query_duration_ms", &report->query_duration_ms)})
    if (sql->contains(name) && (*sql)[name].is_number_integer())
      *to = (*sql)[name].get<std::int64_t>();
}

ModelReport ReportOf(const std::string& name, const ModelResult& result) {
  ModelReport report{.name = name,
                     .status = "skipped",
                     .started = result.started,
                     .finished = result.ended,
                     .message = result.message};
  if (result.status == ModelResult::Status::kSucceeded) report.status = "success";
  if (result.status == ModelResult::Status::kFailed) report.status = "error";
  if (result.status == ModelResult::Status::kCancelled) report.message = "not started";
  return report;
}

/// Asks for the runs of `models`, several at once: there may be thousands.
Status AskForRuns(const Session& session, const std::map<std::string, ModelResult>& results,
                  std::vector<ModelReport>* models) {
  constexpr std::size_t kAtOnce = 8;
  std::mutex mutex;
  Status failed;
  std::atomic<std::size_t> next = 0;
  const auto ask = [&] {
    for (std::size_t i = next++; i < models->size(); i = next++) {
      ModelReport& report = (*models)[i];
      const ModelResult& result = results.at(report.name);
      if (result.run == 0) continue;
      v1::GetRunRequest request;
      request.set_id(result.run);
      const auto run = session.client.Call(&v1::Runs::Stub::GetRun, request);
      if (run.ok()) {
        AddMetadata(*run, &report);
        continue;
      }
      const std::lock_guard lock(mutex);
      failed = run.status();
    }
  };
  {
    std::vector<std::jthread> askers;
    while (askers.size() < std::min(kAtOnce, models->size())) askers.emplace_back(ask);
  }
  return failed;
}

/// A build that found no table where a seed is to be.
void HintAtSeeds(const Session& session, const ProjectArguments& arguments,
                 const FftProject& project, const ProjectProgress& progress) {
  for (const FftSeed& seed : project.seeds)
    if (progress.ended()->message().find(fmt::format(" queries {},", seed.relation)) !=
        std::string::npos)
      session.out << fmt::format("  load the seeds first: fftctl seed {} --env {}\n",
                                 arguments.folder, arguments.env);
}

/// Writes the artifacts and says which budgets were exceeded.  The exit code that follows.
int Account(const Session& session, const FftProject& project, const ProjectProgress& progress) {
  ProjectReport report{.started = ToTimePoint(progress.ended()->receive_time()),
                       .finished = ToTimePoint(progress.ended()->end_time())};
  std::map<std::string, const FftModel*> by_name;
  for (const FftModel& model : project.models) by_name[model.name] = &model;
  for (const auto& [name, result] : progress.results())
    report.models.push_back(ReportOf(name, result));
  if (const Status asked = AskForRuns(session, progress.results(), &report.models); !asked.ok())
    session.err << "warning: numbers of runs are missing, budgets may not be complete: "
                << Message(asked) << '\n';
  std::vector<ModelSpending> spending;
  for (const ModelReport& told : report.models) {
    spending.push_back({.name = told.name,
                        .tags = TagsOf(*by_name.at(told.name)),
                        .spent = {.bytes_scanned = told.bytes_scanned.value_or(0),
                                  .rows = told.rows.value_or(0),
                                  .query_duration_ms = told.query_duration_ms.value_or(0)}});
  }
  report.breaches = FindBreaches(project.budgets, spending);
  for (const Status& written : {WriteRunResults(project, report), WriteManifest(project)})
    if (!written.ok()) session.err << "warning: " << Message(written) << '\n';
  int code = kDone;
  for (const Breach& breach : report.breaches) {
    session.err << breach.Line() << '\n';
    if (breach.is_error) code = kFailed;
  }
  return code;
}

int Draw(const Session& session, const FftProject& project) {
  const fs::path folder = DagFolderOf(project);
  if (const Status written = WriteDagSite(project, folder); !written.ok())
    return Report(session, written);
  session.out << (folder / "index.html").string() << '\n';
  return kDone;
}

}  // namespace

int Run(const Session& session, const ProjectArguments& arguments) {
  const auto project = LoadFftProject({.folder = arguments.folder,
                                       .env = arguments.env,
                                       .vars = arguments.vars,
                                       .environment = EnvironmentOf(arguments),
                                       .packages = Packages(),
                                       .is_for_seeds = IsSeed(arguments)});
  if (!project.ok()) return Report(session, project.status());
  if (!session.is_json())
    for (const std::string& warning : project->warnings)
      session.err << "warning: " << warning << '\n';
  if (arguments.doing == ProjectArguments::Doing::kDag) return Draw(session, *project);
  const auto prepared = PrepareProject(session, arguments, *project);
  if (!prepared.ok()) return Report(session, prepared.status());
  if (prepared->targets.empty()) {
    if (!session.is_json()) session.out << "nothing to do\n";
    return kDone;
  }
  const v1::CreateBuildRequest request = RequestFor(arguments, *prepared);
  if (arguments.build.is_plan) return TellPlan(session, request);
  const auto build = CreateBuild(session.client, request);
  if (!build.ok()) return Report(session, build.status());
  if (arguments.build.is_detached) {
    TellAccepted(session, *build);
    return kDone;
  }
  std::ostream nowhere(nullptr);
  ProjectProgress progress(session.is_json() ? nowhere : session.out, prepared->models);
  const int code = Follow(session, build->id(), progress);
  if (!session.is_json() && progress.ended()) HintAtSeeds(session, arguments, *project, progress);
  if (IsSeed(arguments) || !progress.ended()) return code;
  return std::max(code, Account(session, *project, progress));
}

}  // namespace fft
