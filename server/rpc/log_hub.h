#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>

#include "server/app/event_log.h"
#include "server/rpc/pump.h"

namespace fft {

/// Tells those who follow the log of a run that there may be more of it: bytes were appended, or
/// the run came to another state.
///
/// However many follow, it is one reader of the event log, and none when nobody does.
/// Safe from any thread; nothing is called with its lock held.
class LogHub final : private EventLog::Reader {
 public:
  class Follower {
   public:
    virtual ~Follower() = default;
    /// Comes once per parking.
    virtual void WakeUp() = 0;
  };

  LogHub(EventLog& events, Pump& pump) : events_(events), pump_(pump) {}
  /// The pump has ended.
  ~LogHub() override;

  void Join(RunId run);
  void Leave(RunId run);
  /// Changes whenever something happens to the run; to be asked between Join() and Leave().
  std::int64_t Version(RunId run) const;
  /// False when the version is another by now: read again.
  bool Park(RunId run, std::int64_t version, Follower& follower);
  /// True when it was parked: it now never wakes.
  bool Unpark(RunId run, Follower& follower);

  void Appended(RunId run);

 private:
  struct Log {
    int followers = 0;
    std::int64_t version = 0;
    std::set<Follower*> parked;
  };
  enum class Scan { kIdle, kParked, kRunning };

  void Wake() override;
  void ScanEvents();
  void Change(const Event& event);
  void ChangeAll();

  EventLog& events_;
  Pump& pump_;
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  std::map<RunId, Log> logs_;
  Scan scan_ = Scan::kIdle;
  EventSeq cursor_;  // of whoever scans
};

}  // namespace fft
