#include "server/daemon/notify.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>

#include "server/base/log.h"
#include "server/daemon/process.h"

namespace fft {

namespace {

constexpr char kVariable[] = "NOTIFY_SOCKET";
constexpr char kReady[] = "READY=1\nSTATUS=";

struct Address {
  sockaddr_un value{};
  socklen_t size = 0;
};

/// A path, or `@name` in the abstract namespace.
Address AddressOf(const std::string& name) {
  Address address;
  address.value.sun_family = AF_UNIX;
  const std::size_t size = std::min(name.size(), sizeof address.value.sun_path - 1);
  std::memcpy(address.value.sun_path, name.data(), size);
  if (name.starts_with('@')) address.value.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  return address;
}

}  // namespace

void NotifyReady(const std::string& text) {
  const char* const name = std::getenv(kVariable);  // NOLINT(concurrency-mt-unsafe)
  if (name == nullptr || *name == '\0') return;
  const Address address = AddressOf(name);
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string message = kReady + text;
  if (sendto(socket.value(), message.data(), message.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address.value), address.size) < 0)
    LogWarning("cannot tell {} that all is ready: {}", name,
               std::generic_category().message(errno));
}

StatusOr<ReadySignal> ReadySignal::Make() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::string name = fmt::format("@fftd-ready-{}-{}", getpid(), now);
  const Address address = AddressOf(name);
  ReadySignal signal;
  signal.socket_ = Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (bind(signal.socket_.value(), reinterpret_cast<const sockaddr*>(&address.value),
           address.size) != 0)
    return Error(Code::kUnavailable, "cannot make a socket: {}",
                 std::generic_category().message(errno));
  signal.variable_ = fmt::format("{}={}", kVariable, name);
  return signal;
}

StatusOr<std::string> ReadySignal::Await(pid_t pid, Duration limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left = until - std::chrono::steady_clock::now();
    const bool has_ended =
        WaitForEnd(pid, socket_.value(), std::chrono::duration_cast<Duration>(left));
    std::array<char, 4096> message{};
    const ssize_t size = recv(socket_.value(), message.data(), message.size(), 0);
    const std::string text(message.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (text.starts_with(kReady)) return text.substr(sizeof kReady - 1);
    if (has_ended) return Error(Code::kUnavailable, "process {} ended before it was ready", pid);
    if (std::chrono::steady_clock::now() > until)
      return Error(Code::kDeadlineExceeded, "process {} is not ready after {} ms", pid,
                   limit.count());
  }
}

}  // namespace fft
