#include "server/schedule/why.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace fft {

namespace {

constexpr std::size_t kNamedMax = 5;

std::string NameOf(const PendingNode& node) {
  const std::string ref = node.row.config->outputs.empty() ? node.row.config->frame->job
                                                           : node.row.config->outputs.front();
  std::string builds;
  for (const Waiter& waiter : node.waiters)
    for (const PendingBuild* build : waiter.cohort->members)
      builds += fmt::format("{}{}", builds.empty() ? "" : ", ", build->row.id.value);
  return fmt::format("node {} ({} {}, {}), wanted by build {}", node.row.id.value,
                     node.row.config->frame->job, ref, ToString(node.row.state),
                     builds.empty() ? "none" : builds);
}

// What is open, and what has to end before this one's level opens.
std::string OfLevel(const Waiter& waiter) {
  const Cohort& cohort = *waiter.cohort;
  const auto open = cohort.left_by_level.find(cohort.open_level);
  return fmt::format(
      "it waits for level {} of build {}, of which {} nodes have not ended: it is of level {}",
      cohort.open_level, cohort.id().value, open == cohort.left_by_level.end() ? 0 : open->second,
      waiter.level);
}

// Generations: who writes first, who still reads.
void AddBlockers(const Schedule& schedule, const PendingNode& node,
                 std::vector<std::string>* lines) {
  for (const PartitionId output : node.row.outputs) {
    if (schedule.traffic().MayWrite(output, node.row.id)) continue;
    const PendingNode* first = schedule.FindNode(schedule.traffic().Blocker(output, node.row.id));
    const std::string ref = schedule.catalog().at(output).ref.str();
    if (first != nullptr) {
      lines->push_back(fmt::format("{} is written first by {}", ref, NameOf(*first)));
      continue;
    }
    const std::vector<NodeId> readers = schedule.traffic().LiveReaders(output);
    for (std::size_t i = 0; i < std::min(readers.size(), kNamedMax); ++i)
      if (const PendingNode* reader = schedule.FindNode(readers[i]))
        lines->push_back(
            fmt::format("what is at {} is to be read first by {}", ref, NameOf(*reader)));
    if (readers.size() > kNamedMax)
      lines->push_back(fmt::format("and by {} more", readers.size() - kNamedMax));
    if (readers.empty()) lines->push_back(fmt::format("{} is being queried, or written", ref));
  }
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i)
    if (node.row.config->inputs[i].kind == InputKind::kQuery &&
        !schedule.traffic().MayQuery(node.row.inputs[i]))
      lines->push_back(fmt::format("{}, which it queries, is being written",
                                   schedule.catalog().at(node.row.inputs[i]).ref.view()));
}

// It could start at any moment: what is missing is a place.
void AddHolds(const Schedule& schedule, const PendingNode& node, std::vector<std::string>* lines) {
  if (schedule.gates().IsPaused(node.row.of->graph))
    lines->push_back(node.row.of->graph + " is paused");
  if (const Gates::PoolUse* full = schedule.gates().FirstFull(PoolsOf(node)))
    lines->push_back(fmt::format("pool {} is full: {} of {} places are taken", full->pool.name,
                                 full->used, full->pool.size));
  for (const Waiter& waiter : node.waiters) {
    const int most = waiter.cohort->options().jobs_max;
    if (most > 0 && waiter.cohort->running >= most)
      lines->push_back(fmt::format("build {} runs {} nodes, as many as it may",
                                   waiter.cohort->id().value, waiter.cohort->running));
  }
  if (!lines->empty()) return;
  lines->push_back(CouldAny(schedule.workers(), node.job->spec->limits)
                       ? "it waits for a slot: all that could run it are taken by others"
                       : WhatNobodyHas(node.job->spec->limits));
}

}  // namespace

std::vector<std::string> WhyWaiting(const Schedule& schedule, NodeId id) {
  std::vector<std::string> lines;
  const PendingNode* node = schedule.FindNode(id);
  if (node == nullptr || IsTerminal(node->row.state) || node->row.state == NodeState::kRunning)
    return lines;
  if (node->lease->run)
    return {fmt::format("it was granted to worker {} as run {}, which has not begun",
                        schedule.workers().at(node->lease->worker).row.name,
                        node->lease->run.value)};
  std::size_t left = 0;
  for (const NodeId upstream : node->row.upstreams)
    if (const PendingNode* other = schedule.FindNode(upstream);
        other != nullptr && !IsTerminal(other->row.state) && ++left <= kNamedMax)
      lines.push_back("it waits for " + NameOf(*other));
  if (left > kNamedMax) lines.push_back(fmt::format("and for {} more", left - kNamedMax));
  if (left > 0) return lines;
  if (std::none_of(node->waiters.begin(), node->waiters.end(),
                   [](const Waiter& waiter) { return waiter.is_releasing(); })) {
    for (const Waiter& waiter : node->waiters)
      if (!waiter.cohort->is_stopping) lines.push_back(OfLevel(waiter));
    return lines;
  }
  if (node->is_probing) return {"its data is being looked for"};
  AddBlockers(schedule, *node, &lines);
  if (!lines.empty()) return lines;
  if (!node->is_settled)
    return {fmt::format("it is tried again after a wait: {} attempts, {} faults in a row",
                        node->row.past->attempts, node->row.past->faults)};
  AddHolds(schedule, *node, &lines);
  return lines;
}

}  // namespace fft
