#include <filesystem>
#include <functional>

#include <CLI/CLI.hpp>

#include "client/ctl/typed.h"

namespace fft {

namespace {

void AddEnvironment(CLI::App& app, Typed& typed) {
  app.add_option("-e,--env", typed.project.choice.env,
                 "of a project: an environment of profiles.yml");
}

/// An option that may come more than once; `take` is handed each value.
void AddEach(CLI::App& app, const std::string& name, const std::string& help,
             const std::string& type, std::function<void(const std::string&)> take) {
  app.add_option_function<std::vector<std::string>>(
         name,
         [take = std::move(take)](const std::vector<std::string>& values) {
           for (const std::string& value : values) take(value);
         },
         help)
      ->expected(1)
      ->allow_extra_args(false)
      ->type_name(type)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void AddSelect(CLI::App& app, const std::string& name, std::vector<std::string>* to,
               const std::string& help, const std::string& type) {
  AddEach(app, name, help, type, [to](const std::string& value) { to->push_back(value); });
}

void AddVars(CLI::App& app, Typed& typed) {
  ProjectChoice& project = typed.project.choice;
  AddEach(app, "--vars", "of a project: over the vars of project.yml", "NAME=VALUE",
          [&project](const std::string& value) {
            const std::size_t equals = value.find('=');
            if (equals == 0 || equals == std::string::npos)
              FailArguments("--vars " + value + ": not of the form NAME=VALUE");
            project.vars[value.substr(0, equals)] = value.substr(equals + 1);
          });
}

/// A command of projects alone.
CLI::App* AddCommand(CLI::App& app, Typed& typed, const char* name, const char* what) {
  CLI::App* const command = app.add_subcommand(name, what);
  command->add_option("PROJECT", typed.words, "a folder with project.yml")->required()->expected(1);
  AddEnvironment(*command, typed);
  return command;
}

ProjectChoice ChooseProject(const Typed& typed, bool needs_environment) {
  ProjectChoice choice = typed.project.choice;
  choice.folder = typed.words.front();
  if (!IsProject(choice.folder)) FailArguments(choice.folder + ": no folder with a project.yml");
  if (typed.words.size() > 1)
    FailArguments("'" + typed.words[1] + "': models of a project are chosen with --select");
  if (needs_environment && choice.env.empty())
    FailArguments("--env: which environment of profiles.yml");
  return choice;
}

}  // namespace

void FailArguments(const std::string& text) { throw CLI::ValidationError(text); }

bool IsProject(const std::string& folder) {
  std::error_code error;
  return std::filesystem::is_regular_file(std::filesystem::path(folder) / "project.yml", error);
}

void AddProjectOptions(CLI::App& app, Typed& typed) {
  ProjectArguments& project = typed.project;
  AddEnvironment(app, typed);
  AddSelect(app, "--select", &project.selects,
            "of a project: models by glob, tag:T, type:M, kind:K, result:R, state:modified",
            "TOKENS");
  AddSelect(app, "--exclude", &project.excludes, "of a project: not these, nor what reads them",
            "TOKENS");
  AddVars(app, typed);
  app.add_flag_callback(
      "--offline", [&project] { project.choice.variables["FF_HTTP_OFFLINE"] = "1"; },
      "of a project: Python models get HTTP answers from the cache alone");
  app.add_option_function<std::string>(
         "--http-cache",
         [&project](const std::string& mode) {
           project.choice.variables["FF_HTTP_CACHE_MODE"] = mode;
         },
         "of a project: rw, ro or off")
      ->check(CLI::IsMember({"rw", "ro", "off"}));
}

void CheckNoProjectOptions(const Typed& typed) {
  const ProjectArguments& project = typed.project;
  if (!project.choice.env.empty() || !project.selects.empty() || !project.excludes.empty() ||
      !project.choice.vars.empty() || !project.choice.variables.empty())
    FailArguments(
        "--env, --select, --exclude, --vars, --offline and --http-cache are of projects: a folder "
        "with project.yml");
}

ProjectArguments ReadProject(const Typed& typed) {
  ProjectArguments project = typed.project;
  project.choice = ChooseProject(typed, /*needs_environment=*/true);
  if (!typed.ns.empty() || !typed.revision.empty())
    FailArguments("--namespace and --revision are of graphs: a project's are told by its profile");
  project.build = typed.build;
  return project;
}

void AddSeedCommand(CLI::App& app, Typed& typed) {
  auto* const seed =
      AddCommand(app, typed, "seed", "load the seeds of a FastFlowTransform project");
  AddSelect(*seed, "--select", &typed.project.selects, "only seeds that match this glob", "GLOB");
  seed->add_flag_callback(
      "--force", [&typed] { typed.build.options.add_rebuild("*"); },
      "load what is there already, too");
  seed->final_callback([&typed] {
    typed.project.is_seed = true;
    typed.arguments.command = ReadProject(typed);
  });
}

void AddUnitTestCommand(CLI::App& app, Typed& typed) {
  auto* const utest = AddCommand(app, typed, "utest", "run the unit tests of a project's models");
  AddVars(*utest, typed);
  utest->add_option("--model", typed.utest.model, "only the tests of this model");
  utest->add_option("--case", typed.utest.test, "only the case of this name");
  utest->add_option("--cache", typed.cache, "off, ro or rw: whether a result may be an earlier one")
      ->check(CLI::IsMember({"off", "ro", "rw"}));
  utest->final_callback([&typed] {
    if (!typed.cache.empty()) typed.utest.cache = kCacheModes.at(typed.cache);
    typed.utest.choice = ChooseProject(typed, /*needs_environment=*/true);
    typed.arguments.command = typed.utest;
  });
}

void AddDagCommand(CLI::App& app, Typed& typed) {
  auto* const dag = AddCommand(app, typed, "dag", "write the DAG of a project as a site");
  dag->add_flag_callback(
      "--html", [] {}, "the only form there is");
  dag->final_callback([&typed] {
    typed.arguments.command = DagArguments{ChooseProject(typed, /*needs_environment=*/false)};
  });
}

}  // namespace fft
