#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <sys/resource.h>
#include <sys/types.h>

#include "client/worker/fd.h"
#include "client/worker/records.pb.h"
#include "client/worker/run_output.h"
#include "server/base/time.h"

namespace fft {

/// One execution under the guardian's eyes: from exec until nothing of it is left.  Owned by the
/// guardian's one thread.  Its process group is only signalled while the leader has not been
/// reaped, so that the number can't be another's.
class GuardedRun {
 public:
  GuardedRun(worker::Start start, TimePoint now);

  /// Executes it.  False: it could not be, and exit() says why.
  bool Launch(int stdin_fd, TimePoint now);

  /// Reads what is in a pipe; closes it at its end.
  enum class Stream { kStdout, kStderr };
  void Read(Stream stream);

  /// SIGTERM now and SIGKILL when kill_after_ms have passed.  The first reason counts.
  void Stop(worker::Stopped why, TimePoint now);
  void StopAtOnce(worker::Stopped why, TimePoint now);
  /// Applies limits; to be called at due() or later.
  void Tick(TimePoint now);

  /// The leader has ended and is still a zombie: what is left of its group is killed.
  void LeaderEnded();
  /// ... and was reaped.
  void LeaderReaped(int status, const rusage& usage, TimePoint now);
  /// Nothing of the run is left: closes its files and completes exit().
  void Finish();

  const worker::Start& start() const { return start_; }
  const worker::Exit& exit() const { return exit_; }
  const std::string& marker() const { return marker_; }
  pid_t pid() const { return pid_; }
  bool is_leader_gone() const { return is_leader_gone_; }
  /// When Tick() has something to do; the far future when never.
  TimePoint due() const { return due_; }
  int fd(Stream stream) const { return (stream == Stream::kStdout ? out_ : err_).get(); }

 private:
  void Signal(int signal);

  const worker::Start start_;
  const std::string marker_;
  worker::Exit exit_;
  RunOutput output_;
  Fd out_, err_;
  pid_t pid_ = -1;
  bool is_leader_gone_ = false;
  bool is_stopping_ = false;
  TimePoint due_ = TimePoint::max();
};

}  // namespace fft
