#include "client/worker/agent.h"

#include <algorithm>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include "client/worker/outcome.h"
#include "server/base/log.h"

namespace fft {
namespace {

namespace v1 = build::v1;
constexpr int kPoolThreads = 3;
constexpr int kTurnMs = 100;  // the longest wait: times are looked at once a turn
constexpr std::int64_t kAheadWaitMaxMs = 1'000;  // of who was granted ahead
constexpr std::int64_t kResendMs = 5'000;

}  // namespace

Agent::Agent(AgentOptions options) : options_(std::move(options)), folders_(options_.dir) {}

Agent::~Agent() = default;

StatusOr<std::unique_ptr<Agent>> Agent::Open(AgentOptions options) {
  std::unique_ptr<Agent> agent(new Agent(std::move(options)));
  if (const Status s = agent->Recover(); !s.ok()) return s;
  return agent;
}

Status Agent::Recover() {
  const std::string& dir = options_.dir;
  if (const Status s = MakeFolders(dir + "/runs"); !s.ok()) return s;
  const std::string lock = dir + "/agent.lock";
  lock_ = Fd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) return ErrnoStatus(Code::kUnavailable, lock);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error(Code::kFailedPrecondition, "{} is held by another agent", lock);
  }
  if (const Status s = folders_.Open(); !s.ok()) return s;
  std::map<std::int64_t, JournaledRun> journaled;
  bool is_same_boot = true;
  auto journal = Journal::Open(dir + "/journal", &journaled, &is_same_boot);
  if (!journal.ok()) return journal.status();
  journal_ = *std::move(journal);

  leases_.SetLength(Duration(15'000), BootMillis());
  guardian_ = std::make_unique<GuardianLink>(dir);
  daemon_ = std::make_unique<DaemonLink>(
      options_.daemon,
      DaemonLink::Listener{
          [this](v1::DaemonMessage message) {
            mailbox_.Post(
                [this, m = std::make_shared<v1::DaemonMessage>(std::move(message))] { Hear(*m); });
          },
          [this] { mailbox_.Post([] {}); },
          [this](Status status) { mailbox_.Post([this, status] { StreamEnded(status); }); }});
  blobs_ = std::make_unique<BlobCache>(dir, *daemon_);
  if (const Status s = blobs_->Sweep(); !s.ok()) return s;
  logs_ = std::make_unique<LogPusher>(
      [this](std::int64_t run, std::int64_t offset, const std::string& bytes) {
        return daemon_->PushLog(run, offset, bytes);
      },
      [this](std::int64_t run) { mailbox_.Post([this, run] { LogDelivered(run); }); });
  recorder_ = std::make_unique<Recorder>(
      *journal_, leases_,
      Recorder::Listener{
          [this](std::vector<v1::RunReport> reports) {
            mailbox_.Post([this, r = std::move(reports)]() mutable { Recorded(std::move(r)); });
          },
          [this](std::vector<Ending> endings) {
            mailbox_.Post([this, e = std::move(endings)]() mutable { Parked(std::move(e)); });
          }});
  pool_ = std::make_unique<WorkPool>(kPoolThreads, "work");
  for (const auto& [id, run] : journaled) Restore(id, run, is_same_boot);
  return Ok();
}

void Agent::Restore(std::int64_t id, const JournaledRun& journaled, bool is_same_boot) {
  epoch_ = std::max(epoch_, journaled.grant.epoch());
  const RunPlaces places = PlacesOf(options_.dir, journaled.grant);
  if (journaled.ended) {
    reports_.Add(*journaled.ended);
    (void)NoteFailure(journaled.grant.group(), *journaled.ended);
    leftovers_[id] = {places, false, false};
    logs_->Watch(id, places.folder + "/log");
    return logs_->Finish(id);
  }
  auto& run = *(runs_[id] = std::make_unique<AgentRun>());
  run.grant = std::make_shared<const v1::Grant>(journaled.grant);
  run.places = places;
  run.slots = std::max(1, run.grant->limits().slots());
  run.guardian = journaled.guardian;
  run.lacks_secrets = journaled.lacks_secrets;
  logs_->Watch(id, places.folder + "/log");
  if (!is_same_boot) {
    // Nothing that was not synced is certain: it may have begun to move its outputs.
    Ending ending;
    ending.report = ReportWithoutExit(*run.grant, v1::OUTCOME_INFRASTRUCTURE,
                                      "the worker's machine was restarted");
    ending.report.set_left_outputs_alone(run.grant->configure());
    return Record(run, std::move(ending));
  }
  if (run.is_sql()) {
    // Its session died with the agent before.  What was committed is found by the next attempt.
    Ending ending;
    ending.report = ReportWithoutExit(*run.grant, v1::OUTCOME_INFRASTRUCTURE,
                                      "the agent that ran it was restarted");
    ending.report.set_left_outputs_alone(false);
    return Record(run, std::move(ending));
  }
  if (!journaled.publishing) {
    // The guardian's listing tells where it is.
    SetPhase(run, RunPhase::kStarting);
    return;
  }
  run.phase = RunPhase::kParked;
  run.ending.report = *journaled.publishing;
  run.ending.root = places.root;
  run.ending.is_resumed = true;
  for (const v1::OutputReport& output : run.ending.report.outputs()) {
    if (!output.uri().empty()) continue;
    run.ending.staged.push_back({output.ref(),
                                 places.staging + "/" + output.ref(),
                                 places.root + "/" + output.ref(),
                                 {},
                                 {}});
  }
}

void Agent::Run() {
  LogInfo("worker {} with {} slots, {} runs of before", options_.name, options_.slots,
          runs_.size() + reports_.size());
  while (!is_stopping_) {
    Wait();
    mailbox_.RunAll();
    if (guardian_->is_open()) ReadGuardian();
    Tick();
    StartWhatMay();
    HandOver();
    journal_->Flush();
    if (orders_.ByteSizeLong() > 0) {
      guardian_->Send(orders_);
      orders_.Clear();
    }
    SendNews();
  }
  End();
}

void Agent::Wait() {
  pollfd fds[2] = {{mailbox_.fd(), POLLIN, 0}, {guardian_->fd(), POLLIN, 0}};
  if (guardian_->wants_to_write()) fds[1].events |= POLLOUT;
  std::int64_t due = heartbeat_at_;
  if (is_welcome_ && reports_.HasNews() && daemon_->CanSend())
    due = std::min(due, Gathered(news_sent_at_, false));
  if (!endings_.empty()) due = std::min(due, Gathered(handed_over_at_, true));
  const std::int64_t wait = std::clamp<std::int64_t>(due - BootMillis(), 0, kTurnMs);
  ::poll(fds, guardian_->is_open() ? 2 : 1, static_cast<int>(wait));
  if (guardian_->is_open()) guardian_->Flush();
}

void Agent::Tick() {
  const std::int64_t now = BootMillis();
  if (!guardian_->is_open() && !is_replacing_guardian_ && now >= seek_at_) SeekGuardian();
  if (!is_stream_open_ && now >= dial_at_) Dial();
  // A stream on which nothing comes may be half dead.
  const std::int64_t silence_max = std::max<std::int64_t>(3 * heartbeat_every_.count(), 1'000);
  if (is_stream_open_ && now - stream_heard_at_ > silence_max) {
    stream_heard_at_ = now;
    daemon_->GiveUp();
  }
  if (now >= heartbeat_at_) {
    heartbeat_at_ = now + heartbeat_every_.count();
    is_heartbeat_due_ = true;
  }
  if (now >= resend_at_) {
    resend_at_ = now + 1'000;
    reports_.SendOldAgain(now - kResendMs);
    ReturnTurns(0, now - kAheadWaitMaxMs);
  }
  if (!is_orphaned_ && leases_.SilentFor(now) >= options_.orphan_after) Orphan();
}

void Agent::Stop(bool killed) {
  mailbox_.Post([this, killed] {
    is_stopping_ = true;
    is_killing_ = is_killing_ || killed;
  });
}

void Agent::End() {
  worker::Command last;
  last.set_stop_when_idle(!is_killing_);
  last.set_stop(is_killing_);
  guardian_->Send(last);
  std::vector<worker::Notice> ignored;
  // Killed runs: gone when the guardian is.
  while (is_killing_ && guardian_->is_open() && guardian_->Read(&ignored)) {
    pollfd waits{guardian_->fd(), POLLIN, 0};
    ::poll(&waits, 1, -1);
  }
  daemon_->Stop();
  pool_.reset();
  sql_.reset();
  recorder_.reset();
  logs_.reset();
  daemon_.reset();
  journal_->Flush();
  journal_->Sync();
  LogInfo("worker {} ends, {} runs go on", options_.name, is_killing_ ? 0 : runs_.size());
}

}  // namespace fft
