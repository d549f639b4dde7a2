// The agent's half that speaks with the guardian.
#include <algorithm>
#include <filesystem>
#include <set>

#include "client/worker/agent.h"
#include "client/worker/processes.h"
#include "server/base/log.h"

namespace fft {
namespace {

constexpr std::int64_t kSeekEveryMs = 200;

}  // namespace

void Agent::SeekGuardian() {
  seek_at_ = BootMillis() + kSeekEveryMs;
  has_listing_ = false;
  const Status opened = guardian_->Open(options_.orphan_after, options_.slots);
  if (opened.ok()) return;
  if (HasGuardian(options_.dir)) return;  // it comes up, or it is about to end
  ReplaceGuardian();
}

void Agent::ReplaceGuardian() {
  // Its direct children died with it; what they left behind is found by its environment.  Only when
  // nothing is left may the runs be called lost.
  std::vector<std::string> markers;
  std::vector<pid_t> leaders;
  for (const auto& [id, run] : runs_) {
    if (run->phase != RunPhase::kStarting && run->phase != RunPhase::kRunning) continue;
    if (run->is_sql()) continue;
    markers.push_back(RunMarker(id, run->grant->epoch()));
    if (run->pid > 0) leaders.push_back(run->pid);
  }
  is_replacing_guardian_ = true;
  pool_->Post([this, markers, leaders, after = options_.orphan_after] {
    const int killed = markers.empty() ? 0 : KillMarked(markers, leaders);
    if (killed > 0) LogWarning("the guardian was gone: {} processes of its runs killed", killed);
    const Status started = StartGuardian(options_.program, options_.dir, after);
    if (!started.ok()) LogError("{}", Message(started));
    mailbox_.Post([this] {
      is_replacing_guardian_ = false;
      SeekGuardian();
    });
  });
}

void Agent::ReadGuardian() {
  std::vector<worker::Notice> notices;
  const bool is_open = guardian_->Read(&notices);
  for (const worker::Notice& notice : notices) TakeNotice(notice);
  if (is_open) return;
  LogWarning("the guardian is gone");
  has_listing_ = false;
  SeekGuardian();
}

void Agent::TakeNotice(const worker::Notice& notice) {
  if (notice.listing()) return TakeListing(notice);
  for (const worker::Started& started : notice.started()) TakeStarted(started);
  for (const worker::Exit& exit : notice.exits()) TakeExit(exit);
}

void Agent::TakeListing(const worker::Notice& notice) {
  std::set<std::pair<std::int64_t, int>> known;  // to the guardian: run and turn
  for (const worker::Started& started : notice.started()) {
    known.insert({started.run(), started.turn()});
    TakeStarted(started);
  }
  // A configure run's first turn ended when its second is there.
  for (const worker::Exit& exit : notice.exits()) {
    known.insert({exit.run(), exit.turn()});
    if (AgentRun* run = Find(exit.run()); run != nullptr)
      run->turn = std::max(run->turn, exit.turn());
  }
  const bool is_same = notice.instance() == guardian_instance_;
  for (const worker::Exit& exit : notice.exits()) TakeExit(exit);
  std::vector<std::int64_t> unknown;
  for (const auto& [id, run] : runs_) {
    const bool is_its = run->phase == RunPhase::kStarting || run->phase == RunPhase::kRunning;
    if (is_its && !run->is_sql() && !known.contains({id, run->turn})) unknown.push_back(id);
  }
  for (const std::int64_t id : unknown) {
    AgentRun& run = *Find(id);
    const bool is_never_started =
        run.phase == RunPhase::kStarting && (is_same || run.guardian == notice.instance());
    if (is_never_started && run.lacks_secrets) {
      End(run, build::v1::OUTCOME_RETURNED, "its secrets went with the agent that held it");
    } else if (is_never_started && !run.is_kill_requested) {
      Enqueue(run);
    } else {
      End(run, build::v1::OUTCOME_INFRASTRUCTURE, "the guardian that ran it was killed");
    }
  }
  guardian_instance_ = notice.instance();
  has_listing_ = true;
  SweepFolders();
}

void Agent::TakeStarted(const worker::Started& started) {
  AgentRun* run = Find(started.run());
  // Of one that is not ours nobody knows any more what it was to do.
  if (run == nullptr) return orders_.add_kills(started.run());
  if (started.turn() < run->turn || run->phase > RunPhase::kRunning) return;
  run->turn = started.turn();
  run->pid = started.pid();
  const bool is_first = run->started_ms == 0;
  if (is_first) run->started_ms = started.at_ms();
  SetPhase(*run, RunPhase::kRunning);
  if (is_first) reports_.AddStarted(started.run(), started.at_ms());
  if (run->is_kill_requested) orders_.add_kills(started.run());
}

void Agent::TakeExit(const worker::Exit& exit) {
  AgentRun* run = Find(exit.run());
  const bool is_over = run == nullptr || run->phase > RunPhase::kRunning;
  if (is_over) {
    // Unless its outcome is being recorded, nobody will ask for the exit again.
    if (run == nullptr) orders_.add_forgets(exit.run());
    return;
  }
  if (exit.turn() < run->turn) return;
  Finish(*run, exit);
}

void Agent::SweepFolders() {
  if (is_swept_) return;
  is_swept_ = true;
  std::set<std::string> kept;
  for (const auto& [id, run] : runs_) kept.insert(std::to_string(id));
  for (const auto& [id, leftover] : leftovers_) kept.insert(std::to_string(id));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(options_.dir + "/runs", error)) {
    if (kept.contains(entry.path().filename().string())) continue;
    pool_->Post([path = entry.path().string()] {
      if (const Status s = RemoveAll(path); !s.ok()) LogWarning("{}", Message(s));
    });
  }
}

}  // namespace fft
