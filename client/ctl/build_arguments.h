#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fft/build/v1/types.pb.h"
#include "server/base/time.h"

namespace fft {

// What the user typed of commands that build.

/// Which graph a build, plan or lookup is about.
struct GraphChoice {
  std::string graph;     // deployed
  std::string folder;    // or: to be deployed first
  std::string revision;  // of a deployed graph; empty: the latest
  std::string ns;        // empty: the graph's default
  std::vector<std::string> targets;
};

struct BuildArguments {
  GraphChoice choice;
  build::v1::BuildOptions options;  // all but the deadline
  std::optional<Duration> deadline;
  std::string request_id;
  std::string plan_etag;
  bool is_detached = false;
  bool is_plan = false;  // `plan`: only say what would run
};
/// Which FastFlowTransform project a command is about, and as what it is read.
struct ProjectChoice {
  std::string folder, env;
  std::map<std::string, std::string> vars;       // over those of project.yml
  std::map<std::string, std::string> variables;  // over those of the environment
};

/// `build` and `plan` of a project, and `seed`: all of it, or what is selected.
struct ProjectArguments {
  ProjectChoice choice;
  std::vector<std::string> selects, excludes;
  BuildArguments build;  // its choice is not used
  bool is_seed = false;
};
struct UnitTestArguments {
  ProjectChoice choice;
  std::string model, test;  // only these; empty: all
  build::v1::CacheMode cache = build::v1::CACHE_OFF;
};
struct DagArguments {
  ProjectChoice choice;
};

}  // namespace fft
