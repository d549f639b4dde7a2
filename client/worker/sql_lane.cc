#include "client/worker/sql_lane.h"

#include <utility>

#include "client/sql/materialise.h"
#include "client/worker/sql_run.h"
#include "client/worker/times.h"
#include "server/base/clock.h"

namespace fft {

namespace v1 = build::v1;

SqlLane::SqlLane(int slots, Listener listener)
    : listener_(std::move(listener)),
      idle_max_(static_cast<std::size_t>(slots)),
      pool_(slots, "sql") {}

SqlLane::~SqlLane() {
  std::vector<std::int64_t> runs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [run, running] : running_) runs.push_back(run);
  }
  for (const std::int64_t run : runs) Stop(run);
}

void SqlLane::Start(std::shared_ptr<const v1::Grant> grant, const std::string& files,
                    const std::string& service) {
  auto running = std::make_shared<Running>();
  {
    const std::lock_guard lock(mutex_);
    running_[grant->run()] = running;
  }
  pool_.Post([this, grant = std::move(grant), files, service, running = std::move(running)] {
    Run(*grant, files, service, running);
  });
}

void SqlLane::Stop(std::int64_t run) {
  std::shared_ptr<sql::Canceller> canceller;
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(run);
    if (found == running_.end()) return;
    found->second->is_stopped = true;
    canceller = found->second->canceller;
  }
  if (canceller != nullptr) canceller->Cancel();
}

void SqlLane::Run(const v1::Grant& grant, const std::string& files, const std::string& service,
                  const std::shared_ptr<Running>& running) {
  const std::int64_t started_ms = ToMillis(SystemClock().Now());
  const auto make = [&]() -> StatusOr<sql::Made> {
    if (running->is_stopped) return Error(Code::kCancelled, "stopped before it started");
    listener_.started(grant.run(), started_ms);
    auto making = MakingOf(grant, files, service);
    if (!making.ok()) return making.status();
    making->is_stopped = &running->is_stopped;
    auto session = Take(grant.connection());
    if (!session.ok()) return session.status();
    {
      const std::lock_guard lock(mutex_);
      running->canceller = std::make_shared<sql::Canceller>(session->raw());
    }
    auto made = sql::Materialise(*session, *making);
    {
      // A cancel that comes late must not hit the next run of this session.
      const std::lock_guard lock(mutex_);
      running->canceller = nullptr;
    }
    if (!running->is_stopped) GiveBack(grant.connection(), *std::move(session));
    return made;
  };
  const StatusOr<sql::Made> made = make();
  v1::RunReport report = JudgeSql(grant, made, running->is_stopped);
  *report.mutable_start_time() = ToTimestamp(started_ms);
  *report.mutable_end_time() = ToTimestamp(ToMillis(SystemClock().Now()));
  {
    const std::lock_guard lock(mutex_);
    running_.erase(grant.run());
  }
  listener_.ended(std::move(report));
}

StatusOr<sql::Session> SqlLane::Take(const std::string& conninfo) {
  while (true) {
    sql::Session session;
    {
      const std::lock_guard lock(mutex_);
      const auto found = idle_.find(conninfo);
      if (found == idle_.end()) break;
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
