#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/base/check.h"
#include "server/base/error_details.h"
#include "server/schedule/inputs.h"
#include "server/schedule/schedule.h"

// What clients ask of builds, and how builds end.

namespace fft {

namespace {

Status NoSuchBuild(BuildId id) {
  return WithDetails(Error(Code::kNotFound, "build {} is not open", id.value),
                     {.reason = "BUILD_NOT_OPEN",
                      .metadata = {{"build", fmt::format("{}", id.value)}},
                      .fields = {}});
}

/// What details name, or that there is no plan.
Reason ReasonOf(const Status& why) {
  return ReasonFromString(DetailsOf(why).reason).value_or(Reason::kPlanFailed);
}

constexpr Duration kCountsEvery{1'000};
constexpr char kMayBeMixed[] =
    "a source was edited meanwhile: what was built may be of more than one of its versions";

}  // namespace

void Schedule::On(const BuildRequested& c, TimePoint now) {
  if (const RequestIds::Known* known = requests_.Find(c.build)) {
    Answer answer{.reply = c.reply, .status = Ok(), .build = Build{}, .kept = {}, .worker = {}};
    if (known->digest != c.build.request_digest)
      answer.status = WithDetails(
          Error(Code::kAlreadyExists, "request id {} was used for build {} with another body",
                c.build.request_id, known->build.value),
          {.reason = "REQUEST_ID_CLASH",
           .metadata = {{"build", fmt::format("{}", known->build.value)}},
           .fields = {}});
    answer.build->id = known->build;
    if (const auto at = builds_.find(known->build); at != builds_.end())
      answer.build = at->second->Now();
    effects_.answers.push_back(std::move(answer));
    return;
  }
  Build received = c.build;
  received.id = last_.build = BuildId{last_.build.value + 1};
  received.received_at = now;
  received.state = BuildState::kReceived;
  PendingBuild& build = AddBuild(received);
  Build& row = build.row;
  row.received_event = EventSeq{journal_.last_event().value + 1};
  journal_.BuildChanged(row, now);
  effects_.answers.push_back(
      {.reply = c.reply, .status = Ok(), .build = row, .kept = {}, .worker = {}});
  row.state = BuildState::kPlanning;
  journal_.BuildChanged(row, now);
  SaveBuild(build);
  effects_.plans.push_back({row.id, {}});
}

PendingBuild& Schedule::AddBuild(const Build& row) {
  auto owned = std::make_unique<PendingBuild>(PendingBuild{row, nullptr});
  PendingBuild& build = *owned;
  build.awaits_since = row.received_at;
  ready_.StandAlone(build);
  requests_.Opened(row);
  builds_.emplace(row.id, std::move(owned));
  return build;
}

// The build has no node yet, so it stands in nobody's way.
void Schedule::On(const QueryAwaited& c, TimePoint now) {
  PendingBuild* build = FindOpen(c.build);
  if (build == nullptr || build->row.state != BuildState::kPlanning || build->cohort->left > 0)
    return;
  const bool was_awaiting = std::exchange(build->is_awaiting, true);
  if (now >= build->awaits_since + c.wait_max)
    return EndBuild(*build, BuildState::kFailed, Reason::kQueryMissing,
                    fmt::format("{}; it was awaited for {} s", c.message,
                                (now - build->awaits_since).count() / 1000),
                    now);
  const std::string told = "waiting: " + c.message;
  if (!was_awaiting || build->row.message != told) {
    build->row.message = told;
    TellBuild(*build, now);
  }
  agenda_.awaiting.push_back({now + options_.await_every, {c.build, c.outputs}});
}

void Schedule::On(const BuildPlanFailed& c, TimePoint now) {
  PendingBuild* build = FindOpen(c.build);
  if (build == nullptr || build->row.state != BuildState::kPlanning || build->cohort->left > 0)
    return;
  EndBuild(*build, BuildState::kFailed, ReasonOf(c.why), Message(c.why), now);
}

void Schedule::On(const BuildCancelled& c, TimePoint now) {
  Answer answer{.reply = c.reply, .status = Ok(), .build = {}, .kept = {}, .worker = {}};
  PendingBuild* build = FindOpen(c.build);
  if (build == nullptr) {
    answer.status = NoSuchBuild(c.build);
  } else {
    build->row.reason = Reason::kCancelRequested;
    SaveBuild(*build);
    Part(*build);
    Stop(*build->cohort, Reason::kCancelRequested, /*kills=*/true, now, &answer);
    TellWithdrawn(now);
    DrainFailing(now);
    Check(*build->cohort, now);
    answer.build = build->Now();
  }
  effects_.answers.push_back(std::move(answer));
}

void Schedule::On(const BuildUpdated& c, TimePoint now) {
  Answer answer{.reply = c.reply, .status = Ok(), .build = {}, .kept = {}, .worker = {}};
  PendingBuild* build = FindOpen(c.build);
  if (build == nullptr) {
    answer.status = NoSuchBuild(c.build);
  } else {
    BuildOptions& options = build->row.options;
    options.deadline = c.deadline.value_or(options.deadline);
    if (c.priority && *c.priority != options.priority) {
      Part(*build);
      options.priority = *c.priority;
      ready_.File(*build->cohort);
    }
    TellBuild(*build, now);
    answer.build = build->row;
  }
  effects_.answers.push_back(std::move(answer));
}

void Schedule::On(const GraphNoted& c, TimePoint now) {
  journal_.Noted(EventKind::kGraphDeployed, c.text, now);
}

void Schedule::On(const Ticked&, TimePoint now) {
  while (!agenda_.backoffs.empty() && agenda_.backoffs.begin()->first <= now) {
    const NodeId id = agenda_.backoffs.begin()->second;
    agenda_.backoffs.erase(agenda_.backoffs.begin());
    if (const auto at = nodes_.find(id); at != nodes_.end()) Wake(*at->second);
  }
  for (auto& [at, wanted] : agenda_.awaiting)
    if (at <= now && FindOpen(wanted.build) != nullptr) effects_.plans.push_back(std::move(wanted));
  std::erase_if(agenda_.awaiting, [&](const auto& item) { return item.first <= now; });
  for (auto& [id, worker] : workers_.all())
    if (!worker.is_connected && !worker.leases.empty() &&
        worker.left_at + options_.orphan_after + options_.kill_time <= now)
      LoseLeases(worker, now);
  const bool saves_counts = now >= agenda_.counts_saved_at + kCountsEvery;
  if (saves_counts) {
    agenda_.counts_saved_at = now;
    journal_.changes().durations = durations_.TakeChanged();
  }
  for (auto& [id, build] : builds_) {
    if (build->is_ended) continue;
    const TimePoint deadline = build->row.options.deadline;
    const bool is_cancelled = build->row.reason == Reason::kCancelRequested ||
                              build->row.reason == Reason::kDeadlineExceeded;
    if (deadline != TimePoint{} && deadline <= now && !is_cancelled) {
      build->row.reason = Reason::kDeadlineExceeded;
      SaveBuild(*build);
      Part(*build);
      Stop(*build->cohort, Reason::kDeadlineExceeded, /*kills=*/true, now, nullptr);
      agenda_.to_check.push_back(build->row.id);
    }
    if (saves_counts && build->is_dirty) SaveBuild(*build);
    if (saves_counts && !build->is_awaiting) TellUnrunnable(*build, now);
  }
  TellWithdrawn(now);
}

// What nobody has is told once, when nobody has had it for a while: workers come and go.  That a
// graph is paused is told at once.
void Schedule::TellUnrunnable(PendingBuild& build, TimePoint now) {
  for (const auto& [line, places] : build.cohort->ready) {
    PendingNode& node = *places.begin()->node;
    const std::string& graph = node.row.of->graph;
    const bool is_paused = gates_.IsPaused(graph);
    if (!is_paused && CouldAny(workers_.all(), node.job->spec->limits)) {
      node.dispatch.Make().unrunnable_since = {};
      continue;
    }
    TimePoint& since = node.dispatch.Make().unrunnable_since;
    if (since == TimePoint{}) since = now;
    if (!is_paused && now - since < options_.unrunnable_after) continue;
    const std::string missing =
        is_paused ? fmt::format("{} is paused", graph) : WhatNobodyHas(node.job->spec->limits);
    if (!is_paused && &build == build.cohort->members.front())  // the node is told of once
      journal_.NodeChanged(ChangeOf(catalog_, node, NodeState::kReady, Reason::kNoWorker, missing),
                           now);
    build.is_awaiting = true;
    build.row.message = fmt::format(
        "waiting: {} {}: {}", node.row.config->frame->job,
        node.row.config->outputs.empty() ? "" : node.row.config->outputs.front(), missing);
    return TellBuild(build, now);
  }
}

void Schedule::EndBuild(PendingBuild& build, BuildState state, Reason reason, std::string message,
                        TimePoint now) {
  FFT_CHECK(build.cohort->left == 0);
  build.StopAwaiting();
  Build& row = build.row;
  row.state = state;
  if (row.reason == Reason::kNone) row.reason = reason;
  if (row.message.empty()) row.message = std::move(message);
  row.ended_at = now;
  row.ended_event = EventSeq{journal_.last_event().value + 1};
  build.is_ended = true;
  TellBuild(build, now);
  ready_.Drop(*build.cohort);
  requests_.Ended(row);
}

void Schedule::StopIfFailed(Cohort& cohort, TimePoint now) {
  if (!cohort.has_failed || cohort.is_stopping || cohort.left == 0) return;
  const auto open = cohort.left_by_level.find(cohort.open_level);
  const bool level_has_ended = cohort.options().discipline == Discipline::kLevels &&
                               (open == cohort.left_by_level.end() || open->second == 0);
  const bool is_planning =  // a configure executable failed
      cohort.members.front()->row.state == BuildState::kPlanning;
  if (cohort.options().keeps_going && !level_has_ended && !is_planning) return;
  for (PendingBuild* build : cohort.members) {
    build->row.reason = Reason::kFailFast;  // so that it stays stopped across a restart
    SaveBuild(*build);
  }
  Stop(cohort, Reason::kFailFast, /*kills=*/false, now, nullptr);
}

void Schedule::Check(Cohort& cohort, TimePoint now) {
  const PendingBuild& first = *cohort.members.front();
  if (first.is_ended) return;  // and so are the others
  const BuildState state = first.row.state;
  if (!cohort.is_stopping && state == BuildState::kExecuting) OpenLevels(cohort);
  if (cohort.left > 0) return;
  for (PendingBuild* build : std::vector<PendingBuild*>(cohort.members)) {
    const Reason asked = std::exchange(build->row.reason, Reason::kNone);
    if (asked == Reason::kCancelRequested)
      EndBuild(*build, BuildState::kCancelled, asked, "cancelled", now);
    else if (asked == Reason::kDeadlineExceeded)
      EndBuild(*build, BuildState::kCancelled, asked, "the deadline has passed", now);
    else if (cohort.has_failed)
      EndBuild(*build, BuildState::kFailed, Reason::kJobFailed, "", now);
    else if (state == BuildState::kExecuting &&
             (asked != Reason::kSourceEdited || !PlanAgain(*build, now)))
      EndBuild(*build, BuildState::kSucceeded, Reason::kNone,
               asked == Reason::kSourceEdited ? kMayBeMixed : "", now);
  }
}

void Schedule::TellBuild(PendingBuild& build, TimePoint now) {
  journal_.BuildChanged(build.Now(), now);
  SaveBuild(build);
}

void Schedule::SaveBuild(PendingBuild& build) {
  if (!std::exchange(build.is_to_save, true)) agenda_.to_save.push_back(build.row.id);
}

// Once a batch, as they are at its end.  What was asked for may be long and never changes: it is
// written with the first row alone.
void Schedule::WriteBuilds() {
  for (const BuildId id : std::exchange(agenda_.to_save, {})) {
    PendingBuild& build = *builds_.at(id);
    build.is_to_save = build.is_dirty = false;
    std::vector<std::string> targets;
    if (std::exchange(build.is_stored, true)) targets.swap(build.row.targets);
    journal_.changes().builds.push_back(build.Now());
    if (!targets.empty()) targets.swap(build.row.targets);
  }
}

}  // namespace fft
