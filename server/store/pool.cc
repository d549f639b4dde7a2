#include "server/store/pool.h"

#include <chrono>
#include <utility>

namespace fft::pg {

namespace {
constexpr std::chrono::seconds kPatience{10};
}

StatusOr<Pool::Lease> Pool::Take() {
  Connection connection;
  {
    std::unique_lock lock(mutex_);
    if (!is_free_.wait_for(lock, kPatience, [&] { return taken_ < connections_max_; }))
      return Error(Code::kUnavailable, "all {} database connections for reads are busy",
                   connections_max_);
    ++taken_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection.IsAlive()) return Lease(*this, std::move(connection));
  auto opened = Connection::Open(conninfo_, "fftd reads");
  if (opened.ok()) return Lease(*this, *std::move(opened));
  GiveBack({});
  return opened.status();
}

void Pool::GiveBack(Connection connection) {
  const bool is_usable =
      connection.IsAlive() && PQtransactionStatus(connection.raw()) == PQTRANS_IDLE;
  {
    const std::lock_guard lock(mutex_);
    --taken_;
    if (is_usable) idle_.push_back(std::move(connection));
  }
  is_free_.notify_one();
}

}  // namespace fft::pg
