#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

/// A program to be started with posix_spawn: in a session of its own, so that a terminal's Ctrl-C
/// does not reach it; no file of ours but the standard ones; every signal as a fresh process has
/// it.
struct Program {
  std::vector<std::string> argv;         // [0] is looked up in $PATH when it holds no slash
  std::vector<std::string> environment;  // NAME=value: all of it
  std::string folder = "/";              // to run in
  std::string log;                       // both outputs are appended to it; empty: ours
};

/// Our own environment without the variables that begin with one of `dropped`, and without
/// NOTIFY_SOCKET, which is for us alone: PostgreSQL would say there that it is ready.
std::vector<std::string> EnvironmentWithout(const std::vector<std::string>& dropped);

/// NOT_FOUND or PERMISSION_DENIED name argv[0].  The caller reaps it.
StatusOr<pid_t> Spawn(const Program& program);

struct ProgramEnd {
  int exit_code = 0;   // 128 + the signal that killed it
  std::string output;  // both outputs, at most the last 16 KiB
};
/// Runs `program`, whose `log` is not used, to its end.  DEADLINE_EXCEEDED after `limit`: it was
/// killed.
StatusOr<ProgramEnd> RunProgram(const Program& program, Duration limit);

/// Waits until the process ended, `wake` (a descriptor; -1: none) is readable, or `wait` is over.
/// True when it ended: if it was our child it is then reaped.  `pid` need not be our child.
bool WaitForEnd(pid_t pid, int wake, Duration wait);

/// When the process started, in the kernel's ticks since boot: with the pid this names one process.
/// None when it is not there or is a zombie.
std::optional<long long> StartTicks(pid_t pid);
/// The argv of a process; empty when it may not be read.
std::vector<std::string> ArgvOf(pid_t pid);
/// Where a link in /proc/PID leads (`exe`, `cwd`); empty when it may not be read.
std::string ProcLink(pid_t pid, const char* name);

}  // namespace fft
