#include <algorithm>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/ctl/build_request.h"
#include "client/ctl/follow.h"
#include "client/ctl/project_progress.h"
#include "client/ctl/project_service.h"
#include "client/frontends/fastflowtransform/unit_tests.h"
#include "client/lib/calls.h"
#include "client/sql/session.h"
#include "fft/build/v1/builds.grpc.pb.h"
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

/// Where the cases of a user are: what is there, and who asks.
struct Place {
  const FftProject& project;
  const sql::Warehouse& warehouse;
  sql::Session& connection;
  std::string user;
  std::set<std::string> schemas;  // of unit tests, before this one
};

/// One user's tests of one project run one after the other: they have the same schemas.
StatusOr<Place> Enter(const FftProject& project, const sql::Warehouse& warehouse,
                      sql::Session& connection) {
  const std::string lock =
      fmt::format("fft utest {} {}", project.settings.name, project.profile.name);
  const auto answers = connection.Run(
      {{.text = "SELECT current_user"},
       {.text = "SELECT pg_advisory_lock(hashtextextended($1 || current_user, 0))",
        .parameters = {lock}},
       {.text = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'fft\\_utest\\_%'"}});
  if (!answers.ok()) return answers.status();
  Place place{project, warehouse, connection, std::string((*answers)[0].at(0, 0)), {}};
  for (int i = 0; i < (*answers)[2].rows(); ++i) place.schemas.emplace((*answers)[2].at(i, 0));
  return place;
}

/// The same at each time, so that an earlier result is found.
std::string SchemaOf(const Place& place, const UnitCase& test) {
  const std::string name =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", place.user, place.project.settings.name,
                  place.project.profile.name, test.file, test.model, test.name);
  return "fft_utest_" + ToHex(Sha256(name)).substr(0, 12);
}

void Drop(const Session& session, const Place& place, const std::string& schema) {
  const auto dropped = place.connection.Run(
      {{.text = fmt::format("DROP SCHEMA IF EXISTS {} CASCADE", sql::Quoted(schema))}});
  if (!dropped.ok()) session.err << "warning: " << Message(dropped.status()) << '\n';
}

/// Whether its schema goes when it is over.
bool IsDropped(const ProjectArguments& arguments, const Place& place, const std::string& schema) {
  const v1::CacheMode mode = arguments.build.options.cache_mode();
  return mode == v1::CACHE_OFF || (mode == v1::CACHE_READ_ONLY && !place.schemas.contains(schema));
}

StatusOr<Running> Start(const Session& session, const ProjectArguments& arguments,
                        const Place& place, const UnitCase& test) {
  Running running{.test = test, .schema = SchemaOf(place, test)};
  const auto made = ProjectOfCase(place.project, test, running.schema);
  if (!made.ok()) return made.status();
  const FftPlace here = PlaceIn(place.warehouse, running.schema);
  auto graph = MakeModelGraph(*made, here);
  if (!graph.ok()) return graph.status();
  auto seeds = MakeSeedGraph(*made, here);
  if (!seeds.ok()) return seeds.status();
  for (v1::JobSpec& job : *graph->spec.mutable_jobs())
    for (v1::Input& input : *job.mutable_inputs())
      if (input.kind() == v1::QUERY) {  // what is given as a file is loaded first
        input.set_kind(v1::MATERIALIZE);
        input.clear_identity();
      }
  graph->spec.mutable_jobs()->MergeFrom(seeds->spec.jobs());
  graph->files.merge(seeds->files);
  // One name for all: a case is a revision of it.
  graph->spec.set_name(
      fmt::format("{}.{}.utest", place.project.settings.name, place.project.profile.name));
  for (const v1::JobSpec& job : graph->spec.jobs()) running.models.push_back({job.label(), 0});
  running.relation = made->models.back().relation;
  if (arguments.build.options.cache_mode() == v1::CACHE_OFF) Drop(session, place, running.schema);
  const auto stored = Deploy(session, place.warehouse, *std::move(graph));
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
      warehouse.Run({{.text = fmt::format("SELECT to_jsonb(made.*) FROM {} made", relation)}});
  if (!answers.ok()) return answers.status();
  std::vector<std::string> rows;
  for (int i = 0; i < answers->front().rows(); ++i) rows.emplace_back(answers->front().at(i, 0));
  return rows;
}

/// What is wrong, a line each; empty: nothing.  `code`: not kDone when it was not followed to its
/// end, and nobody knows.
std::vector<std::string> Judge(const Session& session, const Place& place, const Running& running,
                               int* code) {
  std::ostream nowhere(nullptr);
  ProjectProgress progress(nowhere, running.models);
  *code = Follow(session, running.build.id(), progress);
  if (*code != kDone && !progress.ended()) return {};
  if (std::exchange(*code, kDone) != kDone) return {progress.ended()->message()};
  const auto rows = ReadRows(place.connection, running);
  if (!rows.ok()) return {Message(rows.status())};
  return CompareRows(running.test.expect, *rows);
}

/// What was begun is cancelled.
void Abandon(const Session& session, const ProjectArguments& arguments, const Place& place,
             std::span<const Running> begun) {
  for (const Running& each : begun) {
    v1::CancelBuildRequest request;
    request.set_id(each.build.id());
    if (session.client.Call(&v1::Builds::Stub::CancelBuild, request).ok() &&
        IsDropped(arguments, place, each.schema))
      Drop(session, place, each.schema);
  }
}

/// Whether all is well.
bool Tell(const Session& session, const Running& running, const std::vector<std::string>& wrong) {
  if (session.is_json()) {
    const nlohmann::json told = {
        {"test", running.test.title()}, {"ok", wrong.empty()}, {"wrong", wrong}};
    session.out << told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return wrong.empty();
  }
  session.out << fmt::format("{} utest {}\n", wrong.empty() ? "✓" : "✖", running.test.title());
  for (const std::string& line : wrong) session.out << "  " << line << '\n';
  return wrong.empty();
}

/// As the command line says, and of this engine.
bool IsWanted(const UnitCase& test, const ProjectArguments& arguments, const FftProject& project) {
  if (!test.engine.empty() && test.engine != project.profile.engine) return false;
  if (!arguments.test.empty() && test.name != arguments.test) return false;
  return arguments.model.empty() || RelationOfName(test.model) == RelationOfName(arguments.model);
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
  if (!session.is_json())
    for (const std::string& warning : project->warnings)
      session.err << "warning: " << warning << '\n';
  const auto warehouse = FindWarehouse(*project);
  if (!warehouse.ok()) return Report(session, warehouse.status());
  auto connection = sql::Session::Open(warehouse->conninfo, "fftctl");
  if (!connection.ok()) return Report(session, connection.status());
  std::vector<UnitCase> chosen;
  for (const UnitCase& test : *cases) {
    if (!IsWanted(test, arguments, *project)) continue;
    // Before anything is sent: what is wrong with one leaves no other behind.
    const auto made = ProjectOfCase(*project, test, kUnitTestSchema);
    if (!made.ok()) return Report(session, made.status());
    chosen.push_back(test);
  }
  if (chosen.empty() && !(arguments.model.empty() && arguments.test.empty()))
    return Report(session, Error(Code::kInvalidArgument, "{}: no unit test has that model and name",
                                 arguments.folder));
  const auto place = Enter(*project, *warehouse, *connection);
  if (!place.ok()) return Report(session, place.status());
  std::vector<Running> running;
  for (const UnitCase& test : chosen) {
    auto started = Start(session, arguments, *place, test);
    if (!started.ok()) {
      Abandon(session, arguments, *place, running);
      return Report(session, started.status());
    }
    running.push_back(*std::move(started));
  }
  std::size_t failed = 0;
  for (std::size_t i = 0; i < running.size(); ++i) {
    int code = kDone;
    const auto wrong = Judge(session, *place, running[i], &code);
    if (code != kDone) {
      Abandon(session, arguments, *place, std::span(running).subspan(i));
      return code;
    }
    if (!Tell(session, running[i], wrong)) ++failed;
    if (IsDropped(arguments, *place, running[i].schema)) Drop(session, *place, running[i].schema);
  }
  if (!session.is_json())
    session.out << fmt::format("— utest summary: ok={} failed={}\n", running.size() - failed,
                               failed);
  return failed == 0 ? kDone : kMisused;
}

}  // namespace fft
