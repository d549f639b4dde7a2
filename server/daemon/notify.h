#pragma once

#include <string>

#include <sys/types.h>

#include "server/base/status.h"
#include "server/base/time.h"
#include "server/daemon/descriptor.h"

namespace fft {

/// Tells whoever started us, over $NOTIFY_SOCKET as sd_notify(3) describes it, that we serve:
/// systemd, or ReadySignal.  `text` is for people.  Does nothing when nobody asked.
void NotifyReady(const std::string& text);

/// The other end: waits for the NotifyReady() of a process that it is handed to.
class ReadySignal {
 public:
  static StatusOr<ReadySignal> Make();

  /// NOTIFY_SOCKET=..., for the process's environment.
  const std::string& variable() const { return variable_; }
  /// The text of the one who is ready.  UNAVAILABLE when process `pid`, a child of ours, ended
  /// before; DEADLINE_EXCEEDED after `limit`.
  StatusOr<std::string> Await(pid_t pid, Duration limit) const;

 private:
  Descriptor socket_;
  std::string variable_;
};

}  // namespace fft
