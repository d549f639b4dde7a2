#pragma once

#include <map>
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
  UnitTestArguments utest;
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

/// What --cache takes.
inline const std::map<std::string, build::v1::CacheMode> kCacheModes = {
    {"rw", build::v1::CACHE_READ_WRITE},
    {"ro", build::v1::CACHE_READ_ONLY},
    {"wo", build::v1::CACHE_WRITE_ONLY},
    {"off", build::v1::CACHE_OFF}};

/// Throws what CLI11 shows the user.
[[noreturn]] void FailArguments(const std::string& text);

/// Whether a FastFlowTransform project lies there.
bool IsProject(const std::string& folder);
void AddOperatorCommands(CLI::App& app, Typed& typed);
/// The options of a build that only projects have.
void AddProjectOptions(CLI::App& app, Typed& typed);
/// Fails when one of them was typed of something else.
void CheckNoProjectOptions(const Typed& typed);
/// What was typed of a command whose first word is a project.
ProjectArguments ReadProject(const Typed& typed);
/// `seed`.
void AddSeedCommand(CLI::App& app, Typed& typed);
/// `utest`.
void AddUnitTestCommand(CLI::App& app, Typed& typed);
/// `dag`.
void AddDagCommand(CLI::App& app, Typed& typed);

}  // namespace fft
