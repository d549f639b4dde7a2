#include "server/daemon/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "server/base/check.h"
#include "server/daemon/descriptor.h"

namespace fft {

namespace {

/// The C arguments that a vector of strings stands for.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct SpawnSettings {
  SpawnSettings() {
    FFT_CHECK(posix_spawnattr_init(&attributes) == 0);
    FFT_CHECK(posix_spawn_file_actions_init(&files) == 0);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t files{};
};

/// `output` is where both outputs go; -1: to `program.log`, or to where ours go.
StatusOr<pid_t> SpawnWith(const Program& program, int output) {
  SpawnSettings settings;
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawnattr_setflags(&settings.attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto* const files = &settings.files;
  posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (output >= 0)
    posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
  else if (!program.log.empty())
    posix_spawn_file_actions_addopen(files, STDOUT_FILENO, program.log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0640);
  if (output >= 0 || !program.log.empty())
    posix_spawn_file_actions_adddup2(files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(files, program.folder.c_str());
  pid_t pid = 0;
  const int error =
      posix_spawnp(&pid, program.argv.front().c_str(), files, &settings.attributes,
                   Pointers(program.argv).data(), Pointers(program.environment).data());
  if (error != 0)
    return Error(error == EACCES ? Code::kPermissionDenied : Code::kNotFound, "cannot start {}: {}",
                 program.argv.front(), std::generic_category().message(error));
  return pid;
}

/// A descriptor that is readable once the process ended.  glibc 2.36 declares no C linkage for it.
int OpenProcess(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

std::string ReadProc(pid_t pid, const char* name) {
  std::ifstream file(fmt::format("/proc/{}/{}", pid, name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ReadTail(int file) {
  constexpr off_t kKept = 1 << 14;
  const off_t size = lseek(file, 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::clamp<off_t>(size, 0, kKept)), '\0');
  const ssize_t got = pread(file, text.data(), text.size(), std::max<off_t>(0, size - kKept));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

}  // namespace

std::vector<std::string> EnvironmentWithout(const std::vector<std::string>& dropped) {
  std::vector<std::string> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (text.starts_with("NOTIFY_SOCKET=")) continue;
    if (std::none_of(dropped.begin(), dropped.end(),
                     [&](const std::string& prefix) { return text.starts_with(prefix); }))
      kept.push_back(text);
  }
  return kept;
}

StatusOr<pid_t> Spawn(const Program& program) { return SpawnWith(program, -1); }

StatusOr<ProgramEnd> RunProgram(const Program& program, Duration limit) {
  const Descriptor output(memfd_create("output", MFD_CLOEXEC));
  if (!output) return Error(Code::kResourceExhausted, "no descriptor for {}", program.argv.front());
  const StatusOr<pid_t> pid = SpawnWith(program, output.value());
  if (!pid.ok()) return pid.status();
  const Descriptor handle(OpenProcess(*pid));
  pollfd ended{handle.value(), POLLIN, 0};
  bool is_late = false;
  while (true) {
    const int polled = poll(&ended, 1, static_cast<int>(limit.count()));
    if (polled < 0 && errno == EINTR) continue;
    is_late = polled == 0;
    break;
  }
  if (is_late) kill(*pid, SIGKILL);
  int how = 0;
  while (waitpid(*pid, &how, 0) < 0 && errno == EINTR) {
  }
  if (is_late)
    return Error(Code::kDeadlineExceeded, "{} did not end within {} ms", program.argv.front(),
                 limit.count());
  const int exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
  return ProgramEnd{exit_code, ReadTail(output.value())};
}

bool WaitForEnd(pid_t pid, int wake, Duration wait) {
  const Descriptor handle(OpenProcess(pid));
  if (!handle && errno == ESRCH) return true;
  std::array<pollfd, 2> polled = {pollfd{handle.value(), POLLIN, 0}, pollfd{wake, POLLIN, 0}};
  const int ready = poll(polled.data(), polled.size(), static_cast<int>(wait.count()));
  if (ready <= 0 || polled[0].revents == 0) return false;
  waitpid(pid, nullptr, WNOHANG);
  return true;
}

std::optional<long long> StartTicks(pid_t pid) {
  const std::string stat = ReadProc(pid, "stat");
  const std::size_t after_name = stat.rfind(") ");
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream rest(stat.substr(after_name + 2));
  std::string state;
  rest >> state;
  if (state == "Z" || state == "X") return std::nullopt;
  // proc(5): the state is field 3, the start is field 22.
  std::string field;
  for (int i = 4; i < 22; ++i) rest >> field;
  long long ticks = 0;
  if (!(rest >> ticks)) return std::nullopt;
  return ticks;
}

std::vector<std::string> ArgvOf(pid_t pid) {
  std::istringstream text(ReadProc(pid, "cmdline"));
  std::vector<std::string> argv;
  for (std::string argument; std::getline(text, argument, '\0');) argv.push_back(argument);
  return argv;
}

std::string ProcLink(pid_t pid, const char* name) {
  std::array<char, 4096> target{};
  const ssize_t size =
      readlink(fmt::format("/proc/{}/{}", pid, name).c_str(), target.data(), target.size());
  return {target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace fft
