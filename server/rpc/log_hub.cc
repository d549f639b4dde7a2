#include "server/rpc/log_hub.h"

#include <vector>

namespace fft {

namespace {

constexpr std::size_t kEventsAtOnce = 256;

}  // namespace

LogHub::~LogHub() {
  if (events_.Unpark(*this)) return;
  std::unique_lock lock(mutex_);
  woken_.wait(lock, [&] { return scan_ != Scan::kParked; });
}

void LogHub::Join(RunId run) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    ++logs_[run].followers;
    is_first = scan_ == Scan::kIdle;
    if (is_first) {
      scan_ = Scan::kRunning;
      cursor_ = events_.last();
    }
  }
  if (is_first) pump_.Soon([this] { ScanEvents(); });
}

void LogHub::Leave(RunId run) {
  const std::lock_guard lock(mutex_);
  const auto log = logs_.find(run);
  if (log != logs_.end() && --log->second.followers == 0) logs_.erase(log);
}

std::int64_t LogHub::Version(RunId run) const {
  const std::lock_guard lock(mutex_);
  const auto log = logs_.find(run);
  return log == logs_.end() ? 0 : log->second.version;
}

bool LogHub::Park(RunId run, std::int64_t version, Follower& follower) {
  const std::lock_guard lock(mutex_);
  Log& log = logs_[run];
  if (log.version != version) return false;
  log.parked.insert(&follower);
  return true;
}

bool LogHub::Unpark(RunId run, Follower& follower) {
  const std::lock_guard lock(mutex_);
  const auto log = logs_.find(run);
  return log != logs_.end() && log->second.parked.erase(&follower) == 1;
}

void LogHub::Appended(RunId run) {
  std::set<Follower*> woken;
  {
    const std::lock_guard lock(mutex_);
    const auto log = logs_.find(run);
    if (log == logs_.end()) return;
    ++log->second.version;
    woken.swap(log->second.parked);
  }
  for (Follower* follower : woken) follower->WakeUp();
}

// All of it under the lock: the destructor waits for the end of this.
void LogHub::Wake() {
  const std::lock_guard lock(mutex_);
  scan_ = Scan::kRunning;
  pump_.Soon([this] { ScanEvents(); });
  woken_.notify_all();
}

void LogHub::ScanEvents() {
  std::vector<EventPtr> events;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      scan_ = logs_.empty() ? Scan::kIdle : Scan::kParked;  // it may be parked, and woken, at once
      if (scan_ == Scan::kIdle) return;
    }
    events.clear();
    const auto got = events_.ReadOrPark(cursor_, kEventsAtOnce, &events, *this);
    if (got == EventLog::Got::kParked) return;
    {
      const std::lock_guard lock(mutex_);
      scan_ = Scan::kRunning;
    }
    if (got == EventLog::Got::kBehind) {
      cursor_ = events_.last();
      ChangeAll();
      continue;
    }
    for (const EventPtr& event : events) Change(*event);
    cursor_ = events.back()->seq;
  }
}

void LogHub::Change(const Event& event) {
  std::vector<Follower*> woken;
  {
    const std::lock_guard lock(mutex_);
    for (const NodeChange& change : event.changes) {
      const auto log = logs_.find(change.run);
      if (log == logs_.end()) continue;
      ++log->second.version;
      woken.insert(woken.end(), log->second.parked.begin(), log->second.parked.end());
      log->second.parked.clear();
    }
  }
  for (Follower* follower : woken) follower->WakeUp();
}

void LogHub::ChangeAll() {
  std::vector<Follower*> woken;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [run, log] : logs_) {
      ++log.version;
      woken.insert(woken.end(), log.parked.begin(), log.parked.end());
      log.parked.clear();
    }
  }
  for (Follower* follower : woken) follower->WakeUp();
}

}  // namespace fft
