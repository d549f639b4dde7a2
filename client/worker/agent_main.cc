#include "client/worker/agent_main.h"

#include <atomic>
#include <climits>
#include <csignal>
#include <thread>

#include <sys/signalfd.h>
#include <unistd.h>

#include "client/worker/agent.h"
#include "client/worker/paths.h"
#include "server/base/log.h"

namespace fft {
namespace {

constexpr int kFailed = 1;

std::string HostName() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

int RunAgent(AgentOptions options) {
  if (options.name.empty()) options.name = HostName();
  if (options.program.empty()) options.program = OwnProgram();
  if (!options.dir.starts_with('/')) {
    char here[PATH_MAX];
    if (::getcwd(here, sizeof here) != nullptr) options.dir = std::string(here) + "/" + options.dir;
  }
  // Before any thread: all of them leave these to the one that waits for them.
  sigset_t ending;
  ::sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT}) ::sigaddset(&ending, signal);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  auto agent = Agent::Open(std::move(options));
  if (!agent.ok()) {
    LogError("{}", Message(agent.status()));
    return kFailed;
  }
  std::atomic<bool> is_over = false;
  std::jthread signals([&] {
    int signal = 0;
    while (!is_over && ::sigwait(&ending, &signal) == 0) (*agent)->Stop(signal == SIGINT);
  });
  (*agent)->Run();
  is_over = true;
  ::pthread_kill(signals.native_handle(), SIGTERM);
  return 0;
}

}  // namespace fft
