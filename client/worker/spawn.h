#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace fft {

/// A process to be: nothing of ours but what is named here goes over.
struct SpawnPlan {
  std::string executable;  // a path; no search
  std::vector<std::string> argv;
  std::vector<std::string> env;  // NAME=value
  std::string cwd;
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
};

struct Spawned {
  pid_t pid = -1;
  int error = 0;          // errno of what failed; 0: it runs
  const char* step = "";  // and what that was
};

/// Executes `plan` in a session and process group of its own, with default signals, umask 022 and
/// no core files; it is killed when the calling thread ends.  Shares memory with the caller until
/// the exec, so that the cost does not grow with the caller's size.  Not for two threads at once.
Spawned Spawn(const SpawnPlan& plan);

}  // namespace fft
