#include "server/schedule/ready_queue.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>

namespace fft {

int ReadyQueue::LineOf(const Needs& needs) {
  const auto [at, is_new] = by_needs_.try_emplace(needs, lines());
  if (is_new) lines_.emplace_back();
  return at->second;
}

void ReadyQueue::Add(PendingBuild& build, PendingNode& node) {
  std::set<PendingBuild::Place>& places = build.ready[node.line];
  if (!places.insert({-node.path_ms, node.row.id, &node}).second) return;
  node.filed_in.push_back(&build);
  if (places.size() == 1 && build.filed) Enter(build, node.line);
  if (!build.filed) File(build);
}

bool ReadyQueue::Remove(PendingBuild& build, PendingNode& node) {
  const auto at = build.ready.find(node.line);
  if (at == build.ready.end() || at->second.erase({-node.path_ms, node.row.id, nullptr}) == 0)
    return false;
  std::erase(node.filed_in, &build);
  if (!at->second.empty()) return true;
  build.ready.erase(at);
  if (build.filed) Leave(build, node.line);
  return true;
}

void ReadyQueue::RemoveAll(PendingNode& node) {
  while (!node.filed_in.empty()) Remove(*node.filed_in.back(), node);
}

void ReadyQueue::Drop(PendingBuild& build) {
  Unfile(build);
  for (const auto& [line, places] : build.ready)
    for (const PendingBuild::Place& place : places) std::erase(place.node->filed_in, &build);
  build.ready.clear();
}

void ReadyQueue::File(PendingBuild& build) {
  const BuildOptions& options = build.row.options;
  const bool has_room = options.jobs_max == 0 || build.running < options.jobs_max;
  const PendingBuild::Filing wanted{-options.priority, !build.is_under_way};
  if (has_room && build.filed == wanted) return;
  Unfile(build);
  if (!has_room || build.ready.empty()) return;
  build.filed = wanted;
  for (const auto& [line, places] : build.ready) Enter(build, line);
}

void ReadyQueue::Unfile(PendingBuild& build) {
  if (!build.filed) return;
  for (const auto& [line, places] : build.ready) Leave(build, line);
  build.filed.reset();
}

void ReadyQueue::Enter(PendingBuild& build, int line) {
  lines_[static_cast<std::size_t>(line)][{build.filed->priority, build.row.principal}].insert(
      {build.filed->is_new, build.row.id, &build});
  Share& share = shares_[build.row.principal];
  if (share.entries++ == 0) share.used = std::max(share.used, floor_);
}

void ReadyQueue::Leave(PendingBuild& build, int line) {
  Line& entries = lines_[static_cast<std::size_t>(line)];
  const auto at = entries.find({build.filed->priority, build.row.principal});
  at->second.erase({build.filed->is_new, build.row.id, nullptr});
  if (at->second.empty()) entries.erase(at);
  --shares_[build.row.principal].entries;
}

double ReadyQueue::UsedBy(const std::string& principal) const {
  const auto at = shares_.find(principal);
  return at == shares_.end() ? 0 : at->second.used;
}

bool ReadyQueue::IsBefore(const Choice& a, const Choice& b) const {
  const auto key = [this](const Choice& c) {
    return std::make_tuple(c.build->filed->priority, UsedBy(c.build->row.principal),
                           std::cref(c.build->row.principal), c.build->filed->is_new,
                           c.build->row.id, -c.node->path_ms, c.node->row.id);
  };
  return key(a) < key(b);
}

std::optional<ReadyQueue::Choice> ReadyQueue::First(const std::vector<char>& closed) const {
  std::optional<Choice> first;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (closed[i] != 0 || lines_[i].empty()) continue;
    const int priority = lines_[i].begin()->first.first;
    for (const auto& [key, builds] : lines_[i]) {
      if (key.first != priority) break;
      PendingBuild& build = *builds.begin()->build;
      const Choice choice{&build, build.ready.at(static_cast<int>(i)).begin()->node};
      if (!first || IsBefore(choice, *first)) first = choice;
    }
  }
  return first;
}

void ReadyQueue::Charge(const PendingNode& node, double cost) {
  std::set<std::string_view> principals;
  for (const Waiter& waiter : node.waiters) principals.insert(waiter.build->row.principal);
  for (const std::string_view principal : principals) {
    Share& share = shares_[std::string(principal)];
    floor_ = std::max(floor_, share.used);
    share.used += cost / static_cast<double>(principals.size());
  }
}

}  // namespace fft
