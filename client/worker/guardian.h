#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/worker/exit_records.h"
#include "client/worker/fd.h"
#include "client/worker/frames.h"
#include "client/worker/guarded_run.h"
#include "client/worker/records.pb.h"
#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

struct GuardianOptions {
  std::string dir;
  Duration orphan_after{60'000};
};

/// The parent of all runs of one worker: executes, limits, kills and reaps them, and remembers how
/// they ended until the agent has taken that over.  One thread, one epoll loop, no gRPC.  It is a
/// child subreaper: whatever a run leaves behind becomes its child and is killed before the run
/// counts as ended.  When it dies, its direct children get SIGKILL from the kernel and the agent
/// kills the rest.  Without an agent for orphan_after it kills all and ends.
class Guardian {
 public:
  /// Takes the lock of `dir`, listens on DIR/guardian.sock, becomes subreaper. FAILED_PRECONDITION:
  /// another guardian has the folder.
  static StatusOr<std::unique_ptr<Guardian>> Open(GuardianOptions options);
  ~Guardian();

  /// Returns when it was told to end, or no agent came.
  Status Run();

 private:
  /// What an epoll event is about: in the upper half; a run's id in the lower.
  enum Tag : std::uint64_t { kListen, kAgent, kSignals, kStdout, kStderr };
  static std::uint64_t TagOf(Tag tag, std::uint32_t id = 0) {
    return (static_cast<std::uint64_t>(tag) << 32) | id;
  }

  explicit Guardian(GuardianOptions options) : options_(std::move(options)) {}
  Status Listen();
  Status Prepare();
  void Watch(int fd, std::uint64_t tag);

  void Handle(std::uint64_t tag);
  void Accept();
  void ReadAgent();
  void DropAgent();
  void Obey(const worker::Command& command);
  void Admit(const worker::Start& start);
  void StartWhatFits();
  void StartRun(const worker::Start& start);
  bool KillQueued(std::int64_t run);
  void SendListing();
  void SendNotice();
  void WriteToAgent();

  void ReadSignals();
  void Reap();
  void FinishRuns();
  /// Kills what was left behind; in the result: the runs that still have something left.
  std::set<std::uint32_t> KillLeftovers();
  void Judge(pid_t pid, std::set<std::uint32_t>* lingering);
  void EndRun(std::uint32_t id);
  void CheckMemory();
  void StopAll(worker::Stopped why);
  void Tick();
  int WaitMs() const;
  TimePoint Now() const { return clock_now_; }

  GuardianOptions options_;
  Fd lock_, listen_, epoll_, signals_, null_, agent_;
  std::string instance_;
  FrameReader from_agent_;
  std::string to_agent_;
  worker::Notice notice_;  // gathered until the end of a turn
  std::unique_ptr<ExitRecords> exits_;
  std::map<std::uint32_t, std::unique_ptr<GuardedRun>> runs_;  // alive
  std::map<std::pair<std::int64_t, int>, std::uint32_t> ids_;  // by run and turn
  std::map<pid_t, std::uint32_t> leaders_;
  std::deque<worker::Start> queue_;  // wait for slots, in the order they came
  int slots_ = 0;                    // 0: no limit
  int slots_used_ = 0;
  std::uint32_t last_id_ = 0;
  int leaders_gone_ = 0;                  // of runs_
  std::map<pid_t, TimePoint> strangers_;  // children that don't show whose they are, since when
  TimePoint clock_now_{};
  TimePoint agent_lost_at_{};
  TimePoint memory_due_ = TimePoint::max();
  bool is_writing_watched_ = false;
  bool is_ending_ = false;
  bool is_ending_when_idle_ = false;
};

}  // namespace fft
