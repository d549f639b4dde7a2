// A run's way through the agent.
#include <algorithm>
#include <unordered_set>

#include <unistd.h>

#include "client/worker/agent.h"
#include "client/worker/configure.h"
#include "client/worker/outcome.h"
#include "client/worker/outputs.h"
#include "client/worker/prepare.h"
#include "client/worker/rows_program.h"
#include "client/worker/times.h"
#include "server/base/clock.h"
#include "server/base/log.h"

namespace fft {
namespace {

namespace v1 = build::v1;
constexpr int kSqlThreadsMax = 256;

/// What a status of preparing or of looking at outputs means for the run.
v1::Outcome OutcomeOf(const Status& status, v1::Outcome when_jobs) {
  return status.code() == Code::kInvalidArgument ? when_jobs : v1::OUTCOME_INFRASTRUCTURE;
}

WantedTree FilesOf(const v1::Grant& grant) {
  WantedTree tree;
  tree.files.reserve(static_cast<std::size_t>(grant.config().files_size()));
  for (const v1::FrozenFile& file : grant.config().files()) {
    tree.files.push_back(
        {file.path(), DigestFromBytes(file.digest()).value_or(Digest{}), file.executable()});
  }
  tree.context = DigestFromBytes(grant.context()).value_or(Digest{});
  return tree;
}

bool IsWriting(const RunPlaces& places) {
  return ::access((places.scratch + "/" + kWritingMark).c_str(), F_OK) == 0;
}

/// What a run that exited with 0 is to report.  On a pool thread.
Ending LookAt(const v1::Grant& grant, const RunPlaces& places, v1::RunReport report) {
  Ending ending;
  ending.report = std::move(report);
  ending.root = places.root;
  if (grant.configure()) {
    JudgeConfigure(places, &ending.report);
    return ending;
  }
  auto found = FindOutputs(grant, places);
  if (!found.ok()) {
    ending.report.set_outcome(OutcomeOf(found.status(), v1::OUTCOME_BAD_OUTPUT));
    ending.report.set_message(Message(found.status()));
    return ending;
  }
  for (v1::OutputReport& output : found->reports) *ending.report.add_outputs() = std::move(output);
  ending.report.set_metadata(found->metadata);
  ending.staged = std::move(found->staged);
  return ending;
}

}  // namespace

AgentRun* Agent::Find(std::int64_t id) {
  const auto it = runs_.find(id);
  return it == runs_.end() ? nullptr : it->second.get();
}

void Agent::SetPhase(AgentRun& run, RunPhase phase) {
  const bool held = run.holds_slots();
  run.phase = phase;
  if (held == run.holds_slots()) return;
  const int sign = held ? -1 : 1;
  (run.grant->configure() ? configures_running_ : slots_used_) +=
      sign * (run.grant->configure() ? 1 : run.slots);
}

bool Agent::HasSlotsFor(const AgentRun& run) const {
  // Analysing waits for configure runs: one may always run, whatever the jobs do.
  if (run.grant->configure()) {
    return configures_running_ == 0 || slots_used_ + configures_running_ < options_.slots;
  }
  // As many again wait at the guardian, prepared: it starts them the moment that slots are free.
  // SQL starts at once.
  const int most = run.is_sql() ? options_.slots : 2 * options_.slots;
  return slots_used_ == 0 || slots_used_ + run.slots <= most;
}

void Agent::StartWhatMay() {
  if (!has_listing_) return;
  StartFrom(&configures_);
  StartFrom(&queue_);
}

void Agent::StartFrom(std::deque<std::int64_t>* queue) {
  const std::int64_t now = BootMillis();
  std::unordered_set<std::int64_t> full;  // groups: as many of them run as may
  for (auto next = queue->begin(); next != queue->end();) {
    AgentRun* run = Find(*next);
    // Without its lease it comes back when it is adopted.
    const bool may_start =
        run != nullptr && run->phase == RunPhase::kQueued && leases_.Holds(run->id(), now);
    const bool has_limit = may_start && run->grant->group_max() > 0;
    if (has_limit && (full.contains(run->grant->group()) || !IsItsTurn(*run))) {
      full.insert(run->grant->group());
      ++next;
      continue;
    }
    // In the order of grants: a wide run is not overtaken for ever by narrow ones.
    if (may_start && !HasSlotsFor(*run)) return;
    next = queue->erase(next);
    if (may_start) StartRun(*run);
  }
}

// Until the one before is recorded, well: what follows a failure is the daemon's to say.
bool Agent::IsItsTurn(const AgentRun& run) const {
  const v1::Grant& grant = *run.grant;
  return std::count_if(runs_.begin(), runs_.end(), [&](const auto& item) {
           return item.second->grant->group() == grant.group() &&
                  item.second->phase != RunPhase::kQueued;
         }) < grant.group_max();
}

// Of all groups: 0.
void Agent::ReturnTurns(std::int64_t group, std::int64_t taken_before_ms) {
  for (const std::int64_t id : queue_) {
    AgentRun* run = Find(id);
    if (run != nullptr && run->phase == RunPhase::kQueued && run->grant->group_max() > 0 &&
        (group == 0 || run->grant->group() == group) && run->taken_ms <= taken_before_ms)
      End(*run, v1::OUTCOME_RETURNED, "");
  }
}

void Agent::Enqueue(AgentRun& run) {
  SetPhase(run, RunPhase::kQueued);
  (run.grant->configure() ? configures_ : queue_).push_back(run.id());
  if (run.taken_ms == 0) run.taken_ms = BootMillis();
  // It was on its way when one of its build failed here.
  if (run.grant->group_max() > 0 && failed_.contains(run.grant->group()))
    End(run, v1::OUTCOME_RETURNED, "");
}

void Agent::StartRun(AgentRun& run) {
  SetPhase(run, RunPhase::kFetching);
  if (run.is_sql()) {
    SetPhase(run, RunPhase::kStarting);
    return Sql().Start(run.grant, service_);
  }
  if (!run.places.staging.empty()) {
    const Status paths = CheckOutputPaths(*run.grant);
    if (!paths.ok()) return End(run, v1::OUTCOME_FAILED, Message(paths));
  }
  run.files = blobs_->FindTree(FilesOf(*run.grant));
  if (!run.files.empty()) return Execute(run);
  pool_->Post([this, id = run.id(), grant = run.grant] {
    auto folder = blobs_->MakeTree(FilesOf(*grant));
    mailbox_.Post([this, id, folder] { FilesReady(id, folder); });
  });
}

void Agent::FilesReady(std::int64_t id, const StatusOr<std::string>& folder) {
  AgentRun* run = Find(id);
  if (run == nullptr || run->phase != RunPhase::kFetching) return;
  if (run->is_kill_requested) {
    return End(*run, v1::OUTCOME_CANCELLED, "stopped by the daemon before it started");
  }
  if (!folder.ok()) {
    return End(*run, OutcomeOf(folder.status(), v1::OUTCOME_FAILED), Message(folder.status()));
  }
  run->files = *folder;
  Execute(*run);
}

void Agent::Execute(AgentRun& run) {
  auto start = PrepareRun(folders_, *run.grant, run.places, run.files, run.turn, service_);
  if (!start.ok()) {
    return End(run, OutcomeOf(start.status(), v1::OUTCOME_FAILED), Message(start.status()));
  }
  run.guardian = guardian_instance_;
  SetPhase(run, RunPhase::kStarting);
  if (run.turn == 0) logs_->Watch(run.id(), run.places.folder + "/log");
  *orders_.add_starts() = *std::move(start);
}

// Made when it is needed: most workers never see SQL.
SqlLane& Agent::Sql() {
  if (sql_ == nullptr)
    sql_ = std::make_unique<SqlLane>(
        std::min(options_.slots, kSqlThreadsMax), *blobs_,
        SqlLane::Listener{[this](std::int64_t run, std::int64_t at_ms) {
                            mailbox_.Post([this, run, at_ms] { SqlStarted(run, at_ms); });
                          },
                          [this](v1::RunReport report) {
                            mailbox_.Post([this, r = std::move(report)]() mutable {
                              SqlEnded(std::move(r));
                            });
                          }});
  return *sql_;
}

void Agent::SqlStarted(std::int64_t id, std::int64_t at_ms) {
  AgentRun* run = Find(id);
  if (run == nullptr || run->phase != RunPhase::kStarting) return;
  run->started_ms = at_ms;
  SetPhase(*run, RunPhase::kRunning);
  reports_.AddStarted(id, at_ms);
}

void Agent::SqlEnded(v1::RunReport report) {
  AgentRun* run = Find(report.run());
  if (run == nullptr || run->phase > RunPhase::kRunning) return;
  if (!run->lost.empty() && report.outcome() == v1::OUTCOME_CANCELLED) {
    report.set_outcome(v1::OUTCOME_INFRASTRUCTURE);
    report.set_message(run->lost);
  }
  SetPhase(*run, RunPhase::kRecording);
  // What it did is durable in the warehouse, where another attempt finds it: nothing to sync here.
  Recorded({std::move(report)});
}

void Agent::Finish(AgentRun& run, const worker::Exit& exit) {
  if (run.started_ms == 0 && exit.spawn_errno() == 0) run.started_ms = exit.started_ms();
  // The log tells why, where the exit code does not.
  const bool is_telling = exit.log_bytes() > 0 && (exit.exit_code() != 0 || exit.signal() != 0);
  v1::RunReport report = JudgeExit(
      exit, *run.grant, is_telling ? LastLineOf(run.places.folder + "/log") : std::string());
  *report.mutable_start_time() = ToTimestamp(run.started_ms);
  if (run.is_rows()) report.set_left_outputs_alone(!IsWriting(run.places));
  if (report.outcome() == v1::OUTCOME_INFRASTRUCTURE && exit.spawn_errno() == ENOENT) {
    pool_->Post([this, folder = run.files] { blobs_->DropTree(folder); });
  }
  if (report.outcome() == v1::OUTCOME_SUCCEEDED && run.is_kill_requested) {
    report.set_outcome(v1::OUTCOME_CANCELLED);
    report.set_message("stopped by the daemon");
  }
  if (report.outcome() != v1::OUTCOME_SUCCEEDED) {
    Ending ending;
    ending.report = std::move(report);
    return Record(run, std::move(ending));
  }
  if (run.grant->configure() && run.turn == 0) {
    run.turn = 1;
    return StartRun(run);
  }
  SetPhase(run, RunPhase::kFinishing);
  pool_->Post([this, id = run.id(), grant = run.grant, places = run.places, report]() mutable {
    Ending ending = LookAt(*grant, places, std::move(report));
    mailbox_.Post([this, id, ending = std::move(ending)]() mutable {
      if (AgentRun* found = Find(id); found != nullptr) Record(*found, std::move(ending));
    });
  });
}

void Agent::End(AgentRun& run, v1::Outcome outcome, const std::string& message) {
  Ending ending;
  ending.report = ReportWithoutExit(*run.grant, outcome, message);
  if (run.phase < RunPhase::kStarting || outcome == v1::OUTCOME_RETURNED)
    ending.report.set_left_outputs_alone(true);
  const std::int64_t now = ToMillis(SystemClock().Now());
  *ending.report.mutable_start_time() = ToTimestamp(run.started_ms > 0 ? run.started_ms : now);
  *ending.report.mutable_end_time() = ToTimestamp(now);
  Record(run, std::move(ending));
}

void Agent::Record(AgentRun& run, Ending ending) {
  SetPhase(run, RunPhase::kRecording);
  if (!run.lost.empty() && ending.report.outcome() == v1::OUTCOME_CANCELLED) {
    ending.report.set_outcome(v1::OUTCOME_INFRASTRUCTURE);
    ending.report.set_message(run.lost);
  }
  endings_.push_back(std::move(ending));
}

void Agent::Parked(std::vector<Ending> endings) {
  for (Ending& ending : endings) {
    AgentRun* run = Find(ending.report.run());
    if (run == nullptr) continue;
    if (run->is_kill_requested) {
      ending.report.set_outcome(v1::OUTCOME_CANCELLED);
      ending.report.set_message("stopped by the daemon before its outputs were moved");
      ending.report.clear_outputs();
      ending.staged.clear();
      Record(*run, std::move(ending));
      continue;
    }
    run->phase = RunPhase::kParked;
    run->ending = std::move(ending);
    // The adoption may have come while the recorder handed it back.
    if (leases_.Holds(run->id(), BootMillis())) Adopt(run->id());
  }
}

bool Agent::NoteFailure(std::int64_t group, const v1::RunReport& report) {
  if (group == 0 || report.outcome() == v1::OUTCOME_SUCCEEDED ||
      report.outcome() == v1::OUTCOME_RETURNED)
    return false;
  failed_[group] = report.run();
  return true;
}

void Agent::Recorded(std::vector<v1::RunReport> reports) {
  for (v1::RunReport& report : reports) {
    const std::int64_t id = report.run();
    AgentRun* run = Find(id);
    const bool has_log = report.log_bytes() > 0 || (run != nullptr && run->started_ms > 0 &&
                                                    report.cpu_ms() < 0 && !run->is_sql());
    if (has_log)
      logs_->Finish(id);
    else
      logs_->Drop(id);
    if (run != nullptr) leftovers_[id] = {std::move(run->places), false, !has_log};
    leases_.Revoke(id);
    const std::int64_t group = run == nullptr ? 0 : run->grant->group();
    runs_.erase(id);
    if (NoteFailure(group, report)) ReturnTurns(group, BootMillis());
    orders_.add_forgets(id);
    reports_.Add(std::move(report));
  }
}

void Agent::LogDelivered(std::int64_t id) {
  const auto it = leftovers_.find(id);
  if (it == leftovers_.end()) return;
  it->second.is_log_delivered = true;
  if (it->second.is_acknowledged) Clean({id});
}

}  // namespace fft
