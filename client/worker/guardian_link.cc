#include "client/worker/guardian_link.h"

#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fmt/core.h>

namespace fft {

Status GuardianLink::Open(Duration orphan_after, int slots) {
  const std::string path = dir_ + "/guardian.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error(Code::kInvalidArgument, "{}: longer than {} bytes, too long for a socket", path,
                 sizeof address.sun_path - 1);
  }
  path.copy(address.sun_path, path.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return ErrnoStatus(Code::kUnavailable, path);
  }
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  socket_ = std::move(fd);
  reader_ = FrameReader();
  to_guardian_.clear();
  worker::Command greeting;
  greeting.mutable_greeting()->set_orphan_after_ms(orphan_after.count());
  greeting.mutable_greeting()->set_slots(slots);
  Send(greeting);
  return Ok();
}

void GuardianLink::Close() { socket_.Close(); }

void GuardianLink::Send(const worker::Command& command) {
  if (!socket_) return;
  AppendFrame(command.SerializeAsString(), &to_guardian_);
  Flush();
}

void GuardianLink::Flush() {
  while (socket_ && !to_guardian_.empty()) {
    const ssize_t n = ::send(socket_.get(), to_guardian_.data(), to_guardian_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // full, or gone: reading tells
    to_guardian_.erase(0, static_cast<std::size_t>(n));
  }
}

bool GuardianLink::Read(std::vector<worker::Notice>* notices) {
  char piece[1 << 16];
  std::string payload;
  while (socket_) {
    const ssize_t n = ::read(socket_.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) break;
    reader_.Add({piece, static_cast<std::size_t>(n)});
    while (reader_.Next(&payload)) notices->emplace_back().ParseFromString(payload);
    if (!reader_.status().ok()) break;
  }
  Close();
  return false;
}

bool HasGuardian(const std::string& dir) {
  const Fd fd(::open((dir + "/guardian.lock").c_str(), O_RDWR | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
}

Status StartGuardian(const std::string& program, const std::string& dir, Duration orphan_after) {
  const std::string seconds = fmt::format("{}", static_cast<double>(orphan_after.count()) / 1000);
  std::vector<std::string> words = {program, "guardian", "--dir", dir, "--orphan-after", seconds};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, program.c_str(), nullptr, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return ErrnoStatus(Code::kUnavailable, program, error);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (status != 0) {
    return Error(Code::kUnavailable, "the guardian did not start: see {}/guardian.log", dir);
  }
  return Ok();
}

}  // namespace fft
