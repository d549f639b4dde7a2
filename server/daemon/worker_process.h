#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "server/base/status.h"
#include "server/base/time.h"
#include "server/daemon/keeper.h"

namespace fft {

/// The worker of `fftd dev`: an agent that is always there.
///
/// An agent outlives a killed daemon and finds its successor by itself; the successor then adopts
/// it, or replaces it when it would start another one (another binary, other arguments).  `folder`
/// remembers which process it is.  A thread of its own starts the agent again whenever it ends.
class WorkerProcess {
 public:
  struct Options {
    std::string program;                 // fft-worker
    std::vector<std::string> arguments;  // after its name
    std::string folder;                  // exists; gets `agent.pid` and `agent.log`
  };
  static StatusOr<std::unique_ptr<WorkerProcess>> Start(Options options);
  /// Leaves the agent running.
  ~WorkerProcess() = default;

  pid_t pid() const { return keeper_->pid(); }
  int revivals() const { return keeper_->revivals(); }
  bool is_adopted() const { return is_adopted_; }

  /// SIGTERM; SIGKILL when it is still there after `limit`.  Its runs go on under their guardian.
  void Stop(Duration limit);

 private:
  WorkerProcess() = default;

  bool is_adopted_ = false;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace fft
