#include "client/ctl/arguments.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

#include "client/ctl/format.h"
#include "client/ctl/typed.h"
#include "client/frontends/native/native_graph.h"
#include "client/frontends/native/quantity.h"
#include "server/base/error_details.h"

namespace fft {

namespace v1 = build::v1;

namespace {

bool LooksLikePath(const std::string& word) {
  return word == "." || word == ".." || word.front() == '/' || word.back() == '/' ||
         word.rfind("./", 0) == 0 || word.rfind("../", 0) == 0;
}

/// The rule of docs/fftctl.md: with --graph or --dir all words are targets; otherwise the first
/// word is a folder with a graph.yaml, or the name of a deployed graph.
/// `all`: the target where none is named; empty: one must be.
GraphChoice ChooseGraph(const Typed& typed, const std::string& all = {}) {
  GraphChoice choice{typed.graph, typed.folder, typed.revision, typed.ns, typed.words};
  if (!choice.graph.empty() && !choice.folder.empty())
    FailArguments("--graph and --dir: a graph is either deployed or in a folder");
  if (choice.graph.empty() && choice.folder.empty()) {
    const std::string first = choice.targets.empty() ? "" : choice.targets.front();
    if (first.empty())
      FailArguments("no graph: name a folder with graph.yaml or project.yml, or a deployed graph");
    choice.targets.erase(choice.targets.begin());
    if (IsNativeGraph(first)) {
      choice.folder = first;
    } else if (LooksLikePath(first)) {
      FailArguments(first + ": no folder with a graph.yaml or project.yml");
    } else if (first.find('/') != std::string::npos) {
      FailArguments(first +
                    ": neither a folder with a graph.yaml nor the name of a graph; name the graph "
                    "first, or with --graph");
    } else {
      choice.graph = first;
    }
  } else if (!choice.folder.empty() && !IsNativeGraph(choice.folder)) {
    FailArguments(choice.folder + ": no folder with a graph.yaml");
  }
  if (choice.targets.empty() && !all.empty()) choice.targets = {all};
  if (choice.targets.empty()) FailArguments("no targets: name refs, patterns or ranges");
  if (!choice.folder.empty() && !choice.revision.empty())
    FailArguments("--revision is of a deployed graph, not of a folder");
  return choice;
}

RefChoice ChooseRef(const Typed& typed) { return {typed.ref, typed.graph, typed.ns}; }

template <class Enum>
Enum ReadState(const std::string& text, const char* prefix,
               bool (*parse)(google::protobuf::ConstStringParam, Enum*)) {
  Enum value{};
  std::string name = text;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!text.empty() && !parse(prefix + name, &value)) FailArguments(text + ": no such state");
  return value;
}

/// One that was given nothing: `--etag "$E"` where E is not set must not count as no etag at all.
const CLI::Option* FindEmpty(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const auto& words = option->results();
    if (std::find(words.begin(), words.end(), "") != words.end()) return option;
  }
  for (const CLI::App* command : app.get_subcommands())
    if (const CLI::Option* option = FindEmpty(*command)) return option;
  return nullptr;
}

void AddGraphOptions(CLI::App& app, Typed& typed) {
  app.add_option("-g,--graph", typed.graph, "a deployed graph; every word is then a target");
  app.add_option("-d,--dir", typed.folder, "a folder with graph.yaml, deployed first");
  app.add_option("--revision", typed.revision, "of the deployed graph; otherwise the latest");
  app.add_option("-n,--namespace", typed.ns, "otherwise the graph's own");
  app.add_option("words", typed.words, "[GRAPH or FOLDER] TARGET...")->type_name("");
}

void AddRefOptions(CLI::App& app, Typed& typed) {
  app.add_option("-g,--graph", typed.graph, "the graph whose namespace is meant");
  app.add_option("-n,--namespace", typed.ns, "the namespace of the ref");
}

void AddBuildOptions(CLI::App& app, Typed& typed) {
  auto& options = typed.build.options;
  AddGraphOptions(app, typed);
  app.add_option("--cache", typed.cache, "rw, ro, wo or off")->check(CLI::IsMember(kCacheModes));
  app.add_flag("--no-cache", typed.is_uncached, "--cache off");
  app.add_option_function<std::vector<std::string>>(
         "--rebuild",
         [&options](const std::vector<std::string>& globs) {
           for (const auto& glob : globs) options.add_rebuild(glob);
         },
         "run what this glob over refs and job labels names, valid or not")
      ->expected(1)
      ->allow_extra_args(false)
      ->type_name("GLOB")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--schedule", typed.schedule, "levels or eager")
      ->check(CLI::IsMember({"levels", "eager"}));
  app.add_option("-j,--jobs", typed.jobs, "at most so many nodes of this build at once; auto: any");
  app.add_flag_callback(
      "-k,--keep-going", [&options] { options.set_keep_going(true); },
      "build what does not depend on a failure");
  app.add_option_function<int>(
         "--priority", [&options](int n) { options.set_priority(n); },
         "-100 to 100, higher goes first")
      ->check(CLI::Range(-100, 100));
  app.add_option("--deadline", typed.deadline, "from now, for instance 90s or 2h");
}

void ReadJobs(const std::string& text, v1::BuildOptions* options) {
  constexpr int kJobsMax = 1'000'000;
  int jobs = 0;
  if (text.empty() || text == "auto") return;
  if (!CLI::detail::lexical_cast(text, jobs) || jobs < 1 || jobs > kJobsMax)
    FailArguments("--jobs " + text + ": a number from 1 to 1000000, or auto");
  options->set_jobs_max(jobs);
}

void ReadBuild(Typed& typed, bool is_plan) {
  BuildArguments& build = typed.build;
  build.is_plan = is_plan;
  ReadJobs(typed.jobs, &build.options);
  if (typed.is_uncached && !typed.cache.empty() && typed.cache != "off")
    FailArguments("--no-cache and --cache " + typed.cache);
  if (typed.is_uncached) typed.cache = "off";
  if (!typed.cache.empty()) build.options.set_cache_mode(kCacheModes.at(typed.cache));
  build.options.set_discipline(typed.schedule == "eager" ? v1::EAGER : v1::LEVELS);
  if (!typed.deadline.empty()) {
    build.deadline = ParseDuration(typed.deadline);
    if (!build.deadline)
      FailArguments("--deadline " + typed.deadline + ": no length of time such as 90s or 2h");
  }
  if (typed.graph.empty() && typed.folder.empty() && !typed.words.empty() &&
      IsProject(typed.words.front())) {
    typed.arguments.command = ReadProject(typed);
    return;
  }
  CheckNoProjectOptions(typed);
  build.choice = ChooseGraph(typed);
  typed.arguments.command = build;
}

void AddBuildCommands(CLI::App& app, Typed& typed) {
  auto* const build = app.add_subcommand("build", "build partitions and watch them come");
  build->alias("run");
  AddBuildOptions(*build, typed);
  AddProjectOptions(*build, typed);
  build->add_flag("--detach", typed.build.is_detached, "print the build and leave");
  build->add_option("--request-id", typed.build.request_id, "makes the request idempotent");
  build->add_option("--etag", typed.build.plan_etag,
                    "of a plan: fail when it would be another now");
  build->final_callback([&typed] { ReadBuild(typed, false); });

  auto* const plan = app.add_subcommand("plan", "what a build would run now, and why");
  AddBuildOptions(*plan, typed);
  AddProjectOptions(*plan, typed);
  plan->final_callback([&typed] { ReadBuild(typed, true); });

  auto* const watch = app.add_subcommand("watch", "follow a build to its end");
  watch->add_option("BUILD", typed.number)->required();
  watch->final_callback([&typed] { typed.arguments.command = WatchArguments{typed.number}; });

  auto* const retry = app.add_subcommand("retry", "the same again: runs what is not valid now");
  retry->add_option("BUILD", typed.retry.build)->required();
  retry->add_flag("--detach", typed.retry.is_detached, "print the build and leave");
  retry->add_option("--request-id", typed.retry.request_id, "makes the request idempotent");
  retry->final_callback([&typed] { typed.arguments.command = typed.retry; });

  auto* const cancel = app.add_subcommand("cancel", "stop what nobody else wants");
  cancel->add_option("BUILD", typed.number)->required();
  cancel->final_callback([&typed] { typed.arguments.command = CancelArguments{typed.number}; });
}

void AddBuildReads(CLI::App& app, Typed& typed) {
  auto* const get = app.add_subcommand("get", "a build, and its nodes");
  get->add_option("BUILD", typed.get.build)->required();
  get->add_flag("--nodes", typed.get.with_nodes, "list its nodes too");
  get->add_option("--state", typed.state, "only nodes in this state; implies --nodes");
  get->final_callback([&typed] {
    typed.get.state = ReadState(typed.state, "NODE_", v1::NodeState_Parse);
    typed.get.with_nodes |= !typed.state.empty();
    typed.arguments.command = typed.get;
  });

  auto* const list = app.add_subcommand("list", "builds, newest first");
  list->add_option("-g,--graph", typed.list.graph, "only of this graph");
  list->add_option("-n,--namespace", typed.list.ns, "only in this namespace");
  list->add_option("--principal", typed.list.principal, "only of this user");
  list->add_option("--state", typed.state, "only in this state: executing, failed ...");
  list->add_option("--limit", typed.list.count_max, "at most so many")
      ->check(CLI::Range(1, 100'000));
  list->final_callback([&typed] {
    typed.list.state = ReadState(typed.state, "BUILD_", v1::BuildState_Parse);
    typed.arguments.command = typed.list;
  });

  auto* const explain = app.add_subcommand("explain", "why something was built, or not");
  explain->add_option("REF", typed.ref, "the partition");
  explain->add_option("-b,--build", typed.explain.build, "as this build saw it");
  explain->add_option("--node", typed.explain.node, "a node by its number, instead of a ref");
  AddRefOptions(*explain, typed);
  explain->final_callback([&typed] {
    typed.explain.choice = ChooseRef(typed);
    if (typed.ref.empty() == (typed.explain.node == 0))
      FailArguments("name either a REF or a --node");
    if (typed.explain.node != 0 && typed.explain.build != 0)
      FailArguments("--build is how a build sees a REF: a --node is the same to all");
    typed.arguments.command = typed.explain;
  });
}

void AddGraphCommands(CLI::App& app, Typed& typed) {
  auto* const lookup = app.add_subcommand("lookup", "which job builds each ref");
  AddGraphOptions(*lookup, typed);
  lookup->final_callback(
      [&typed] { typed.arguments.command = LookupArguments{ChooseGraph(typed)}; });

  auto* const stale =
      app.add_subcommand("stale", "what differs from what would be built now, and why");
  AddGraphOptions(*stale, typed);
  stale->final_callback(
      [&typed] { typed.arguments.command = StaleArguments{ChooseGraph(typed, "*")}; });

  auto* const deploy = app.add_subcommand("deploy", "store a graph as a new revision");
  deploy->add_option("FOLDER", typed.deploy.folder, "with graph.yaml; otherwise the current one");
  deploy->add_flag("--check", typed.deploy.is_check, "only say what is wrong with it");
  deploy->final_callback([&typed] { typed.arguments.command = typed.deploy; });
}

void AddCatalogCommands(CLI::App& app, Typed& typed) {
  auto* const partitions = app.add_subcommand("partitions", "what exists");
  partitions->add_option("GLOB", typed.ref, "of refs; otherwise all");
  partitions->add_option("--limit", typed.partitions.count_max, "at most so many")
      ->check(CLI::Range(1, 10'000'000));
  AddRefOptions(*partitions, typed);
  partitions->final_callback([&typed] {
    typed.partitions.choice = ChooseRef(typed);
    typed.arguments.command = typed.partitions;
  });

  auto* const show = app.add_subcommand("show", "all about one partition");
  show->add_option("REF", typed.ref)->required();
  AddRefOptions(*show, typed);
  show->final_callback([&typed] { typed.arguments.command = ShowArguments{ChooseRef(typed)}; });

  auto* const lineage = app.add_subcommand("lineage", "what a partition is made of");
  lineage->add_option("REF", typed.ref)->required();
  lineage->add_option("--depth", typed.lineage.depth_max, "at most so many steps back")
      ->check(CLI::Range(1, 1'000'000));
  AddRefOptions(*lineage, typed);
  lineage->final_callback([&typed] {
    typed.lineage.choice = ChooseRef(typed);
    typed.arguments.command = typed.lineage;
  });
}

void AddTaintCommand(CLI::App& app, Typed& typed) {
  auto* const taint = app.add_subcommand(
      "taint", "declare data wrong: it and what was made from it is built anew when next wanted");
  taint->add_option("REF", typed.taint.refs, "what is wrong")->required();
  taint->add_option("-m,--message", typed.taint.text, "why, for those who watch");
  AddRefOptions(*taint, typed);
  taint->final_callback([&typed] {
    typed.taint.choice = ChooseRef(typed);
    typed.arguments.command = typed.taint;
  });
}

void ReadFrom(Typed& typed) {
  EventsArguments& events = typed.events;
  events.from_start = typed.from == "start";
  if (typed.from.empty() || typed.from == "now" || typed.from == "start") return;
  std::int64_t after = -1;
  if (!CLI::detail::lexical_cast(typed.from, after) || after < 0)
    FailArguments("--from " + typed.from + ": start, now, or the number of an event");
  events.after = after;
}

void AddWatchCommands(CLI::App& app, Typed& typed) {
  auto* const events = app.add_subcommand("events", "what happens, as it happens");
  events->add_option("--from", typed.from, "start, now (default), or after the event N");
  events->add_option("-n,--namespace,--ns", typed.events.ns, "only in this namespace");
  events->add_option("--refs", typed.events.refs, "only about refs that match this glob");
  events->final_callback([&typed] {
    ReadFrom(typed);
    typed.arguments.command = typed.events;
  });

  auto* const logs = app.add_subcommand("logs", "what a run wrote");
  logs->add_option("RUN", typed.ref, "the number of a run, or a ref: its last run")->required();
  logs->add_flag("-f,--follow", typed.logs.follows, "until the run ends");
  logs->add_option("--offset", typed.logs.offset, "skip so many bytes");
  AddRefOptions(*logs, typed);
  logs->final_callback([&typed] {
    typed.logs.choice = ChooseRef(typed);
    typed.arguments.command = typed.logs;
  });
}

/// Also of a line that does not parse.
bool WantsJson(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-ojson" || word == "-o=json" || word == "--output=json") return true;
    if (word == "-o" || word == "--output")
      return i + 1 < argc && std::string_view(argv[i + 1]) == "json";
  }
  return false;
}

std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> rest = app.remaining();
  if (app.get_subcommands().empty() && !rest.empty() && !rest.front().starts_with('-'))
    return rest.front() + ": no such command";
  return error.what();
}

}  // namespace

Parsed ParseArguments(int argc, const char* const* argv) {
  Typed typed;
  CLI::App app("Ask for data partitions, watch them come, and learn why.", "fftctl");
  app.require_subcommand(1);
  app.set_version_flag("--version", "fftctl " FFT_VERSION);
  app.fallthrough();
  app.add_option(
      "--address", typed.arguments.address,
      "of fftd: unix:PATH or HOST:PORT; otherwise $FFT_ADDRESS, or where fftd dev listens");
  app.add_option("-o,--output", typed.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("-v,--verbose", typed.arguments.is_verbose, "a line for every node");
  AddBuildCommands(app, typed);
  AddSeedCommand(app, typed);
  AddUnitTestCommand(app, typed);
  AddDagCommand(app, typed);
  AddBuildReads(app, typed);
  AddGraphCommands(app, typed);
  AddCatalogCommands(app, typed);
  AddWatchCommands(app, typed);
  AddTaintCommand(app, typed);
  AddOperatorCommands(app, typed);
  try {
    app.parse(argc, argv);
    if (const CLI::Option* empty = FindEmpty(app)) FailArguments(empty->get_name() + " is empty");
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    const bool is_help = error.get_exit_code() == 0;
    if (is_help) {
      app.exit(error, out, out);
    } else {
      const std::string what = WhatIsWrong(app, error);
      if (WantsJson(argc, argv))
        out << ErrorJson(WithDetails(Error(Code::kInvalidArgument, "{}", what),
                                     {.reason = "USAGE", .metadata = {}, .fields = {}}))
            << '\n';
      else
        out << "fftctl: " << what << "\nfftctl --help says more\n";
    }
    return {.arguments = {}, .text = out.str(), .exit_code = is_help ? 0 : 2};
  }
  typed.arguments.is_json = typed.output == "json";
  return {.arguments = std::move(typed.arguments), .text = {}, .exit_code = 0};
}

}  // namespace fft
