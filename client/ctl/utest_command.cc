#include <algorithm>
#include <optional>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/ctl/follow.h"
#include "client/ctl/format.h"
#include "client/ctl/project_service.h"
#include "client/frontends/fastflowtransform/unit_tests.h"
#include "client/lib/calls.h"
#include "client/sql/session.h"
#include "fft/build/v1/builds.grpc.pb.h"
#include "server/base/digest.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr std::size_t kLinesMax = 10;  // of what is wrong with a case

/// A case on its way: each has a schema of its own, and all are built at once.
struct Running {
  UnitCase test;
  std::string schema, relation;
  v1::GraphSpec spec;
  std::int64_t build = 0;
};

/// All that one call of `utest` does.
class UnitTests {
 public:
  UnitTests(const Session& session, const UnitTestArguments& arguments, const FftProject& project,
            OpenWarehouse warehouse)
      : session_(session),
        arguments_(arguments),
        project_(project),
        warehouse_(std::move(warehouse)) {}

  /// What is wrong with one case leaves no other behind: nothing is sent yet.
  Status Prepare(const std::vector<UnitCase>& cases) {
    if (Status s = FindUser(); !s.ok()) return s;
    for (const UnitCase& test : cases)
      if (IsWanted(test))
        if (Status s = Add(test); !s.ok()) return s;
    if (!running_.empty()) return Ok();
    if (cases.empty())
      return Error(Code::kInvalidArgument, "{}: no unit test lies in tests/unit",
                   arguments_.choice.folder);
    return Error(Code::kInvalidArgument, "{}: no unit test has that model and name, for {}",
                 arguments_.choice.folder, project_.profile.engine);
  }

  int Run() {
    if (Status s = Start(); !s.ok()) return Failed(s, 0);
    if (session_.stop.stop_requested()) return Interrupted(0);
    std::size_t failed = 0;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      const auto wrong = Judge(running_[i]);
      if (session_.stop.stop_requested()) return Interrupted(i);
      if (!wrong.ok()) return Failed(wrong.status(), i);
      if (!Tell(running_[i], *wrong)) ++failed;
      if (IsDropped(running_[i])) Drop(running_[i]);
    }
    if (!session_.is_json())
      session_.out << fmt::format("— utest summary: ok={} failed={}\n", running_.size() - failed,
                                  failed);
    return failed == 0 ? kDone : kMisused;
  }

 private:
  Status FindUser() {
    const auto answers = warehouse_.session.Run({{.text = "SELECT current_user"}});
    if (answers.ok()) user_ = answers->front().at(0, 0);
    return answers.status();
  }

  /// As the command line says, and of this engine.
  bool IsWanted(const UnitCase& test) const {
    if (!test.engine.empty() && test.engine != project_.profile.engine) return false;
    if (!arguments_.test.empty() && test.name != arguments_.test) return false;
    return arguments_.model.empty() ||
           RelationOfName(test.model) == RelationOfName(arguments_.model);
  }

  /// The same at each time, so that an earlier result is found.
  std::string SchemaOf(const UnitCase& test) const {
    const std::string name = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", user_, project_.settings.name,
                                         project_.profile.name, test.file, test.model, test.name);
    return "fft_utest_" + ToHex(Sha256(name)).substr(0, 12);
  }

  Status Add(const UnitCase& test) {
    Running running{.test = test, .schema = SchemaOf(test)};
    const auto made = ProjectOfCase(project_, test, running.schema);
    if (!made.ok()) return made.status();
    auto graph = MakeCaseGraph(*made, PlaceIn(warehouse_.at, running.schema), &context_);
    if (!graph.ok())
      return Error(graph.status().code(), "{}: case {}: {}", test.file, test.name,
                   Message(graph.status()));
    running.relation = made->models.back().relation;
    running.spec = std::move(graph->spec);
    parts_.files.merge(graph->files);
    parts_.texts.merge(graph->texts);
    parts_.secrets.merge(graph->secrets);
    running_.push_back(std::move(running));
    return Ok();
  }

  /// One user's tests of one project run one after the other: they have the same schemas.
  Status Lock() {
    const std::vector<std::string> lock = {
        fmt::format("fft utest {} {} {}", project_.settings.name, project_.profile.name, user_)};
    const auto got = warehouse_.session.Run(
        {{.text = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", .parameters = lock}});
    if (!got.ok()) return got.status();
    std::vector<sql::Statement> statements;
    if (got->front().at(0, 0) != "t") {
      session_.err << "waiting for the unit tests of this project that run already" << std::endl;
      statements.push_back(
          {.text = "SELECT pg_advisory_lock(hashtextextended($1, 0))", .parameters = lock});
    }
    statements.push_back({.text = "SET lock_timeout = '10s'"});  // for schemas that are dropped
    statements.push_back(
        {.text = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'fft\\_utest\\_%'"});
    const auto answers = warehouse_.session.Run(statements);
    if (!answers.ok()) return answers.status();
    for (int i = 0; i < answers->back().rows(); ++i) schemas_.emplace(answers->back().at(i, 0));
    return Ok();
  }

  Status Start() {
    if (Status s = Lock(); !s.ok()) return s;
    session_.Listen();  // what is begun from here on is to be ended
    if (Status s = SendParts(session_, warehouse_.at, parts_); !s.ok()) return s;
    for (Running& running : running_) {
      if (session_.stop.stop_requested()) return Ok();
      if (arguments_.cache == v1::CACHE_OFF && schemas_.contains(running.schema)) Drop(running);
      const auto stored = Deploy(session_, std::move(running.spec));
      if (!stored.ok()) return stored.status();
      v1::CreateBuildRequest request;
      request.mutable_options()->set_cache_mode(arguments_.cache);
      request.set_graph(stored->name());
      request.set_revision(stored->revision());
      request.add_targets(running.relation);
      const auto build = CreateBuild(session_.client, request);
      if (!build.ok()) return build.status();
      running.build = build->id();
    }
    return Ok();
  }

  /// What is wrong, a line each; empty: nothing.
  StatusOr<std::vector<std::string>> Judge(const Running& running) {
    v1::Build build;
    const Status watched =
        FollowEvents(session_, running.build, [&](const v1::WatchResponse& message) {
          for (const v1::Event& event : message.events())
            if (event.has_build_changed()) build = event.build_changed().build();
        });
    if (!watched.ok()) return watched;
    if (build.state() < v1::BUILD_SUCCEEDED) {  // its last event was dropped long ago
      v1::GetBuildRequest request;
      request.set_id(running.build);
      auto found = session_.client.Call(&v1::Builds::Stub::GetBuild, request);
      if (!found.ok()) return found.status();
      build = *std::move(found);
    }
    if (build.state() != v1::BUILD_SUCCEEDED)
      return std::vector{build.message().empty() ? build.reason() : build.message()};
    const auto answers = warehouse_.session.Run(
        {{.text = fmt::format("SELECT to_jsonb(made.*) FROM {} made",
                              sql::Quoted(running.schema, running.relation))}});
    if (answers.status().code() == Code::kUnavailable) return answers.status();
    if (!answers.ok()) return std::vector{Message(answers.status())};
    std::vector<std::string> rows;
    for (int i = 0; i < answers->front().rows(); ++i) rows.emplace_back(answers->front().at(i, 0));
    return CompareRows(running.test.expect, rows);
  }

  /// Whether all is well.
  bool Tell(const Running& running, const std::vector<std::string>& wrong) const {
    if (session_.is_json()) {
      const nlohmann::json told = {
          {"test", running.test.title()}, {"ok", wrong.empty()}, {"wrong", wrong}};
      session_.out << told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                   << std::endl;
      return wrong.empty();
    }
    session_.out << fmt::format("{} utest {}\n", wrong.empty() ? "✓" : "✖", running.test.title());
    for (const std::string& each : wrong) session_.out << FirstLines(each, kLinesMax, "  ");
    session_.out.flush();
    return wrong.empty();
  }

  int Interrupted(std::size_t from) {
    session_.out.flush();
    session_.err << "\ninterrupted: tests that had not ended are cancelled" << std::endl;
    Abandon(from);
    return kDetached;
  }

  int Failed(const Status& why, std::size_t from) {
    const int code = Report(session_, why);
    Abandon(from);
    return code;
  }

  /// What was begun, from this case on, is cancelled; but not by a daemon that is away, and no
  /// longer than somebody waits for it.
  void Abandon(std::size_t from) {
    for (const Running& running : std::span(running_).subspan(from)) {
      if (running.build == 0) continue;
      v1::CancelBuildRequest request;
      request.set_id(running.build);
      if (session_.is_stopped_again && session_.is_stopped_again(Duration{0})) return;
      if (!session_.client.Call(&v1::Builds::Stub::CancelBuild, request).ok()) return;
      if (IsDropped(running)) Drop(running);
    }
  }

  /// Whether its schema goes when it is over.
  bool IsDropped(const Running& running) const {
    return arguments_.cache == v1::CACHE_OFF ||
           (arguments_.cache == v1::CACHE_READ_ONLY && !schemas_.contains(running.schema));
  }

  void Drop(const Running& running) {
    const auto dropped = warehouse_.session.Run(
        {{.text = fmt::format("DROP SCHEMA IF EXISTS {} CASCADE", sql::Quoted(running.schema))}});
    if (!dropped.ok()) session_.err << "warning: " << Message(dropped.status()) << '\n';
  }

  const Session& session_;
  const UnitTestArguments& arguments_;
  const FftProject& project_;
  OpenWarehouse warehouse_;
  std::string user_;
  std::vector<Running> running_;
  FftGraph parts_;  // of all graphs, but the specs
  std::optional<FftContext> context_;
  std::set<std::string> schemas_;  // of unit tests, before this one
};

}  // namespace

int Run(const Session& session, const UnitTestArguments& arguments) {
  const auto cases = ReadUnitTests(arguments.choice.folder);
  if (!cases.ok()) return Report(session, cases.status());
  const auto project = LoadProject(session, arguments.choice, {.schema = kUnitTestSchema});
  if (!project.ok()) return Report(session, project.status());
  auto warehouse = EnterWarehouse(*project);
  if (!warehouse.ok()) return Report(session, warehouse.status());
  UnitTests tests(session, arguments, *project, *std::move(warehouse));
  if (const Status prepared = tests.Prepare(*cases); !prepared.ok())
    return Report(session, prepared);
  return tests.Run();
}

}  // namespace fft
