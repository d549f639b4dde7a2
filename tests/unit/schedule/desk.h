#pragma once

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "server/schedule/schedule.h"
#include "tests/support/memory_store.h"

namespace fft {

/// A schedule behind a small text language, for transcripts.  Every command is one step and its
/// consequences; `+ COMMAND` leaves the consequences to the next one.  What is printed has been
/// committed to a store in memory, from which `restart` brings the schedule back.
///
///   job LABEL [noop] [no-merge] [slots=N] [attempts=N] [label=L] [pool=P]   before a plan names it
///   build [eager] [keep-going] [jobs=N] [priority=N] [deadline=S] [cache=M] [id=I] [body=B] [by=P]
///   plan B[,B] NODE...    draft NAME NODE... and deliver B[,B] NAME: a plan that is older than its
///   arrival
///     NODE: OUT[+OUT][@ARG][<-IN,IN][!FLAG], `hit:OUT` or `source:OUT=CONTENT`
///     IN: `~` by content, `=` by version, `?` QUERY, `>` ORDER; FLAG: rebuild missing uncertain
///     tainted suspect off changed undecided
///   planfail B TEXT   await B SECONDS TEXT   configure B JOB:REF,REF...
///   cancel B   update B [priority=N] [deadline=S]
///   join W [slots=N] [label=L] [held=R,R]   leave W [joined=REPLY]   drain W   undrain W
///   dead W
///   started R...   (done|fail|retriable|infra|stopped|late|returned) R... [content=C] [dirty]
///   [by=W]
///     [short] [swapped]
///   probed N exists|missing   read R OUT=CONTENT... [touched] (`OUT=`: it is gone)   wait S   pool
///   NAME SIZE pause G   resume G   deployed TEXT taint OUT,OUT TEXT: as `ask-taint OUT,OUT TEXT`
///   and then `lineage`, what the store says of it restart   see OUT   why NODE   idle
class Desk {
 public:
  Desk();
  /// Does what `line` says and prints what came of it.
  std::string Do(const std::string& line);

  const MemoryStore& store() const { return store_; }
  /// As `restart`, and every worker that was connected comes back with what it held.
  void RestartAndReconnect();

 private:
  using Words = std::vector<std::string>;
  /// `key=value` among `words`; `otherwise` when there is none.
  static std::string Value(const Words& words, const std::string& key,
                           const std::string& otherwise = "");
  static bool Has(const Words& words, const std::string& word);
  static std::vector<std::int64_t> Numbers(const std::string& text);

  // desk.cc
  Command Parse(const Words& words);
  BuildRequested ParseBuild(const Words& words);
  WorkerJoined ParseJoin(const Words& words);
  Command ParseConfigure(const Words& words);
  LineageRead ReadLineage() const;
  WorkerHeard ParseReports(const Words& words, Outcome outcome);
  RunReport Report(RunId run, Outcome outcome, const Words& words);
  WorkerId WorkerCalled(const std::string& name) const;
  static std::vector<BuildId> BuildsCalled(const std::string& numbers);
  void DeclareJob(const Words& words);
  std::string See(const std::string& ref) const;
  std::string Why(NodeId id) const;
  std::string CheckIdle() const;
  std::string Settle();
  void Restart();

  // desk_plan.cc
  PlanPtr MakePlan(const Words& words);
  static PlannedSource ParseSource(const std::string& word);
  void AddNode(Plan& plan, const std::string& word);
  void AddHit(Plan& plan, const std::string& ref);
  JobSpec& Job(const std::string& label);
  std::shared_ptr<const GraphSpec> Spec(const Digest& revision);
  const Partition* Find(const std::string& ref) const;

  // desk_print.cc
  std::string Print(const Effects& effects);
  std::string Print(const Event& event) const;
  std::string Print(const Answer& answer) const;
  std::string Print(const WorkerOrders& orders);
  std::string PrintRows(const ChangeSet& changes) const;
  void CheckGrant(const Grant& grant, std::string& text);
  static std::string NameOf(const NodeLabel& label);
  std::string NameOf(NodeId id) const;

  ScheduleOptions options_;
  MemoryStore store_;
  Epoch epoch_;
  std::unique_ptr<Schedule> schedule_;
  TimePoint now_ = FromMillis(1'000'000);
  std::map<std::string, JobSpec> jobs_;
  Schedule::Specs specs_;
  std::map<std::string, PlanPtr> drafts_;
  LineageWanted wanted_;            // the last
  std::map<RunId, Grant> granted_;  // without those that have ended
  std::int64_t last_reply_ = 0;
};

}  // namespace fft
