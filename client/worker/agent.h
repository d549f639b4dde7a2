#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "client/worker/agent_main.h"
#include "client/worker/agent_run.h"
#include "client/worker/blob_cache.h"
#include "client/worker/daemon_link.h"
#include "client/worker/guardian_link.h"
#include "client/worker/journal.h"
#include "client/worker/lease_watch.h"
#include "client/worker/log_pusher.h"
#include "client/worker/mailbox.h"
#include "client/worker/recorder.h"
#include "client/worker/report_box.h"
#include "client/worker/run_folders.h"
#include "client/worker/sql_lane.h"
#include "client/worker/work_pool.h"

namespace fft {

/// What a worker does for the daemon: takes grants, has the guardian execute them, moves their
/// outputs into place while the lease holds, and reports until it is acknowledged.  One loop thread
/// owns all of this class; the pool, the recorder, the log pusher and gRPC reach it through the
/// mailbox alone. Whatever it must not forget is in the journal before anybody hears of it, so that
/// it may be killed at any moment: its successor finds journal and guardian, and goes on when the
/// daemon adopts.
class Agent {
 public:
  /// Takes the folder's lock and reads the journal.  FAILED_PRECONDITION: another agent has it.
  static StatusOr<std::unique_ptr<Agent>> Open(AgentOptions options);
  ~Agent();

  /// Until Stop().
  void Run();
  /// Safe from any thread.  Runs go on under the guardian; or they are `killed`.
  void Stop(bool killed);

 private:
  explicit Agent(AgentOptions options);
  Status Recover();
  void Restore(std::int64_t id, const JournaledRun& journaled, bool is_same_boot);
  void Wait();
  void Tick();
  void End();

  // With the daemon: agent_daemon.cc.
  void Dial();
  void Hear(const build::v1::DaemonMessage& message);
  void Welcome(const build::v1::Welcome& welcome);
  void StreamEnded(const Status& status);
  void Take(const build::v1::Grant& grant);
  void AnswerNoop(const build::v1::Grant& grant);
  void Kill(std::int64_t id);
  void Adopt(std::int64_t id);
  void Acknowledge(const build::v1::DaemonMessage& message);
  void Clean(std::vector<std::int64_t> ids);
  std::int64_t Gathered(std::int64_t since_ms, bool waits_for_turns) const;
  void HandOver();
  void SendNews();
  void SendHello();
  std::vector<std::int64_t> Held() const;
  void Orphan();

  // With the guardian: agent_guardian.cc.
  void SeekGuardian();
  void ReplaceGuardian();
  void ReadGuardian();
  void TakeNotice(const worker::Notice& notice);
  void TakeListing(const worker::Notice& notice);
  void TakeStarted(const worker::Started& started);
  void TakeExit(const worker::Exit& exit);
  void SweepFolders();

  // A run's way: agent_runs.cc.
  void StartWhatMay();
  void StartFrom(std::deque<std::int64_t>* queue);
  void Enqueue(AgentRun& run);
  bool HasSlotsFor(const AgentRun& run) const;
  bool IsItsTurn(const AgentRun& run) const;
  void ReturnTurns(std::int64_t group, std::int64_t taken_before_ms);
  bool NoteFailure(std::int64_t group, const build::v1::RunReport& report);
  void StartRun(AgentRun& run);
  void FilesReady(std::int64_t id, const StatusOr<std::string>& folder);
  void Execute(AgentRun& run);
  void Finish(AgentRun& run, const worker::Exit& exit);
  void End(AgentRun& run, build::v1::Outcome outcome, const std::string& message);
  void Record(AgentRun& run, Ending ending);
  void SetPhase(AgentRun& run, RunPhase phase);
  void Parked(std::vector<Ending> endings);
  void Recorded(std::vector<build::v1::RunReport> reports);
  void LogDelivered(std::int64_t id);
  SqlLane& Sql();
  void SqlStarted(std::int64_t id, std::int64_t at_ms);
  void SqlEnded(build::v1::RunReport report);
  AgentRun* Find(std::int64_t id);

  AgentOptions options_;
  Fd lock_;
  Mailbox mailbox_;
  std::unique_ptr<Journal> journal_;
  RunFolders folders_;
  LeaseWatch leases_;
  ReportBox reports_;
  std::unordered_map<std::int64_t, std::unique_ptr<AgentRun>> runs_;
  std::deque<std::int64_t> queue_, configures_;  // kQueued runs, in the order of their grants
  std::deque<std::int64_t> finished_;            // lately: a late repetition is not run again
  std::unordered_set<std::int64_t> finished_set_;
  std::unordered_map<std::int64_t, std::int64_t> failed_;  // group -> run, until acknowledged
  struct Leftover {
    RunPlaces places;
    bool is_acknowledged = false;
    bool is_log_delivered = true;
  };
  std::unordered_map<std::int64_t, Leftover> leftovers_;  // of runs with an outcome: to be removed
  worker::Command orders_;                                // gathered in a turn
  std::vector<Ending> endings_;
  int slots_used_ = 0, configures_running_ = 0;

  std::int64_t epoch_ = 0;
  std::string service_;  // of the daemon, for what SQL runs leave in a warehouse
  bool is_stream_open_ = false, is_welcome_ = false, is_heartbeat_due_ = false;
  Duration heartbeat_every_{5'000};
  // BootMillis:
  std::int64_t dial_at_ = 0, heartbeat_at_ = 0, stream_heard_at_ = 0, resend_at_ = 0;
  std::int64_t handed_over_at_ = 0, news_sent_at_ = 0, seek_at_ = 0;
  int dials_failed_ = 0;
  std::string last_stream_error_;

  bool has_listing_ = false, is_replacing_guardian_ = false, is_swept_ = false;
  std::string guardian_instance_;
  bool is_stopping_ = false, is_killing_ = false, is_orphaned_ = false;

  // Last, so that their threads end first.
  std::unique_ptr<GuardianLink> guardian_;
  std::unique_ptr<DaemonLink> daemon_;
  std::unique_ptr<BlobCache> blobs_;
  std::unique_ptr<LogPusher> logs_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<SqlLane> sql_;
  std::unique_ptr<WorkPool> pool_;
};

}  // namespace fft
