#include <string>
#include <utility>

#include "server/app/core_send.h"

// Workers: connected, heard, gone.

namespace fft {

void Core::WorkerConnected(WorkerHello hello, std::shared_ptr<WorkerSession> session,
                           Reply<WorkerWelcome> reply) {
  Worker worker{.id = {},
                .name = hello.name,
                .host = hello.host,
                .slots = hello.slots,
                .labels = hello.labels,
                .protocol = hello.protocol};
  Send(
      // Called before the orders of the same batch leave.  Registered before it is welcome, or a
      // stream that breaks in between would be registered for ever.
      [this, session = std::move(session), reply = std::move(reply)](const Answer& answer) {
        if (!answer.status.ok()) return reply(answer.status);
        sessions_.Put(answer.worker->id, answer.reply, session);
        reply(WorkerWelcome{.worker = answer.worker->id,
                            .epoch = Epoch{epoch_.load()},
                            .heartbeat_every = options_.heartbeat_every,
                            .lease_length = options_.lease_length,
                            .orphan_after = options_.schedule.orphan_after,
                            .service = service_id_});
      },
      [&](ReplyId id) {
        return WorkerJoined{id, std::move(worker), std::move(hello.held)};
      });
}

void Core::WorkerSaid(WorkerNews news) {
  // Answered here, so that a leader without its database still keeps its workers going.
  if (news.is_heartbeat) sessions_.Send({.worker = news.worker, .epoch = Epoch{epoch_.load()}});
  if (news.started.empty() && news.reports.empty()) return;
  (void)inbox_.PushUrgent(
      WorkerHeard{news.worker, std::move(news.started), std::move(news.reports)});
}

void Core::WorkerGone(WorkerId worker, const std::shared_ptr<WorkerSession>& session) {
  if (const ReplyId joined = sessions_.Remove(worker, session))
    (void)inbox_.PushUrgent(WorkerLeft{worker, joined});
}

void Core::DrainWorker(const std::string& name, bool is_draining, Reply<WorkerView> reply) {
  Send(Viewing(std::move(reply)), [&](ReplyId id) { return WorkerDrained{id, name, is_draining}; });
}

void Core::MarkWorkerDead(const std::string& name, Reply<WorkerView> reply) {
  Send(Viewing(std::move(reply)), [&](ReplyId id) { return WorkerDied{id, name}; });
}

std::function<void(const Answer&)> Core::Viewing(Reply<WorkerView> reply) {
  return [this, reply = std::move(reply)](const Answer& answer) {
    if (!answer.status.ok()) return reply(answer.status);
    reply(ViewOf(*answer.worker));
  };
}

WorkerView Core::ViewOf(const Worker& row) {
  WorkerView view{.worker = row, .is_connected = false, .runs = {}};
  const std::lock_guard lock(shared_.mutex);
  if (shared_.schedule == nullptr) return view;
  const auto at = shared_.schedule->workers().find(row.id);
  if (at == shared_.schedule->workers().end()) return view;
  view.is_connected = at->second.is_connected;
  view.runs.assign(at->second.leases.begin(), at->second.leases.end());
  return view;
}

void Core::ListWorkers(Reply<std::vector<WorkerView>> reply) {
  if (const Status serving = Serving(); !serving.ok()) return reply(serving);
  std::vector<WorkerView> views;
  {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.schedule != nullptr)
      for (const auto& [id, worker] : shared_.schedule->workers())
        views.push_back(
            {worker.row, worker.is_connected, {worker.leases.begin(), worker.leases.end()}});
  }
  reply(std::move(views));
}

}  // namespace fft
