#pragma once

#include "server/base/time.h"
#include "server/daemon/descriptor.h"

namespace fft {

/// SIGTERM, SIGINT and SIGHUP as something to wait for.  To be made before any thread, so that all
/// block them.  Ignores SIGPIPE, which libpq and gRPC may raise.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Waits for a signal; 0 after `wait` (negative: for ever).
  int Wait(Duration wait) const;
  /// From now on a signal ends the process at once: what was acknowledged is in the database.
  void EndAtOnce() const;

 private:
  Descriptor descriptor_;
};

/// Raises the soft limit of open files to the hard one.
void RaiseFileLimit();

}  // namespace fft
