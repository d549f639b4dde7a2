#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "server/base/status.h"

namespace fft {

/// A listening socket and the thread `accept` that takes connections from it.
///
/// It is ours and not gRPC's because gRPC's closes for good at the first connection for which there
/// is no file descriptor.  This one leaves connections with the kernel until there is one.
class Listener {
 public:
  /// Bound and listening; `unix:/path` or `host:port`.  FAILED_PRECONDITION names the address.
  static StatusOr<std::unique_ptr<Listener>> Open(const std::string& address);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Hands every connection to `take`, which owns the descriptor, from a thread of its own.  Once.
  void Accept(std::function<void(int fd)> take);
  /// Takes no more; returns when the thread has ended.
  void Stop();
  /// 0 of a unix socket.
  int port() const { return port_; }

 private:
  Listener(std::string address, int fd, int port);
  void Run();
  bool Wait(int fd, int timeout_ms) const;

  const std::string address_;
  const int fd_;
  const int stop_fd_;
  const int port_;
  std::function<void(int)> take_;
  std::jthread thread_;
};

}  // namespace fft
