#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/app/loop.h"
#include "server/app/observer.h"
#include "server/base/bounded_queue.h"
#include "server/base/time.h"
#include "server/schedule/effects.h"

namespace fft {

using Inbox = BoundedQueue<Command>;

/// What leaves the loop.  Called by the committer's thread unless said otherwise.
class Outlets {
 public:
  virtual ~Outlets() = default;
  /// `effects.changes` are committed: now everything else may leave.
  virtual void Committed(Effects effects) = 0;
  /// Memory is being thrown away: whoever waits for a command is told.  By either thread.
  virtual void Failed(const Status& why) = 0;
  /// Another daemon leads: now and then, until it does not.  By the loop's thread; may block.
  virtual void StandBy() = 0;
  /// Reads what a leader must know beside the schedule; one that can't must not lead.  By the
  /// loop's thread; may block.
  virtual Status Learn() = 0;
  /// Loaded under a new epoch; nothing has left under it.  By the loop's thread.
  virtual void Loaded(Epoch epoch, EventSeq last_event) = 0;
};

struct LoopThreadOptions {
  std::string holder;  // who we are, for others that would lead
  Duration tick{50};
  Duration retry_first{50};  // after a failed load; doubles up to retry_max
  Duration retry_max{2'000};
  Duration standby_every{200};  // between two attempts at a lead that another one has
  Duration beat_every{2'000};   // a leader with nothing to commit commits that
};

/// Of a load that failed: another daemon leads.
bool IsAnotherLeader(const Status& status);

/// Two threads: `loop` steps commands while `committer` writes the batch before.  At most one batch
/// is being committed; all that comes meanwhile makes the next.
class LoopThread {
 public:
  LoopThread(Loop& loop, Inbox& inbox, Store& store, Clock& clock, Outlets& outlets,
             Observer& observer, LoopThreadOptions options);
  ~LoopThread();

  /// Why nothing can be committed just now; OK: all is well.
  Status status() const;

 private:
  void RunLoop(const std::stop_token& stop);
  void RunCommitter(const std::stop_token& stop);
  void TryReload();
  void StandBy(const Status& why, TimePoint now);
  void Turn(std::vector<Command> commands);
  void Commit(Effects effects, bool is_beat);
  void SetStatus(Status status);

  Loop& loop_;
  Inbox& inbox_;
  Store& store_;
  Clock& clock_;
  Outlets& outlets_;
  Observer& observer_;
  const LoopThreadOptions options_;

  TimePoint retry_at_{};     // loop's thread
  Duration retry_wait_;      // loop's thread
  TimePoint beat_at_{};      // loop's thread
  bool is_standby_ = false;  // loop's thread
  TimePoint ticked_at_{};    // loop's thread

  mutable std::mutex mutex_;
  std::condition_variable_any handed_;
  std::optional<Effects> handed_batch_;  // for the committer
  bool is_handed_beat_ = false;
  bool is_committing_ = false;
  bool has_failed_ = false;  // the last commit: the loop must reload
  Status status_;

  std::jthread committer_;
  std::jthread thread_;
};

}  // namespace fft
