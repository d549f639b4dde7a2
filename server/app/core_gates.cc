#include <algorithm>
#include <string>
#include <utility>

#include "server/app/core_send.h"
#include "server/schedule/why.h"

// What holds nodes back: pools, paused graphs, each other.

namespace fft {

namespace {
// Under the lock for which the loop waits.
constexpr std::size_t kNodesAtOnce = 4'096;
}  // namespace

void Core::SetSecret(const std::string& name, const std::string& value,
                     const std::string& principal, Reply<std::int64_t> reply) {
  if (const Status serving = Serving(); !serving.ok()) return reply(serving);
  const Status asked = Read([this, name, value, principal, reply](Library& library) {
    reply(secrets_.Set(library, name, value, principal, clock_.Now()));
  });
  if (!asked.ok()) reply(asked);
}

void Core::SetPool(const Pool& pool, Reply<PoolView> reply) {
  Send(
      [this, pool, reply = std::move(reply)](const Answer& answer) {
        if (!answer.status.ok()) return reply(answer.status);
        PoolView view{.pool = pool};
        {
          const std::lock_guard lock(shared_.mutex);
          if (shared_.schedule != nullptr) view.used = shared_.schedule->gates().UsedOf(pool.name);
        }
        reply(std::move(view));
      },
      [&](ReplyId id) {
        return PoolSet{id, pool};
      });
}

void Core::ListPools(Reply<std::vector<PoolView>> reply) {
  if (const Status serving = Serving(); !serving.ok()) return reply(serving);
  std::vector<PoolView> views;
  {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.schedule != nullptr)
      for (const auto& [name, use] : shared_.schedule->gates().pools())
        views.push_back({use.pool, use.used});
  }
  reply(std::move(views));
}

void Core::PauseGraph(const GraphPause& pause, Reply<GraphRevision> reply) {
  const Status asked = Read([this, pause, reply](Library& library) {
    auto revision = library.GetRevision(pause.graph, {});
    if (!revision.ok()) return reply(revision.status());
    Send(
        [reply, revision = *std::move(revision)](const Answer& answer) {
          if (!answer.status.ok()) return reply(answer.status);
          reply(revision);
        },
        [&](ReplyId id) {
          return GraphPaused{id, pause};
        });
  });
  if (!asked.ok()) reply(asked);
}

bool Core::IsPaused(const std::string& graph) {
  const std::lock_guard lock(shared_.mutex);
  return shared_.schedule != nullptr && shared_.schedule->gates().IsPaused(graph);
}

std::set<NodeId> Core::ReadyOf(const std::vector<NodeId>& nodes) {
  std::set<NodeId> ready;
  for (std::size_t begin = 0; begin < nodes.size(); begin += kNodesAtOnce) {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.schedule == nullptr) return ready;
    const std::size_t end = std::min(nodes.size(), begin + kNodesAtOnce);
    for (std::size_t i = begin; i < end; ++i)
      if (const PendingNode* node = shared_.schedule->FindNode(nodes[i]);
          node != nullptr && node->row.state == NodeState::kReady)
        ready.insert(nodes[i]);
  }
  return ready;
}

std::vector<std::string> Core::WhyWaiting(NodeId node) {
  const std::lock_guard lock(shared_.mutex);
  if (shared_.schedule == nullptr)
    return {"this daemon does not lead, and the leader alone knows what it waits for"};
  return fft::WhyWaiting(*shared_.schedule, node);
}

}  // namespace fft
