#include "server/app/sessions.h"

#include <utility>

namespace fft {

void Sessions::Put(WorkerId worker, ReplyId joined, std::shared_ptr<WorkerSession> session) {
  Open open{joined, std::move(session)};
  {
    const std::lock_guard lock(mutex_);
    std::swap(sessions_[worker], open);
  }
  if (open.session != nullptr)
    open.session->Close(Error(Code::kAborted, "another worker connected under this name"));
}

ReplyId Sessions::Remove(WorkerId worker, const std::shared_ptr<WorkerSession>& session) {
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(worker);
  if (at == sessions_.end() || at->second.session != session) return {};
  const ReplyId joined = at->second.joined;
  sessions_.erase(at);
  return joined;
}

void Sessions::Send(WorkerOrders orders) {
  std::shared_ptr<WorkerSession> session;
  {
    const std::lock_guard lock(mutex_);
    const auto at = sessions_.find(orders.worker);
    if (at == sessions_.end()) return;
    session = at->second.session;
  }
  session->Send(std::move(orders));
}

void Sessions::CloseAll(const Status& why) {
  std::map<WorkerId, Open> closed;
  {
    const std::lock_guard lock(mutex_);
    closed.swap(sessions_);
  }
  for (const auto& [worker, open] : closed) open.session->Close(why);
}

std::size_t Sessions::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace fft
