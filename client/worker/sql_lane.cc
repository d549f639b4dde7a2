#include "client/worker/sql_lane.h"

#include <iterator>
#include <utility>

#include "client/sql/materialise.h"
#include "client/worker/sql_run.h"
#include "client/worker/times.h"
#include "server/base/clock.h"

namespace fft {

namespace v1 = build::v1;

SqlLane::SqlLane(int slots, BlobCache& blobs, Listener listener)
    : blobs_(blobs),
      listener_(std::move(listener)),
      idle_max_(static_cast<std::size_t>(slots)),
      pool_(slots, "sql") {}

SqlLane::~SqlLane() {
  const std::lock_guard lock(mutex_);
  for (auto& [run, stop] : stops_) stop.request_stop();
}

void SqlLane::Start(std::shared_ptr<const v1::Grant> grant, const std::string& service) {
  std::stop_token stop;
  {
    const std::lock_guard lock(mutex_);
    stop = stops_[grant->run()].get_token();
  }
  pool_.Post([this, grant = std::move(grant), service, stop = std::move(stop)] {
    Run(*grant, service, stop);
  });
}

void SqlLane::Stop(std::int64_t run) {
  const std::lock_guard lock(mutex_);
  if (const auto found = stops_.find(run); found != stops_.end()) found->second.request_stop();
}

void SqlLane::Run(const v1::Grant& grant, const std::string& service, const std::stop_token& stop) {
  const std::int64_t started_ms = ToMillis(SystemClock().Now());
  const auto make = [&]() -> StatusOr<sql::Made> {
    if (stop.stop_requested()) return Error(Code::kCancelled, "stopped before it started");
    listener_.started(grant.run(), started_ms);
    auto making = MakingOf(grant, blobs_, service);
    if (!making.ok()) return making.status();
    making->stop = stop;
    auto session = Take(grant.connection());
    if (!session.ok()) return session.status();
    auto made = sql::Materialise(*session, *making);
    // A cancel that comes late must not hit the next run.
    const bool was_cancelled = stop.stop_requested() || made.status().code() == Code::kCancelled ||
                               made.status().code() == Code::kDeadlineExceeded;
    if (!was_cancelled) GiveBack(grant.connection(), *std::move(session));
    return made;
  };
  const StatusOr<sql::Made> made = make();
  v1::RunReport report = JudgeSql(grant, made);
  *report.mutable_start_time() = ToTimestamp(started_ms);
  *report.mutable_end_time() = ToTimestamp(ToMillis(SystemClock().Now()));
  {
    const std::lock_guard lock(mutex_);
    stops_.erase(grant.run());
  }
  listener_.ended(std::move(report));
}

StatusOr<sql::Session> SqlLane::Take(const std::string& conninfo) {
  while (true) {
    sql::Session session;
    {
      const std::lock_guard lock(mutex_);
      // The last one: it knows the relations that were made just now.
      const auto [begin, end] = idle_.equal_range(conninfo);
      if (begin == end) break;
      const auto found = std::prev(end);
      session = std::move(found->second);
      idle_.erase(found);
    }
    if (session.IsAlive()) return session;
  }
  return sql::Session::Open(conninfo, "fft-worker");
}

void SqlLane::GiveBack(const std::string& conninfo, sql::Session session) {
  if (!session.IsAlive()) return;
  const std::lock_guard lock(mutex_);
  if (idle_.size() >= idle_max_) idle_.erase(idle_.begin());
  idle_.emplace(conninfo, std::move(session));
}

}  // namespace fft
