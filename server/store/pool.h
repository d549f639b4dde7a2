#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "server/base/status.h"
#include "server/store/connection.h"

namespace fft::pg {

/// Up to `connections_max` sessions for reads, opened when they are needed.
///
/// Safe from any thread: the lock is held to take or give back, never across a call to the server.
/// Sessions that broke are dropped; the next taker opens another.
class Pool {
 public:
  Pool(std::string conninfo, int connections_max)
      : conninfo_(std::move(conninfo)), connections_max_(connections_max) {}

  /// A session for one use; goes back by itself.
  class Lease {
   public:
    Lease(Pool& pool, Connection connection) : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->GiveBack(std::move(connection_));
    }
    Connection* operator->() { return &connection_; }
    Connection& operator*() { return connection_; }

   private:
    Pool* pool_;
    Connection connection_;
  };

  /// Waits for a free one.  UNAVAILABLE when the database is not there, or none comes free.
  StatusOr<Lease> Take();

 private:
  void GiveBack(Connection connection);

  const std::string conninfo_;
  const int connections_max_;
  std::mutex mutex_;
  std::condition_variable is_free_;
  std::vector<Connection> idle_;
  int taken_ = 0;
};

}  // namespace fft::pg
