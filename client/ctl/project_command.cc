#include <algorithm>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/ctl/build_request.h"
#include "client/ctl/follow.h"
#include "client/ctl/format.h"
#include "client/ctl/project_progress.h"
#include "client/ctl/project_service.h"
#include "client/ctl/run_numbers.h"
#include "client/ctl/session.h"
#include "client/frontends/fastflowtransform/artifacts.h"
#include "client/frontends/fastflowtransform/graph.h"
#include "client/frontends/fastflowtransform/project.h"
#include "client/frontends/fastflowtransform/reads.h"
#include "client/frontends/fastflowtransform/selection.h"
#include "client/lib/calls.h"

namespace fft {

namespace v1 = build::v1;

namespace {

struct Prepared {
  v1::Graph graph;
  std::vector<ProjectProgress::Model> models;  // that are asked for
  std::vector<std::string> targets;
};

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
  const auto warehouse = EnterWarehouse(project);
  if (!warehouse.ok()) return warehouse.status();
  const FftPlace place = PlaceIn(warehouse->at, project.profile.schema);
  Prepared prepared;
  auto graph = arguments.is_seed ? MakeSeedGraph(project, place, arguments.selects)
                                 : MakeModelGraph(project, place);
  if (!graph.ok()) return graph.status();
  if (arguments.is_seed)
    for (const v1::JobSpec& job : graph->spec.jobs()) {
      prepared.models.push_back({job.label(), 0});
      prepared.targets.push_back(job.label());
    }
  else if (Status chosen = ChooseModels(project, arguments, &prepared); !chosen.ok())
    return chosen;
  if (prepared.targets.empty()) return prepared;
  if (Status sent = SendParts(session, warehouse->at, *graph); !sent.ok()) return sent;
  auto stored = Deploy(session, std::move(graph->spec));
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
void AddMetadata(const std::string& metadata, ModelReport* report) {
  const auto told = nlohmann::json::parse(metadata, nullptr, /*allow_exceptions=*/false);
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

/// A build that found no table where a seed is to be.
void HintAtSeeds(const Session& session, const ProjectArguments& arguments,
                 const FftProject& project, const ProjectProgress& progress) {
  for (const FftSeed& seed : project.seeds)
    if (progress.ended()->message().find(fmt::format(" queries {},", seed.relation)) !=
        std::string::npos)
      session.out << fmt::format("  load the seeds first: fftctl seed {} --env {}\n",
                                 arguments.choice.folder, arguments.choice.env);
}

/// Writes the artifacts and says which budgets were exceeded.  The exit code that follows.
int Account(const Session& session, const FftProject& project, const ProjectProgress& progress,
            RunNumbers& numbers) {
  ProjectReport report{.started = ToTimePoint(progress.ended()->receive_time()),
                       .finished = ToTimePoint(progress.ended()->end_time())};
  const FftModelsByName by_name = ByName(project);
  const Status asked = numbers.Finish();
  for (const auto& [name, result] : progress.results()) {
    report.models.push_back(ReportOf(name, result));
    AddMetadata(numbers.MetadataOf(result.run), &report.models.back());
  }
  if (!asked.ok())
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

}  // namespace

int Run(const Session& session, const ProjectArguments& arguments) {
  const auto project = LoadProject(session, arguments.choice, {.is_for_seeds = arguments.is_seed});
  if (!project.ok()) return Report(session, project.status());
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
  RunNumbers numbers(session.client);
  std::function<void(std::int64_t)> on_run;
  if (!arguments.is_seed) on_run = [&](std::int64_t run) { numbers.Want(run); };
  ProjectProgress progress(session.is_json() ? nowhere : session.out, prepared->models, on_run);
  const int code = Follow(session, build->id(), progress);
  if (!session.is_json() && progress.ended()) HintAtSeeds(session, arguments, *project, progress);
  if (arguments.is_seed || !progress.ended()) return code;
  return std::max(code, Account(session, *project, progress, numbers));
}

}  // namespace fft
