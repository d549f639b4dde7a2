#pragma once

#include <string>
#include <vector>

#include "server/base/time.h"

namespace fft {

struct AgentOptions {
  std::string daemon;  // unix:/PATH or HOST:PORT; several, of which one leads, parted by commas
  std::string dir;
  std::string name;  // empty: the host's
  int slots = 2;
  std::vector<std::string> labels;
  Duration orphan_after{60'000};  // until the daemon says otherwise
  std::string program;            // whose `guardian` subcommand is executed; empty: our own
};

/// Runs the agent until SIGTERM (runs go on under the guardian) or SIGINT (runs are killed).
/// Returns the exit code.
int RunAgent(AgentOptions options);

}  // namespace fft
