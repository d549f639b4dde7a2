#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/ctl/build_request.h"
#include "client/ctl/follow.h"
#include "client/ctl/project_progress.h"
#include "client/ctl/project_service.h"
#include "client/frontends/fastflowtransform/unit_tests.h"
#include "client/lib/calls.h"
#include "client/sql/session.h"
#include "server/base/digest.h"

namespace fft {

namespace v1 = build::v1;

namespace {

/// A case on its way: each has a schema of its own, and all are built at once.
struct Running {
  UnitCase test;
  std::string schema, relation;
  std::vector<ProjectProgress::Model> models;
  v1::Build build;
};

/// The same at each time, so that an earlier result is found.
std::string SchemaOf(const FftProject& project, const UnitCase& test) {
  const std::string name = fmt::format("{}\n{}\n{}\n{}\n{}", project.settings.name,
                                       project.profile.name, test.file, test.model, test.name);
  return "fft_utest_" + ToHex(Sha256(name)).substr(0, 12);
}

StatusOr<Running> Start(const Session& session, const ProjectArguments& arguments,
                        const sql::Warehouse& warehouse, const FftProject& project,
                        const UnitCase& test) {
  Running running{.test = test, .schema = SchemaOf(project, test)};
  const auto made = ProjectOfCase(project, test, running.schema);
  if (!made.ok()) return made.status();
  const FftPlace place = PlaceIn(warehouse, running.schema);
  auto graph = MakeModelGraph(*made, place);
  if (!graph.ok()) return graph.status();
  auto seeds = MakeSeedGraph(*made, place);
  if (!seeds.ok()) return seeds.status();
  for (v1::JobSpec& job : *graph->spec.mutable_jobs())
    for (v1::Input& input : *job.mutable_inputs())
      if (input.kind() == v1::QUERY) {  // what is given as a file is loaded first
        input.set_kind(v1::MATERIALIZE);
        input.clear_identity();
      }
  graph->spec.mutable_jobs()->MergeFrom(seeds->spec.jobs());
  graph->files.merge(seeds->files);
  graph->spec.set_name(
      fmt::format("{}.{}.{}", project.settings.name, project.profile.name, running.schema));
  for (const v1::JobSpec& job : graph->spec.jobs()) running.models.push_back({job.label(), 0});
  running.relation = made->models.back().relation;
  const auto stored = Deploy(session, warehouse, *std::move(graph));
  if (!stored.ok()) return stored.status();
  v1::CreateBuildRequest request = RequestOf(arguments.build);
  request.set_graph(stored->name());
  request.set_revision(stored->revision());
  request.add_targets(running.relation);
  auto build = CreateBuild(session.client, request);
  if (!build.ok()) return build.status();
  running.build = *std::move(build);
  return running;
}

/// Each as a JSON object.
StatusOr<std::vector<std::string>> ReadRows(sql::Session& warehouse, const Running& running) {
  const std::string relation = sql::Quoted(running.schema, running.relation);
  const auto answers =
      warehouse.Run({{.text = fmt::format("SELECT to_jsonb(made) FROM {} made", relation)}});
  if (!answers.ok()) return answers.status();
  std::vector<std::string> rows;
  for (int i = 0; i < answers->front().rows(); ++i) rows.emplace_back(answers->front().at(i, 0));
  return rows;
}

/// What is wrong, a line each; empty: nothing.
std::vector<std::string> Judge(const Session& session, sql::Session& warehouse,
                               const Running& running) {
  std::ostream nowhere(nullptr);
  ProjectProgress progress(nowhere, running.models);
  if (const int code = Follow(session, running.build.id(), progress); code != kDone) {
    if (!progress.ended()) return {fmt::format("build {} was left", running.build.id())};
    return {progress.ended()->message()};
  }
  const auto rows = ReadRows(warehouse, running);
  if (!rows.ok()) return {Message(rows.status())};
  return CompareRows(running.test.expect, *rows);
}

/// Whether all is well.
bool Tell(const Session& session, const Running& running, const std::vector<std::string>& wrong) {
  session.out << fmt::format("{} utest {}\n", wrong.empty() ? "✓" : "✖", running.test.title());
  for (const std::string& line : wrong) session.out << "  " << line << '\n';
  return wrong.empty();
}

void Drop(const Session& session, sql::Session& warehouse, const Running& running) {
  const auto dropped = warehouse.Run(
      {{.text = fmt::format("DROP SCHEMA IF EXISTS {} CASCADE", sql::Quoted(running.schema))}});
  if (!dropped.ok()) session.err << "warning: " << Message(dropped.status()) << '\n';
}

}  // namespace

int RunUnitTests(const Session& session, const ProjectArguments& arguments) {
  const auto cases = ReadUnitTests(arguments.folder);
  if (!cases.ok()) return Report(session, cases.status());
  const auto project = LoadFftProject({.folder = arguments.folder,
                                       .env = arguments.env,
                                       .vars = arguments.vars,
                                       .environment = EnvironmentOf(arguments),
                                       .packages = Packages(),
                                       .schema = kUnitTestSchema});
  if (!project.ok()) return Report(session, project.status());
  const auto warehouse = FindWarehouse(*project);
  if (!warehouse.ok()) return Report(session, warehouse.status());
  auto connection = sql::Session::Open(warehouse->conninfo, "fftctl");
  if (!connection.ok()) return Report(session, connection.status());
  std::vector<Running> running;
  for (const UnitCase& test : *cases) {
    const bool is_of_model = arguments.model.empty() || test.model == arguments.model ||
                             test.model == arguments.model + ".ff" ||
                             test.model + ".ff" == arguments.model;
    if (!is_of_model || (!arguments.test.empty() && test.name != arguments.test)) continue;
    auto started = Start(session, arguments, *warehouse, *project, test);
    if (!started.ok()) return Report(session, started.status());
    running.push_back(*std::move(started));
  }
  if (running.empty()) {
    session.out << "no unit test is there or was asked for\n";
    return kDone;
  }
  std::size_t failed = 0;
  for (const Running& each : running) {
    if (!Tell(session, each, Judge(session, *connection, each))) ++failed;
    if (arguments.build.options.cache_mode() == v1::CACHE_OFF) Drop(session, *connection, each);
  }
  session.out << fmt::format("— utest summary: ok={} failed={}\n", running.size() - failed, failed);
  return failed == 0 ? kDone : kMisused;
}

}  // namespace fft
