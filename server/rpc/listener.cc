#include "server/rpc/listener.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>

#include "server/base/check.h"
#include "server/base/log.h"
#include "server/rpc/socket.h"

namespace fft {

namespace {

constexpr int kBacklog = 4'096;  // the kernel cuts it to net.core.somaxconn
constexpr int kPauseMs = 100;    // before a connection is tried again that could not be taken

std::string Why() { return std::strerror(errno); }

StatusOr<int> BindUnix(const std::string& address) {
  sockaddr_un name{};
  if (Status named = UnixName(address, &name); !named.ok()) return named;
  unlink(name.sun_path);  // of a daemon that is gone: CheckAddress() has asked
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) return fd;
  Status why = CannotListen(address, Why());
  if (fd >= 0) close(fd);
  return why;
}

int BindOne(const addrinfo& to) {
  const int fd =
      socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to.ai_protocol);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, to.ai_addr, to.ai_addrlen) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

StatusOr<int> BindNetwork(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return CannotListen(address, "it is neither host:port nor unix:");
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                  address.substr(colon + 1).c_str(), &hints, &found);
  if (failure != 0) return CannotListen(address, gai_strerror(failure));
  int fd = -1;
  for (const addrinfo* one = found; one != nullptr && fd < 0; one = one->ai_next)
    fd = BindOne(*one);
  const std::string why = Why();
  freeaddrinfo(found);
  if (fd < 0) return CannotListen(address, why);
  return fd;
}

int PortOf(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  if (name.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(name).sin_port);
  if (name.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(name).sin6_port);
  return 0;
}

}  // namespace

StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address) {
  const auto fd = IsUnixAddress(address) ? BindUnix(address) : BindNetwork(address);
  if (!fd.ok()) return fd.status();
  if (listen(*fd, kBacklog) != 0) {
    Status why = CannotListen(address, Why());
    close(*fd);
    return why;
  }
  return std::unique_ptr<Listener>(new Listener(address, *fd, PortOf(*fd)));
}

Listener::Listener(std::string address, int fd, int port)
    : address_(std::move(address)),
      fd_(fd),
      stop_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      port_(port) {
  FFT_CHECK(stop_fd_ >= 0);
}

Listener::~Listener() {
  Stop();
  close(fd_);
  close(stop_fd_);
  sockaddr_un name{};
  if (IsUnixAddress(address_) && UnixName(address_, &name).ok()) unlink(name.sun_path);
}

void Listener::Accept(std::function<void(int)> take) {
  take_ = std::move(take);
  thread_ = std::jthread([this] { Run(); });
}

void Listener::Stop() {
  const std::uint64_t one = 1;
  (void)!write(stop_fd_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

/// False when it is to end.
bool Listener::Wait(int fd, int timeout_ms) const {
  pollfd fds[2] = {{stop_fd_, POLLIN, 0}, {fd, POLLIN, 0}};
  poll(fds, fd < 0 ? 1 : 2, timeout_ms);
  return (fds[0].revents & POLLIN) == 0;
}

void Listener::Run() {
  pthread_setname_np(pthread_self(), "accept");
  bool is_short = false;
  while (Wait(fd_, -1)) {
    const int taken = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (taken >= 0) {
      is_short = false;
      const int on = 1;
      if (port_ != 0) setsockopt(taken, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      take_(taken);
      continue;
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
    if (!std::exchange(is_short, true))
      LogError("cannot take a connection at {}: {}; it waits", address_, Why());
    if (!Wait(-1, kPauseMs)) return;
  }
}

}  // namespace fft
