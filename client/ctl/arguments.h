#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/ctl/build_arguments.h"
#include "fft/build/v1/types.pb.h"
#include "server/base/time.h"

namespace fft {

// What the user typed, as values.  One struct a command; docs/fftctl.md describes them.

struct WatchArguments {
  std::int64_t build = 0;
};
struct RetryArguments {
  std::int64_t build = 0;
  std::string request_id;
  bool is_detached = false;
};
struct CancelArguments {
  std::int64_t build = 0;
};
struct GetArguments {
  std::int64_t build = 0;
  bool with_nodes = false;
  build::v1::NodeState state = build::v1::NODE_STATE_UNSPECIFIED;  // with nodes: only these
};
struct ListArguments {
  std::string graph, ns, principal;
  build::v1::BuildState state = build::v1::BUILD_STATE_UNSPECIFIED;
  int count_max = 20;
};
/// A ref in a namespace that may have to be found out.
struct RefChoice {
  std::string ref;
  std::string graph, ns;
};
struct ExplainArguments {
  RefChoice choice;
  std::int64_t build = 0;
  std::int64_t node = 0;  // instead of a ref
};
struct LookupArguments {
  GraphChoice choice;
};
struct StaleArguments {
  GraphChoice choice;
};
struct DeployArguments {
  std::string folder;
  bool is_check = false;
};
struct PartitionsArguments {
  RefChoice choice;  // ref: a glob
  int count_max = 100;
};
struct ShowArguments {
  RefChoice choice;
};
struct LineageArguments {
  RefChoice choice;
  int depth_max = 0;
};
struct EventsArguments {
  bool from_start = false;
  std::optional<std::int64_t> after;
  std::string ns, refs;
};
struct LogsArguments {
  RefChoice choice;  // ref: a run's number, or a ref, whose last run is meant
  bool follows = false;
  std::int64_t offset = 0;
};
struct WorkersArguments {};
struct DeadArguments {
  std::string worker;
};
struct DrainArguments {
  std::string worker;
  bool is_draining = true;
};
struct PoolsArguments {
  std::string name;  // empty: they are listed
  int size = 0;
};
struct PauseArguments {
  std::string graph;
  bool is_paused = true;
};
struct TaintArguments {
  RefChoice choice;               // its ref is not used
  std::vector<std::string> refs;  // at least one
  std::string text;
};
struct DoctorArguments {};

using Command =
    std::variant<BuildArguments, ProjectArguments, UnitTestArguments, DagArguments, WatchArguments,
                 RetryArguments, CancelArguments, GetArguments, ListArguments, ExplainArguments,
                 LookupArguments, StaleArguments, DeployArguments, PartitionsArguments,
                 ShowArguments, LineageArguments, EventsArguments, LogsArguments, WorkersArguments,
                 DrainArguments, DeadArguments, PoolsArguments, PauseArguments, TaintArguments,
                 DoctorArguments>;

struct Arguments {
  std::string address;  // as typed
  bool is_json = false;
  bool is_verbose = false;
  Command command;
};

/// What came of the command line: a command, or a text for the user and an exit code.
struct Parsed {
  std::optional<Arguments> arguments;
  std::string text;
  int exit_code = 0;
};

/// Looks at folders, to tell them from graphs' names; touches nothing else.
Parsed ParseArguments(int argc, const char* const* argv);

}  // namespace fft
