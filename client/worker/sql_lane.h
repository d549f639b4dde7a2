#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/sql/session.h"
#include "client/worker/records.pb.h"
#include "client/worker/work_pool.h"

namespace fft {

/// Runs SQL for the agent: a thread for each slot, which waits while the server works.  Sessions
/// are kept for the next run of the same warehouse.  Safe from any thread.
class SqlLane {
 public:
  /// Both are called on threads of the lane.
  struct Listener {
    std::function<void(std::int64_t run, std::int64_t at_ms)> started;
    std::function<void(build::v1::RunReport)> ended;
  };
  SqlLane(int slots, Listener listener);
  /// Stops what runs, on the server too.
  ~SqlLane();

  void Start(std::shared_ptr<const build::v1::Grant> grant, const std::string& files,
             const std::string& service);
  /// It ends soon, by `ended` like every run.
  void Stop(std::int64_t run);

 private:
  struct Running {
    std::atomic<bool> is_stopped = false;
    std::shared_ptr<sql::Canceller> canceller;  // once it has a session
  };

  void Run(const build::v1::Grant& grant, const std::string& files, const std::string& service,
           const std::shared_ptr<Running>& running);
  StatusOr<sql::Session> Take(const std::string& conninfo);
  void GiveBack(const std::string& conninfo, sql::Session session);

  const Listener listener_;
  const std::size_t idle_max_;
  std::mutex mutex_;
  std::unordered_map<std::int64_t, std::shared_ptr<Running>> running_;  // waiting ones, too
  std::multimap<std::string, sql::Session> idle_;                       // by conninfo
  WorkPool pool_;  // last, so that its threads end first
};

}  // namespace fft
