#include "client/worker/spawn.h"

#include <cerrno>
#include <csignal>
#include <memory>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>

#include "server/base/check.h"

namespace fft {
namespace {

struct ChildState {
  const char* executable;
  char* const* argv;
  char* const* env;
  const char* cwd;
  int fds[3];
  pid_t parent;
  // Written by the child, which shares our memory.
  volatile int error;
  const char* volatile step;
};

// These two run on a stack of their own in our memory: system calls only, and no sanitizer's
// bookkeeping, which the exec would leave behind.
#define FFT_BARE __attribute__((no_sanitize("address", "undefined", "thread"), noinline))

[[noreturn]] FFT_BARE void Fail(ChildState* state, const char* step) {
  state->error = errno;
  state->step = step;
  ::_exit(127);
}

FFT_BARE int ChildMain(void* arg) {
  auto* state = static_cast<ChildState*>(arg);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) Fail(state, "prctl");
  if (::getppid() != state->parent) ::_exit(127);
  if (::setsid() < 0) Fail(state, "setsid");
  for (int i = 0; i < 3; ++i) {
    if (::dup2(state->fds[i], i) < 0) Fail(state, "dup2");
  }
  ::syscall(SYS_close_range, 3u, ~0u, 4u);  // 4: CLOSE_RANGE_CLOEXEC
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &plain, nullptr);
  ::sigaction(SIGHUP, &plain, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const struct rlimit no_core { 0, 0 };
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::umask(022);
  if (::chdir(state->cwd) != 0) Fail(state, "chdir");
  ::execve(state->executable, state->argv, state->env);
  Fail(state, "exec");
}

struct Unmap {
  void operator()(char* stack) const { ::munmap(stack, kBytes); }
  static constexpr std::size_t kBytes = 64 * 1024;
};

char* StackTop() {
  static const std::unique_ptr<char, Unmap> stack = [] {
    void* memory = ::mmap(nullptr, Unmap::kBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    FFT_CHECK(memory != MAP_FAILED);
    return std::unique_ptr<char, Unmap>(static_cast<char*>(memory));
  }();
  return stack.get() + Unmap::kBytes;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Spawned Spawn(const SpawnPlan& plan) {
  const std::vector<char*> argv = Pointers(plan.argv);
  const std::vector<char*> env = Pointers(plan.env);
  ChildState state{plan.executable.c_str(),
                   argv.data(),
                   env.data(),
                   plan.cwd.c_str(),
                   {plan.stdin_fd, plan.stdout_fd, plan.stderr_fd},
                   ::getpid(),
                   0,
                   ""};
  // No signal may reach the child while it shares our memory.
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::clone(ChildMain, StackTop(), CLONE_VM | CLONE_VFORK | SIGCHLD, &state);
  const int clone_error = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return {-1, clone_error, "clone"};
  if (state.error == 0) return {pid, 0, ""};
  ::waitpid(pid, nullptr, 0);
  return {-1, state.error, state.step};
}

}  // namespace fft
