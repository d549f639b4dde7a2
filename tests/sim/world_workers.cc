#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/world.h"

// Workers, their network and the disk.

namespace fft::sim {

namespace {
constexpr Duration kLeaseLength{30'000};
constexpr Duration kOrphanAfter{60'000};
}  // namespace

void World::Break(SimulatedWorker& worker, Duration away) {
  const auto index = static_cast<std::size_t>(
      std::find_if(workers_.begin(), workers_.end(), [&](const auto& w) { return &w == &worker; }) -
      workers_.begin());
  worker.Disconnect(now_ + away);
  std::erase_if(to_workers_, [&](const auto& item) { return item.second.first == index; });
  std::erase_if(from_workers_, [&](const auto& item) { return item.second.first == index; });
}

void World::RunWorker(SimulatedWorker& worker) {
  const auto index = static_cast<std::size_t>(
      std::find_if(workers_.begin(), workers_.end(), [&](const auto& w) { return &w == &worker; }) -
      workers_.begin());
  if (worker.is_connected && (Chance(faults_.stream_breaks) || Chance(faults_.goes_silent))) {
    const bool is_long =
        unit_(rng_) < faults_.goes_silent / (faults_.goes_silent + faults_.stream_breaks);
    if (loop_->is_loaded()) inbox_.push_back(WorkerLeft{worker.id});
    Break(worker, is_long ? Between(40'000, 150'000) : Between(100, 5'000));
    Say(fmt::format("{} is cut off{}", worker.name, is_long ? " for long" : ""));
    if (is_long && unit_(rng_) < 0.5) TurnOff(worker);
  }
  if (worker.is_connected) {
    worker.heard_at = now_;
    for (auto at = to_workers_.begin(); at != to_workers_.end() && at->first <= now_;) {
      if (at->second.first != index) {
        ++at;
        continue;
      }
      Obey(worker, at->second.second);
      at = to_workers_.erase(at);
    }
  } else if (now_ >= worker.connects_at && loop_->is_loaded()) {
    if (now_ - worker.heard_at >= kLeaseLength)
      for (auto& [run, held] : worker.held) held.is_adopted = false;
    worker.connects_at = now_ + Duration(2'000);  // unless this attempt is answered
    Worker row{.id = {}, .name = worker.name, .host = "sim", .slots = worker.slots};
    worker.joining = ReplyId{++last_reply_};
    inbox_.push_back(WorkerJoined{worker.joining, row, worker.HeldRuns()});
  }
  if (now_ - worker.heard_at > kOrphanAfter)
    for (auto& [run, held] : worker.held) {
      if (held.has_ended) continue;
      if (held.is_started) EndAccess(held.grant);
      held.has_ended = true;
      held.report = {.run = run,
                     .epoch = held.grant.lease.epoch,
                     .outcome = Outcome::kInfrastructure,
                     .message = "no leader was heard"};
    }
  StartRuns(worker);
  for (auto& [run, held] : worker.held)
    if (held.is_started && !held.has_ended && held.ends_at <= now_ && held.is_adopted &&
        now_ - worker.heard_at < kLeaseLength)
      EndRun(worker, held);
  ReportAll(worker);
}

// Its machine is gone with all that ran there, and somebody says so.
void World::TurnOff(SimulatedWorker& worker) {
  Say(worker.name + " is dead");
  for (auto& [run, held] : worker.held)
    if (held.is_started && !held.has_ended) EndAccess(held.grant);
  worker.held.clear();
  if (loop_->is_loaded()) inbox_.push_back(WorkerDied{ReplyId{++last_reply_}, worker.name});
}

void World::Obey(SimulatedWorker& worker, const WorkerOrders& orders) {
  for (const RunId run : orders.adopted)
    if (const auto at = worker.held.find(run); at != worker.held.end())
      at->second.is_adopted = true;
  for (const Grant& grant : orders.grants) {
    if (worker.held.contains(grant.lease.run)) continue;
    SimulatedWorker::Held held;
    held.grant = grant;
    worker.held.emplace(grant.lease.run, std::move(held));
  }
  for (const RunId run : orders.kills) {
    const auto at = worker.held.find(run);
    if (at == worker.held.end() || at->second.has_ended) continue;
    if (at->second.is_started) EndAccess(at->second.grant);
    at->second.has_ended = true;
    at->second.report = {
        .run = run, .epoch = at->second.grant.lease.epoch, .outcome = Outcome::kCancelled};
  }
  for (const RunId run : orders.acknowledged)
    if (const auto at = worker.held.find(run); at != worker.held.end() && at->second.has_ended)
      worker.held.erase(at);
}

void World::StartRuns(SimulatedWorker& worker) {
  for (auto& [run, held] : worker.held) {
    if (held.is_started || held.has_ended || worker.Running() >= worker.slots) continue;
    if (!held.is_adopted || now_ - worker.heard_at >= kLeaseLength) continue;
    if (!worker.IsItsTurn(held)) continue;
    held.is_started = true;
    held.started_at = now_;
    held.ends_at = now_ + (unit_(rng_) < 0.1 ? Between(10'000, 60'000) : Between(50, 4'000));
    ++runs_started_;
    Say(fmt::format("{} starts run {} of node {}: {}", worker.name, run.value,
                    held.grant.lease.node.value, held.grant.config->outputs.front()));
    BeginAccess(held.grant);
    if (IsEdited()) ReadEarly(held);
  }
}

void World::EndRun(SimulatedWorker& worker, SimulatedWorker::Held& held) {
  held.has_ended = true;
  RunReport& report = held.report;
  report = {.run = held.grant.lease.run, .epoch = held.grant.lease.epoch};
  report.started_at = held.started_at;
  report.ended_at = now_;
  EndAccess(held.grant);
  if (Chance(faults_.run_fails)) {
    report.outcome = Outcome::kFailed;
    report.message = "exit code 1";
  } else if (Chance(faults_.run_retriable)) {
    report.outcome = Outcome::kRetriable;
  } else if (Chance(faults_.run_breaks)) {
    report.outcome = Outcome::kInfrastructure;
    report.left_outputs_alone = unit_(rng_) < 0.5;
    if (!report.left_outputs_alone) Publish(held, /*half=*/true);
  } else {
    report.outcome = Outcome::kSucceeded;
    Publish(held, /*half=*/false);
    for (const std::string& ref : held.grant.config->outputs)
      report.outputs.push_back({.ref = ref,
                                .uri = {},
                                .content = disk_.at(held.grant.job->root_uri + "/" + ref).content});
  }
  if (report.outcome != Outcome::kSucceeded) worker.ReturnTurns(held.grant.group);
  Say(fmt::format("{} ends run {}: {}", worker.name, report.run.value, ToString(report.outcome)));
}

void World::Publish(const SimulatedWorker::Held& held, bool half) {
  const Grant& grant = held.grant;
  std::vector<Digest> inputs, right_inputs;
  const bool is_wrong = !half && Chance(faults_.run_is_wrong);
  int wrong_since = is_wrong ? era_ : 0;
  const Digest& revision = nodes().at(grant.lease.node).of->revision;
  for (std::size_t i = 0; i < grant.input_uris.size(); ++i) {
    const std::string& uri = grant.input_uris[i];
    Datum read;
    if (const auto early = held.read_early.find(uri); early != held.read_early.end())
      read = early->second;
    else if (const auto at = disk_.find(uri); at != disk_.end())
      read = at->second;
    else
      Violate(fmt::format("run {} read {}, which is not there", grant.lease.run.value, uri));
    if (read.is_half_written)
      Violate(fmt::format("run {} read {}, which is half written", grant.lease.run.value, uri));
    // What was wrong once may be what is right by now: sources and programs are edited meanwhile.
    if (read.wrong_since != 0 &&
        read.content == CleanResult(*graphs_by_revision_.at(revision), grant.config->inputs[i].ref,
                                    disk_, clean_[revision]))
      read.wrong_since = 0;
    wrong_since = std::max(wrong_since, read.wrong_since);
    inputs.push_back(SeenOf(grant.config->inputs[i], read));
    const Datum right{.content = read.wrong_since == 0 ? read.content : read.right};
    right_inputs.push_back(SeenOf(grant.config->inputs[i], right));
  }
  for (std::size_t i = 0; i < grant.config->outputs.size(); ++i) {
    const std::string& ref = grant.config->outputs[i];
    Datum left{.content = half ? Sha256("half") : ResultOf(*grant.config, i, inputs),
               .is_half_written = half,
               .wrong_since = wrong_since,
               .right = ResultOf(*grant.config, i, right_inputs)};
    if (is_wrong) {
      left.content = Sha256(fmt::format("rubbish of run {}", grant.lease.run.value));
      if (noticed_[ref] <= grant.lease.run) wrong_refs_[ref] = grant.lease.run;
      Say(fmt::format("run {} leaves rubbish at {}", grant.lease.run.value, ref));
    }
    if (left.content == left.right) left.wrong_since = 0;
    disk_[grant.job->root_uri + "/" + ref] = left;
  }
}

void World::ReportAll(SimulatedWorker& worker) {
  if (!worker.is_connected) return;
  const auto index = static_cast<std::size_t>(
      std::find_if(workers_.begin(), workers_.end(), [&](const auto& w) { return &w == &worker; }) -
      workers_.begin());
  WorkerHeard heard{.worker = worker.id, .started = {}, .reports = {}};
  for (const auto& [run, held] : worker.held) {
    if (held.has_ended)
      heard.reports.push_back(held.report);
    else if (held.is_started)
      heard.started.emplace_back(run, held.started_at);
  }
  if (heard.started.empty() && heard.reports.empty()) return;
  if (unit_(rng_) < 0.5) return;  // said again next turn
  const int copies = Chance(faults_.repeat) ? 2 : 1;
  for (int i = 0; i < copies; ++i)
    from_workers_.emplace(now_ + Between(0, 400), std::pair(index, Command(heard)));
}

}  // namespace fft::sim
