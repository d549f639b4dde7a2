#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "server/app/service.h"

namespace fft {

/// The open streams of workers.  Safe from any thread.
class Sessions {
 public:
  /// The newest session of a worker replaces the one before, which is closed.  `joined`: of the
  /// command that announced it.
  void Put(WorkerId worker, ReplyId joined, std::shared_ptr<WorkerSession> session);
  /// The command that announced `session`; none when another one has taken its place.
  ReplyId Remove(WorkerId worker, const std::shared_ptr<WorkerSession>& session);
  /// To a worker without a session: lost, like any message.
  void Send(WorkerOrders orders);
  void CloseAll(const Status& why);
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  struct Open {
    ReplyId joined;
    std::shared_ptr<WorkerSession> session;
  };
  std::map<WorkerId, Open> sessions_;
};

}  // namespace fft
