#pragma once

#include <string>
#include <vector>

#include "client/ctl/arguments.h"

namespace CLI {
class App;
}

namespace fft {

/// What the options are read into, until it is known which command was meant.
struct Typed {
  Arguments arguments;
  std::string output = "text";
  std::string graph, folder, revision, ns, state, from, deadline, schedule = "levels", cache;
  bool is_uncached = false;
  std::vector<std::string> words;
  BuildArguments build;
  ProjectArguments project;
  std::string jobs;
  RetryArguments retry;
  GetArguments get;
  ListArguments list;
  ExplainArguments explain;
  DeployArguments deploy{.folder = ".", .is_check = false};
  PartitionsArguments partitions;
  LineageArguments lineage;
  EventsArguments events;
  LogsArguments logs;
  TaintArguments taint;
  PoolsArguments pools;
  std::int64_t number = 0;
  std::string ref;
};

/// Throws what CLI11 shows the user.
[[noreturn]] void FailArguments(const std::string& text);

/// Whether a FastFlowTransform project lies there.
bool IsProject(const std::string& folder);
/// The options of a build that only projects have.
void AddProjectOptions(CLI::App& app, Typed& typed);
/// Fails when one of them was typed of something else.
void CheckNoProjectOptions(const Typed& typed);
/// What was typed of a command whose first word is a project.
ProjectArguments ReadProject(const Typed& typed, ProjectArguments::Doing doing, bool is_plan);
/// `seed`.
void AddSeedCommand(CLI::App& app, Typed& typed);
/// `utest`.
void AddUnitTestCommand(CLI::App& app, Typed& typed);
/// `dag`.
void AddDagCommand(CLI::App& app, Typed& typed);

}  // namespace fft
