#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "client/sql/session.h"
#include "client/worker/blob_cache.h"
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
  SqlLane(int slots, BlobCache& blobs, Listener listener);
  /// Stops what runs, on the server too.
  ~SqlLane();

  void Start(std::shared_ptr<const build::v1::Grant> grant, const std::string& service);
  /// It ends soon, by `ended` like every run.  Does not wait.
  void Stop(std::int64_t run);

 private:
  void Run(const build::v1::Grant& grant, const std::string& service, const std::stop_token& stop);
  StatusOr<sql::Session> Take(const std::string& conninfo);
  void GiveBack(const std::string& conninfo, sql::Session session);

  BlobCache& blobs_;
  const Listener listener_;
  const std::size_t idle_max_;
  std::mutex mutex_;
  std::unordered_map<std::int64_t, std::stop_source> stops_;  // of runs that have not ended
  std::multimap<std::string, sql::Session> idle_;             // by conninfo
  WorkPool pool_;                                             // last, so that its threads end first
};

}  // namespace fft
