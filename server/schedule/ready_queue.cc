#include "server/schedule/ready_queue.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>

namespace fft {

int ReadyQueue::LineOf(const Needs& needs) {
  const auto [at, is_new] = by_needs_.try_emplace(needs, lines());
  if (is_new) lines_.emplace_back();
  return at->second;
}

void ReadyQueue::SetMembers(Cohort& cohort, std::vector<PendingBuild*> members) {
  Unfile(cohort);
  cohort.members = std::move(members);
  cohort.shares.clear();
  for (const PendingBuild* member : cohort.members)
    cohort.shares[member->row.principal] = &shares_[member->row.principal];
  File(cohort);
}

void ReadyQueue::StandAlone(PendingBuild& build) {
  build.cohort = std::make_shared<Cohort>();
  if (build.row.options.discipline == Discipline::kEager)
    build.cohort->open_level = std::numeric_limits<int>::max();
  SetMembers(*build.cohort, {&build});
}

void ReadyQueue::AddFor(const Waiter& waiter, PendingNode& node) {
  if (waiter.is_releasing() && !node.lease->run) Add(*waiter.cohort, node);
}

void ReadyQueue::Add(Cohort& cohort, PendingNode& node) {
  std::set<Cohort::Place>& places = cohort.ready[node.job->line];
  if (!places.insert({-node.path_ms, node.row.id, &node}).second) return;
  node.dispatch.Make().filed_in.push_back(&cohort);
  if (places.size() == 1 && cohort.filed) Enter(cohort, node.job->line);
  if (!cohort.filed) File(cohort);
}

bool ReadyQueue::Remove(Cohort& cohort, PendingNode& node) {
  const auto at = cohort.ready.find(node.job->line);
  if (at == cohort.ready.end() || at->second.erase({-node.path_ms, node.row.id, nullptr}) == 0)
    return false;
  erase(node.dispatch.Make().filed_in, &cohort);
  if (!at->second.empty()) return true;
  cohort.ready.erase(at);
  if (cohort.filed) Leave(cohort, node.job->line);
  return true;
}

void ReadyQueue::RemoveAll(PendingNode& node) {
  while (!node.dispatch->filed_in.empty()) Remove(*node.dispatch->filed_in.back(), node);
}

void ReadyQueue::Drop(Cohort& cohort) {
  Unfile(cohort);
  for (const auto& [line, places] : cohort.ready)
    for (const Cohort::Place& place : places) erase(place.node->dispatch.Make().filed_in, &cohort);
  cohort.ready.clear();
}

void ReadyQueue::File(Cohort& cohort) {
  if (cohort.members.empty()) return Unfile(cohort);
  const BuildOptions& options = cohort.options();
  const bool has_room =
      options.jobs_max == 0 || cohort.running < options.jobs_max + cohort.ahead_max;
  const Cohort::Filing wanted{-options.priority, !cohort.is_under_way};
  if (has_room && cohort.filed == wanted) return;
  Unfile(cohort);
  if (!has_room || cohort.ready.empty()) return;
  cohort.filed = wanted;
  for (const auto& [line, places] : cohort.ready) Enter(cohort, line);
}

void ReadyQueue::Unfile(Cohort& cohort) {
  if (!cohort.filed) return;
  for (const auto& [line, places] : cohort.ready) Leave(cohort, line);
  cohort.filed.reset();
}

void ReadyQueue::Enter(Cohort& cohort, int line) {
  for (const auto& [principal, share] : cohort.shares) {
    Turn& turn = lines_[static_cast<std::size_t>(line)][{cohort.filed->priority, principal}];
    turn.share = share;
    turn.cohorts.insert({cohort.filed->is_new, cohort.id(), &cohort});
    if (share->entries++ == 0) share->used = std::max(share->used, floor_);
  }
}

void ReadyQueue::Leave(Cohort& cohort, int line) {
  Line& turns = lines_[static_cast<std::size_t>(line)];
  for (const auto& [principal, share] : cohort.shares) {
    const auto at = turns.find({cohort.filed->priority, principal});
    at->second.cohorts.erase({cohort.filed->is_new, cohort.id(), nullptr});
    if (at->second.cohorts.empty()) turns.erase(at);
    --share->entries;
  }
}

bool ReadyQueue::IsBefore(const Choice& a, const Choice& b) {
  const auto key = [](const Choice& c) {
    const auto& [who, turn] = *c.turn;
    const Filed& filed = *turn.cohorts.begin();
    return std::make_tuple(who.first, turn.share->used, std::cref(who.second), filed.is_new,
                           filed.id, -c.node->path_ms, c.node->row.id);
  };
  return key(a) < key(b);
}

PendingNode* ReadyQueue::First(const std::vector<char>& closed) const {
  Choice first;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (closed[i] != 0 || lines_[i].empty()) continue;
    const Line::value_type* next = &*lines_[i].begin();
    for (const Line::value_type& turn : lines_[i]) {
      if (turn.first.first != next->first.first) break;  // of a lower priority
      if (turn.second.share->used < next->second.share->used) next = &turn;
    }
    const Cohort& cohort = *next->second.cohorts.begin()->cohort;
    const Choice choice{next, cohort.ready.at(static_cast<int>(i)).begin()->node};
    if (first.node == nullptr || IsBefore(choice, first)) first = choice;
  }
  return first.node;
}

void ReadyQueue::Charge(const PendingNode& node, double cost) {
  std::vector<Share*> shares;
  for (const Waiter& waiter : node.waiters)
    for (const auto& [principal, share] : waiter.cohort->shares) shares.push_back(share);
  if (node.waiters.size() > 1) {
    std::sort(shares.begin(), shares.end());
    shares.erase(std::unique(shares.begin(), shares.end()), shares.end());
  }
  for (Share* share : shares) {
    floor_ = std::max(floor_, share->used);
    share->used += cost / static_cast<double>(shares.size());
  }
}

}  // namespace fft
