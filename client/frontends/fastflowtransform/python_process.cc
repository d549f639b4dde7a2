#include "client/frontends/fastflowtransform/python_process.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace fft {

namespace {

std::string Why(int error) { return std::generic_category().message(error); }

/// The environment of this process with PYTHONPATH for the packages in `folder` alone.
std::vector<std::string> EnvironmentFor(const std::string& folder) {
  std::vector<std::string> variables;
  for (char** at = environ; *at != nullptr; ++at)
    if (!std::string_view(*at).starts_with("PYTHON")) variables.emplace_back(*at);
  variables.push_back("PYTHONPATH=" + folder);
  variables.emplace_back("PYTHONIOENCODING=utf-8");
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

StatusOr<PythonProcess> PythonProcess::Start(const std::string& python, const std::string& folder,
                                             const std::string& module) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Error(Code::kUnavailable, "cannot make a socket: {}", Why(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<std::string> arguments = {python, "-B", "-m", module};
  std::vector<std::string> variables = EnvironmentFor(folder);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, python.c_str(), &actions, nullptr,
                                  Pointers(arguments).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed == 0) return PythonProcess(pid, ends[0]);
  close(ends[0]);
  return Error(Code::kFailedPrecondition, "cannot run {}: {}", python, Why(failed));
}

PythonProcess::PythonProcess(PythonProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      socket_(std::exchange(other.socket_, -1)),
      rest_(std::move(other.rest_)) {}

PythonProcess& PythonProcess::operator=(PythonProcess&& other) noexcept {
  End();
  pid_ = std::exchange(other.pid_, -1);
  socket_ = std::exchange(other.socket_, -1);
  rest_ = std::move(other.rest_);
  return *this;
}

PythonProcess::~PythonProcess() { End(); }

void PythonProcess::End() {
  if (pid_ < 0) return;
  close(socket_);
  kill(pid_, SIGKILL);  // it has nothing to lose
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

StatusOr<std::string> PythonProcess::Ask(std::string line) {
  line += '\n';
  for (std::string_view left = line; !left.empty();) {
    const ssize_t sent = send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Error(Code::kUnavailable, "the Python process has ended: {}", Why(errno));
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::vector<char> buffer(1 << 16);
  std::size_t seen = 0;
  while (true) {
    if (const std::size_t end = rest_.find('\n', seen); end != std::string::npos) {
      std::string answer = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return answer;
    }
    seen = rest_.size();
    const ssize_t got = read(socket_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return Error(Code::kUnavailable, "the Python process has ended; above is what it said");
    rest_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace fft
