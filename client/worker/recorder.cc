#include "client/worker/recorder.h"

#include <map>

#include <unistd.h>

#include <pthread.h>

namespace fft {
namespace {

namespace v1 = build::v1;

void Fail(v1::Outcome outcome, const std::string& message, Ending* ending) {
  ending->report.set_outcome(outcome);
  ending->report.set_message(message);
  ending->report.clear_outputs();
  ending->staged.clear();
}

bool IsStillStaged(const StagedOutput& output) { return ::access(output.from.c_str(), F_OK) == 0; }

}  // namespace

Recorder::Recorder(Journal& journal, LeaseWatch& leases, Listener listener)
    : journal_(journal),
      leases_(leases),
      listener_(std::move(listener)),
      thread_([this] { Work(); }) {}

Recorder::~Recorder() { queue_.Close(); }

void Recorder::Add(std::vector<Ending> endings) {
  for (Ending& ending : endings) {
    if (!queue_.PushUrgent(std::move(ending))) return;  // closed: the journal knows enough
  }
}

void Recorder::Work() {
  ::pthread_setname_np(::pthread_self(), "recorder");
  while (true) {
    std::vector<Ending> batch = queue_.TakeAll(std::chrono::milliseconds(60'000));
    if (batch.empty() && queue_.closed()) return;
    if (!batch.empty()) Record(std::move(batch));
  }
}

void Recorder::SyncData(std::vector<Ending>* batch) {
  std::map<std::string, std::vector<Ending*>> by_root;
  for (Ending& ending : *batch) {
    if (!ending.staged.empty() && !ending.is_resumed) by_root[ending.root].push_back(&ending);
  }
  for (const auto& [root, endings] : by_root) {
    std::vector<const StagedOutput*> outputs;
    for (const Ending* ending : endings) {
      for (const StagedOutput& output : ending->staged) outputs.push_back(&output);
    }
    const Status synced = SyncStaged(outputs);
    if (synced.ok()) continue;
    for (Ending* ending : endings) Fail(v1::OUTCOME_INFRASTRUCTURE, Message(synced), ending);
  }
}

void Recorder::MoveAll(Ending* ending, std::vector<Ending>* parked,
                       std::set<std::string>* changed) {
  for (const StagedOutput& output : ending->staged) {
    if (ending->is_resumed && !IsStillStaged(output)) {
      ending->report.set_left_outputs_alone(false);
      changed->insert(output.to.substr(0, output.to.rfind('/')));
      continue;
    }
    if (!leases_.Holds(ending->report.run(), BootMillis())) {
      ending->is_resumed = true;
      parked->push_back(std::move(*ending));
      ending->report.Clear();
      return;
    }
    const Status moved = MoveIntoPlace(output.from, output.to, changed);
    if (!moved.ok()) {
      const bool is_jobs = moved.code() == Code::kInvalidArgument;
      return Fail(
          is_jobs ? v1::OUTCOME_BAD_OUTPUT : v1::OUTCOME_INFRASTRUCTURE,
          fmt::format("output {} could not be moved into place: {}", output.ref, Message(moved)),
          ending);
    }
    ending->report.set_left_outputs_alone(false);
  }
}

void Recorder::Record(std::vector<Ending> batch) {
  SyncData(&batch);
  for (const Ending& ending : batch) {
    if (!ending.staged.empty() && !ending.is_resumed) journal_.Publishing(ending.report);
  }
  journal_.Flush();
  std::vector<Ending> parked;
  std::map<std::string, std::set<std::string>> changed;  // folders, by root
  for (Ending& ending : batch) {
    if (!ending.staged.empty()) MoveAll(&ending, &parked, &changed[ending.root]);
  }
  std::map<std::string, Status> lost;
  for (const auto& [root, folders] : changed) {
    if (const Status synced = SyncFolders(folders, root); !synced.ok()) lost[root] = synced;
  }
  std::vector<v1::RunReport> reports;
  for (Ending& ending : batch) {
    if (ending.report.run() == 0) continue;  // parked
    if (!ending.staged.empty() && lost.contains(ending.root)) {
      Fail(v1::OUTCOME_INFRASTRUCTURE, Message(lost[ending.root]), &ending);
    }
    journal_.Ended(ending.report);
    reports.push_back(std::move(ending.report));
  }
  journal_.Flush();
  if (!reports.empty()) {
    journal_.Sync();
    listener_.recorded(std::move(reports));
  }
  if (!parked.empty()) listener_.parked(std::move(parked));
}

}  // namespace fft
