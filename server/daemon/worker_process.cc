#include "server/daemon/worker_process.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include "server/base/log.h"
#include "server/daemon/process.h"

namespace fft {

namespace {

constexpr Duration kReplaceLimit{5'000};

using Options = WorkerProcess::Options;

std::string PidFile(const Options& options) { return options.folder + "/agent.pid"; }

std::vector<std::string> Argv(const Options& options) {
  std::vector<std::string> argv = {options.program};
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  return argv;
}

/// The agent that was started last, if it is still there.
std::optional<pid_t> FindAgent(const Options& options) {
  std::ifstream file(PidFile(options));
  pid_t pid = 0;
  long long ticks = 0;
  if (!(file >> pid >> ticks) || StartTicks(pid) != ticks) return std::nullopt;
  return pid;
}

/// Whether `pid` is the very agent that would be started now.
bool IsSame(pid_t pid, const Options& options) {
  std::error_code error;
  const std::string program = std::filesystem::canonical(options.program, error).string();
  return ArgvOf(pid) == Argv(options) && ProcLink(pid, "exe") == program;
}

void EndAgent(pid_t pid, Duration limit) {
  kill(pid, SIGTERM);
  if (WaitForEnd(pid, -1, limit)) return;
  LogWarning("the worker's agent (pid {}) does not end: killing it", pid);
  kill(pid, SIGKILL);
  WaitForEnd(pid, -1, limit);
}

StatusOr<pid_t> StartAgent(const Options& options) {
  const StatusOr<pid_t> pid = Spawn({.argv = Argv(options),
                                     .environment = EnvironmentWithout({"FFTD_"}),
                                     .folder = options.folder,
                                     .log = options.folder + "/agent.log"});
  if (!pid.ok()) return pid.status();
  std::ofstream(PidFile(options), std::ios::trunc)
      << *pid << ' ' << StartTicks(*pid).value_or(0) << '\n';
  return *pid;
}

}  // namespace

StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(Options options) {
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess);
  std::optional<pid_t> found = FindAgent(options);
  if (found && !IsSame(*found, options)) {
    LogInfo("replacing the worker's agent (pid {}) of an earlier daemon", *found);
    EndAgent(*found, kReplaceLimit);
    found.reset();
  }
  worker->is_adopted_ = found.has_value();
  const StatusOr<pid_t> pid = found ? StatusOr<pid_t>(*found) : StartAgent(options);
  if (!pid.ok()) return pid.status();
  if (found) LogInfo("the worker's agent (pid {}) runs already: it is adopted", *found);
  worker->keeper_ =
      std::make_unique<Keeper>("fft-worker", *pid, [options] { return StartAgent(options); });
  return worker;
}

void WorkerProcess::Stop(Duration limit) {
  keeper_->Stop();
  EndAgent(keeper_->pid(), limit);
}

}  // namespace fft
