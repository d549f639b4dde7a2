#include "server/app/loop_thread.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/app/read_pool.h"
#include "server/base/error_details.h"
#include "server/base/log.h"

namespace fft {

namespace {

std::int64_t RowsOf(const ChangeSet& c) {
  return static_cast<std::int64_t>(
      c.namespaces.size() + c.partitions.size() + c.partition_updates.size() + c.builds.size() +
      c.nodes.size() + c.node_updates.size() + c.attachments.size() + c.withdrawals.size() +
      c.hits.size() + c.leases.size() + c.lease_starts.size() + c.ended_leases.size() +
      c.runs.size() + c.configure_answers.size() + c.workers.size() + c.durations.size() +
      c.events.size());
}

}  // namespace

bool IsAnotherLeader(const Status& status) {
  return status.code() == Code::kFailedPrecondition && DetailsOf(status).reason == "ANOTHER_LEADER";
}

LoopThread::LoopThread(Loop& loop, Inbox& inbox, Store& store, Clock& clock, Outlets& outlets,
                       Observer& observer, LoopThreadOptions options)
    : loop_(loop),
      inbox_(inbox),
      store_(store),
      clock_(clock),
      outlets_(outlets),
      observer_(observer),
      options_(std::move(options)),
      retry_wait_(options_.retry_first),
      status_(Error(Code::kUnavailable, "the daemon is starting")) {
  committer_ = std::jthread([this](const std::stop_token& stop) { RunCommitter(stop); });
  thread_ = std::jthread([this](const std::stop_token& stop) { RunLoop(stop); });
}

LoopThread::~LoopThread() {
  inbox_.Close();
  thread_.request_stop();
  thread_.join();
  committer_.request_stop();
  committer_.join();
}

Status LoopThread::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void LoopThread::SetStatus(Status status) {
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

void LoopThread::RunLoop(const std::stop_token& stop) {
  NameThread("loop");
  while (!stop.stop_requested()) {
    if (!loop_.is_loaded()) TryReload();
    std::vector<Command> commands = inbox_.TakeAll(options_.tick);
    bool has_failed = false;
    {
      const std::lock_guard lock(mutex_);
      has_failed = has_failed_;
    }
    if (has_failed && loop_.is_loaded()) {
      loop_.Forget();
      observer_.Leading(false);
    }
    if (!loop_.is_loaded()) {  // nothing is taken that might be lost: who waits may ask again
      outlets_.Failed(status());
      continue;
    }
    Turn(std::move(commands));
  }
}

void LoopThread::TryReload() {
  const TimePoint now = clock_.Now();
  {
    const std::lock_guard lock(mutex_);
    if (now < retry_at_ || is_committing_) return;
  }
  Status loaded = loop_.Reload(options_.holder, now);
  if (IsAnotherLeader(loaded)) return StandBy(loaded, now);
  if (loaded.ok()) loaded = outlets_.Learn();
  if (!loaded.ok()) {
    loop_.Forget();
    LogWarning("cannot load: {}; again in {} ms", Message(loaded), retry_wait_.count());
    SetStatus(loaded);
    retry_at_ = now + retry_wait_;
    retry_wait_ = std::min(options_.retry_max, retry_wait_ * 2);
    return;
  }
  retry_wait_ = options_.retry_first;
  is_standby_ = false;
  beat_at_ = now + options_.beat_every;
  {
    const std::lock_guard lock(mutex_);
    has_failed_ = false;
    status_ = Ok();
  }
  observer_.Leading(true);
  LogInfo("leading under epoch {}", loop_.epoch().value);
  outlets_.Loaded(loop_.epoch(), loop_.loaded_event());
}

// Who asks for more than reading is told where to go.
void LoopThread::StandBy(const Status& why, TimePoint now) {
  if (!std::exchange(is_standby_, true)) LogInfo("standing by: {}", Message(why));
  ErrorDetails details = DetailsOf(why);
  details.reason = "NOT_LEADING";
  SetStatus(WithDetails(Error(Code::kUnavailable, "this daemon stands by: {}", Message(why)),
                        std::move(details)));
  retry_at_ = now + options_.standby_every;
  retry_wait_ = options_.retry_first;
  outlets_.StandBy();
}

void LoopThread::Turn(std::vector<Command> commands) {
  const TimePoint now = clock_.Now();
  if (now >= ticked_at_ + options_.tick) {
    ticked_at_ = now;
    commands.emplace_back(Ticked{});  // last, so that what came late still counts
  }
  loop_.Step(commands, now);
  {
    const std::lock_guard lock(mutex_);
    if (has_failed_) return;     // what was stepped rests on rows that do not exist
    if (is_committing_) return;  // the next batch goes on filling; the committer nudges
  }
  Effects effects = loop_.Settle(now);
  const bool is_beat = effects.changes.empty() && now >= beat_at_;
  if (effects.empty() && !is_beat) return;
  if (!effects.changes.empty() || is_beat) beat_at_ = now + options_.beat_every;
  {
    const std::lock_guard lock(mutex_);
    is_committing_ = true;
    is_handed_beat_ = is_beat;
    handed_batch_ = std::move(effects);
  }
  handed_.notify_one();
}

void LoopThread::RunCommitter(const std::stop_token& stop) {
  NameThread("committer");
  while (true) {
    Effects batch;
    bool is_beat = false;
    {
      std::unique_lock lock(mutex_);
      if (!handed_.wait(lock, stop, [&] { return handed_batch_.has_value(); })) return;
      batch = std::move(*handed_batch_);
      handed_batch_.reset();
      is_beat = is_handed_beat_;
    }
    Commit(std::move(batch), is_beat);
    inbox_.Nudge();
  }
}

void LoopThread::Commit(Effects effects, bool is_beat) {
  const auto begin = std::chrono::steady_clock::now();
  const Status committed =
      effects.changes.empty() && !is_beat ? Ok() : store_.Commit(loop_.epoch(), effects.changes);
  if (!committed.ok()) {
    LogWarning("commit failed: {}", Message(committed));
    observer_.CommitFailed();
    const Status why =
        Error(Code::kUnavailable, "the database does not take our writes: {}", Message(committed));
    {
      const std::lock_guard lock(mutex_);
      has_failed_ = true;
      status_ = why;
    }
    outlets_.Failed(why);
    const std::lock_guard lock(mutex_);
    is_committing_ = false;  // only now: who asks after the reload must not be told of this failure
    return;
  }
  if (!effects.changes.empty())
    observer_.Committed(RowsOf(effects.changes),
                        std::chrono::duration_cast<std::chrono::microseconds>(
                            std::chrono::steady_clock::now() - begin));
  {
    const std::lock_guard lock(mutex_);
    is_committing_ = false;
  }
  inbox_.Nudge();  // the next batch is settled while this one's effects leave
  outlets_.Committed(std::move(effects));
}

}  // namespace fft
