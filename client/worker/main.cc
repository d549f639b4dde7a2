#include <csignal>
#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "client/worker/agent_main.h"
#include "client/worker/guardian.h"
#include "client/worker/rows_program.h"
#include "server/base/log.h"

namespace {

constexpr int kUsage = 2;
constexpr int kFailed = 1;

/// Leaves the caller's session and its files; output goes to DIR/guardian.log.  True in the process
/// that is to be the guardian; `ready` is then the pipe on which the one that was started waits.
bool Detach(const std::string& dir, int* ready) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::exit(kFailed);
  const pid_t child = ::fork();
  if (child < 0) std::exit(kFailed);
  if (child > 0) {
    ::close(ends[1]);
    char is_ready = 0;
    const bool came_up = ::read(ends[0], &is_ready, 1) == 1;
    ::_exit(came_up ? 0 : kFailed);
  }
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  const int log = ::open((dir + "/guardian.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(null, 0);
  ::dup2(log < 0 ? null : log, 1);
  ::dup2(log < 0 ? null : log, 2);
  *ready = ::dup3(ends[1], 3, O_CLOEXEC) == 3 || ends[1] == 3 ? 3 : ends[1];
  ::syscall(SYS_close_range, static_cast<unsigned>(*ready) + 1, ~0u, 0u);
  return true;
}

int RunGuardian(const std::string& dir, double orphan_after, bool in_foreground) {
  int ready = -1;
  if (!in_foreground && !Detach(dir, &ready)) return kFailed;
  auto guardian =
      fft::Guardian::Open({dir, fft::Duration(static_cast<std::int64_t>(orphan_after * 1000))});
  if (!guardian.ok()) {
    fft::LogError("{}", fft::Message(guardian.status()));
    return kFailed;
  }
  if (ready >= 0) {
    if (::write(ready, "r", 1) != 1) return kFailed;
    ::close(ready);
  }
  const fft::Status ended = (*guardian)->Run();
  if (!ended.ok()) fft::LogError("{}", fft::Message(ended));
  return ended.ok() ? 0 : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  // For the agent alone: what follows is another program's command line.
  if (argc > 3 && std::string_view(argv[1]) == "rows")
    return fft::RunRows(argv[2], std::vector<std::string>(argv + 3, argv + argc));
  CLI::App app{"fft-worker: runs jobs for fftd"};
  app.require_subcommand(1);

  fft::AgentOptions options;
  CLI::App* agent = app.add_subcommand("agent", "takes runs from the daemon and reports them");
  bool json = false;
  agent
      ->add_option("--daemon", options.daemon,
                   "unix:/PATH or HOST:PORT; parted by commas: one of them leads")
      ->required();
  agent->add_option("--dir", options.dir, "the worker's own folder")->required();
  agent->add_option("--name", options.name, "stable and unique; the host's name unless given");
  agent->add_option("--slots", options.slots, "runs at once")->check(CLI::Range(1, 100'000));
  agent->add_option("--label", options.labels, "what jobs may ask for; repeatable");
  agent->add_flag("--log-json", json, "log one JSON object a line");

  std::string dir;
  double orphan_after = 60;
  bool in_foreground = false;
  CLI::App* guardian = app.add_subcommand("guardian", "parents the runs; started by the agent");
  guardian->add_option("--dir", dir, "the worker's own folder")->required();
  guardian->add_option("--orphan-after", orphan_after, "seconds without an agent")
      ->check(CLI::Range(0.0, 1e6));
  guardian->add_flag("--foreground", in_foreground, "stay the caller's child");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kUsage;
  }
  fft::SetUpLog(fft::LogLevel::kInfo, json, guardian->parsed() ? "fft-guardian" : "fft-worker");
  if (guardian->parsed()) return RunGuardian(dir, orphan_after, in_foreground);
  return fft::RunAgent(options);
}
