// The agent's half that speaks with the daemon.
#include <algorithm>

#include <unistd.h>

#include "client/worker/agent.h"
#include "client/worker/outcome.h"
#include "client/worker/times.h"
#include "server/base/clock.h"
#include "server/base/digest.h"
#include "server/base/log.h"

namespace fft {
namespace {

namespace v1 = build::v1;
constexpr std::size_t kFinishedMax = 10'000;
constexpr std::int64_t kGatherMs = 8;
constexpr std::int64_t kQueuedPerSlot = 4;

std::string HostName() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

void Agent::Dial() {
  // A worker whose guardian has not listed its runs does not know yet what it holds.
  if (!has_listing_) return;
  is_stream_open_ = true;
  is_welcome_ = false;
  stream_heard_at_ = BootMillis();
  daemon_->Connect();
  SendHello();
}

void Agent::SendHello() {
  v1::WorkerMessage message;
  v1::WorkerHello* hello = message.mutable_hello();
  hello->set_name(options_.name);
  hello->set_host(HostName());
  hello->set_slots(options_.slots);
  for (const std::string& label : options_.labels) hello->add_labels(label);
  hello->set_protocol(1);
  for (const std::int64_t run : Held()) hello->add_held(run);
  message.set_epoch(epoch_);
  daemon_->Send(std::move(message));
}

std::vector<std::int64_t> Agent::Held() const {
  std::vector<std::int64_t> held = reports_.runs();
  for (const auto& [id, run] : runs_) held.push_back(id);
  std::sort(held.begin(), held.end());
  return held;
}

void Agent::StreamEnded(const Status& status) {
  is_stream_open_ = false;
  is_welcome_ = false;
  // 100 ms, doubled up to 3.2 s, less up to a half that is each worker's own.
  const std::int64_t delay = 100 << std::min(dials_failed_, 5);
  const std::int64_t jitter =
      Sha256(fmt::format("{}/{}", options_.name, dials_failed_)).bytes[0] * delay / 512;
  dial_at_ = BootMillis() + delay - jitter;
  ++dials_failed_;
  const std::string error = Message(status);
  if (error != last_stream_error_) LogWarning("no daemon at {}: {}", options_.daemon, error);
  last_stream_error_ = error;
}

void Agent::Hear(const v1::DaemonMessage& message) {
  if (message.epoch() != 0 && message.epoch() < epoch_) return;
  epoch_ = std::max(epoch_, message.epoch());
  stream_heard_at_ = BootMillis();
  const bool was_silent = leases_.Heard(stream_heard_at_);
  is_orphaned_ = false;
  // Runs are adopted when a stream opens: after a silence in the middle of one, another is needed.
  if (was_silent && is_welcome_) daemon_->Disconnect();
  if (message.has_welcome()) Welcome(message.welcome());
  for (const std::int64_t id : message.adopted()) Adopt(id);
  for (const std::int64_t id : message.kills()) Kill(id);
  // Before what is acknowledged: they may have been granted before that was heard of.
  for (const v1::Grant& grant : message.grants()) Take(grant);
  Acknowledge(message);
}

void Agent::Welcome(const v1::Welcome& welcome) {
  is_welcome_ = true;
  service_ = welcome.service();
  dials_failed_ = 0;
  last_stream_error_.clear();
  const std::int64_t now = BootMillis();
  if (welcome.has_heartbeat_every()) {
    heartbeat_every_ = std::max(ToDuration(welcome.heartbeat_every()), Duration(10));
    heartbeat_at_ = now + heartbeat_every_.count();
  }
  if (welcome.has_lease_length()) leases_.SetLength(ToDuration(welcome.lease_length()), now);
  const Duration orphan_after =
      welcome.has_orphan_after() ? ToDuration(welcome.orphan_after()) : options_.orphan_after;
  if (orphan_after != options_.orphan_after) {
    options_.orphan_after = orphan_after;
    orders_.mutable_greeting()->set_orphan_after_ms(orphan_after.count());
    orders_.mutable_greeting()->set_slots(options_.slots);
  }
  // What was said on an earlier stream may be lost.
  reports_.SendAllAgain();
  for (const auto& [id, run] : runs_) {
    if (run->started_ms > 0) reports_.AddStarted(id, run->started_ms);
  }
  LogInfo("the daemon at {} leads with epoch {}", daemon_->address(), epoch_);
}

void Agent::Take(const v1::Grant& grant) {
  const std::int64_t id = grant.run();
  if (runs_.contains(id) || reports_.Contains(id) || finished_set_.contains(id)) return;
  epoch_ = std::max(epoch_, grant.epoch());
  if (grant.config().runner() == v1::RUNNER_NOOP && !grant.configure()) return AnswerNoop(grant);
  auto& run = *(runs_[id] = std::make_unique<AgentRun>());
  run.grant = std::make_shared<const v1::Grant>(grant);
  run.places = PlacesOf(options_.dir, grant);
  run.slots = std::max(1, grant.limits().slots());
  Enqueue(run);
  journal_->Granted(grant, guardian_instance_);
  leases_.Confirm(id, BootMillis());
}

void Agent::AnswerNoop(const v1::Grant& grant) {
  const std::int64_t now = ToMillis(SystemClock().Now());
  v1::RunReport report = ReportWithoutExit(grant, v1::OUTCOME_SUCCEEDED, "");
  report.set_left_outputs_alone(true);
  *report.mutable_start_time() = ToTimestamp(now);
  *report.mutable_end_time() = ToTimestamp(now);
  for (const std::string& ref : grant.config().outputs()) {
    v1::OutputReport* output = report.add_outputs();
    output->set_ref(ref);
    output->set_rows(-1);
    output->set_size_bytes(-1);
  }
  reports_.Add(std::move(report));
}

void Agent::Kill(std::int64_t id) {
  reports_.SendAgain(id);
  AgentRun* run = Find(id);
  if (run == nullptr || run->is_kill_requested) return;
  run->is_kill_requested = true;
  leases_.Revoke(id);
  if (run->phase == RunPhase::kStarting || run->phase == RunPhase::kRunning) {
    if (run->is_sql())
      Sql().Stop(id);
    else
      orders_.add_kills(id);
  } else if (run->phase == RunPhase::kQueued) {
    End(*run, v1::OUTCOME_CANCELLED, "stopped by the daemon before it started");
  } else if (run->phase == RunPhase::kParked) {
    Parked({std::move(run->ending)});
  }
  // Fetching, finishing and recording look at the request when they are through.
}

void Agent::Adopt(std::int64_t id) {
  AgentRun* run = Find(id);
  if (run == nullptr || run->is_kill_requested || !run->lost.empty()) return;
  leases_.Confirm(id, BootMillis());
  if (run->phase == RunPhase::kQueued) Enqueue(*run);
  if (run->phase != RunPhase::kParked) return;
  run->phase = RunPhase::kRecording;
  endings_.push_back(std::move(run->ending));
}

void Agent::Acknowledge(const v1::DaemonMessage& message) {
  std::vector<std::int64_t> removable;
  for (const std::int64_t id : message.acknowledged()) {
    if (!reports_.Acknowledge(id)) continue;
    std::erase_if(failed_, [&](const auto& item) { return item.second == id; });
    if (finished_set_.insert(id).second) finished_.push_back(id);
    const auto it = leftovers_.find(id);
    if (it == leftovers_.end()) continue;  // a noop run leaves nothing
    it->second.is_acknowledged = true;
    if (it->second.is_log_delivered) removable.push_back(id);
  }
  while (finished_.size() > kFinishedMax) {
    finished_set_.erase(finished_.front());
    finished_.pop_front();
  }
  if (!removable.empty()) Clean(std::move(removable));
}

void Agent::Clean(std::vector<std::int64_t> ids) {
  std::vector<std::pair<std::int64_t, RunPlaces>> places;
  for (const std::int64_t id : ids) {
    const auto it = leftovers_.find(id);
    places.emplace_back(id, std::move(it->second.places));
    leftovers_.erase(it);
  }
  pool_->Post([this, places = std::move(places)] {
    for (const auto& [id, place] : places) {
      if (const Status s = folders_.Remove(place); !s.ok()) LogWarning("{}", Message(s));
      // Last: a successor would clean again.
      journal_->Forgotten(id);
    }
  });
}

// While enough runs wait for a slot, nobody waits for what we have to say: what gathers in a few
// milliseconds is one synchronisation of the journal, one message, one turn of the daemon and one
// commit.
std::int64_t Agent::Gathered(std::int64_t since_ms, bool waits_for_turns) const {
  const auto waits = [&](std::int64_t id) {
    const auto run = runs_.find(id);
    return run != runs_.end() && run->second->grant->group_max() == 0;
  };
  const auto enough = static_cast<std::int64_t>(kQueuedPerSlot) * options_.slots;
  auto queued = static_cast<std::int64_t>(queue_.size());
  if (waits_for_turns && queued >= enough)  // those wait for what is held back here
    queued = std::count_if(queue_.begin(), queue_.end(), waits);
  return queued < enough ? 0 : since_ms + kGatherMs;
}

void Agent::HandOver() {
  const std::int64_t now = BootMillis();
  if (endings_.empty() || now < Gathered(handed_over_at_, true)) return;
  handed_over_at_ = now;
  recorder_->Add(std::exchange(endings_, {}));
}

void Agent::SendNews() {
  if (!is_welcome_ || (!is_heartbeat_due_ && !reports_.HasNews())) return;
  const std::int64_t now = BootMillis();
  if (!is_heartbeat_due_ && now < Gathered(news_sent_at_, false)) return;
  // Filled only when it can go: Send() refuses while a message is under way, and says so itself.
  if (!daemon_->CanSend()) return;
  v1::WorkerMessage message;
  message.set_epoch(epoch_);
  if (is_heartbeat_due_) {
    message.set_heartbeat(true);
    for (const std::int64_t run : Held()) message.add_held(run);
    is_heartbeat_due_ = false;
  }
  reports_.Fill(now, &message);
  if (daemon_->Send(std::move(message))) news_sent_at_ = now;
}

void Agent::Orphan() {
  is_orphaned_ = true;
  if (runs_.empty()) return;
  const std::string why =
      fmt::format("the worker heard no daemon for {} s", options_.orphan_after.count() / 1000);
  LogWarning("{}: {} runs are killed", why, runs_.size());
  std::vector<std::int64_t> ids;
  for (const auto& [id, run] : runs_) ids.push_back(id);
  for (const std::int64_t id : ids) {
    AgentRun* run = Find(id);
    if (run->lost.empty()) run->lost = why;
    Kill(id);
  }
}

}  // namespace fft
