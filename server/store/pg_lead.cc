#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "server/base/error_details.h"
#include "server/base/log.h"
#include "server/store/pg_store.h"

namespace fft {

namespace {

// Any number that is nobody else's: "FFTl".
constexpr char kTryLock[] = "SELECT pg_try_advisory_lock(1179014252)";
constexpr char kLeader[] = "SELECT epoch, holder, since::text, address FROM leader";
constexpr char kTakeEpoch[] =
    "UPDATE leader SET epoch = epoch + 1, holder = $1::text, since = now(), address = $2::text "
    "RETURNING epoch";
// Each commit, an empty one too, leaves another version of the row.
constexpr char kVersion[] = "SELECT epoch, epoch || ' ' || xmin::text FROM leader";
// Waits for the end of each: until then it may still hold locks, or commit.
constexpr char kEndSessions[] =
    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name ~ '^fftd epoch [0-9]+$' "
    "AND substring(application_name FROM 12)::bigint <= $1::bigint";

// PostgreSQL needs an instant to see that a killed leader is gone.
constexpr std::chrono::milliseconds kPatience{2000};
constexpr std::chrono::milliseconds kBetweenTries{20};

}  // namespace

StatusOr<Epoch> PgStore::TakeLead(const std::string& holder) {
  epoch_ = {};
  known_configs_.Clear();
  Status status = Connect();
  if (status.ok()) status = TakeLock({});
  if (!status.ok()) return status;
  const auto current = connection_.Query(kLeader, {}, "read the epoch");
  if (!current.ok()) return current.status();
  if (status = EndSessions(current->First().As<Epoch>()); !status.ok()) return status;
  const auto taken = connection_.Query(kTakeEpoch, pg::Params().Text(holder).Text(options_.address),
                                       "take the lead");
  if (!taken.ok()) return taken.status();
  const Epoch epoch = taken->First().As<Epoch>();
  status = connection_.Run(fmt::format("SET application_name = 'fftd epoch {}'", epoch.value),
                           "name the session");
  if (!status.ok()) return status;
  epoch_ = epoch;
  leader_seen_.clear();
  return epoch;
}

StatusOr<bool> PgStore::TryLock() {
  const auto tried = connection_.Query(kTryLock, {}, "take the leader's lock");
  if (!tried.ok()) return tried.status();
  return tried->First().Bool();
}

Status PgStore::TakeLock(Epoch own) {
  // Who was refused before asks again and again: it need not wait.
  const bool is_known = !own && !leader_seen_.empty();
  const auto give_up_at =
      std::chrono::steady_clock::now() + (is_known ? std::chrono::milliseconds(0) : kPatience);
  while (true) {
    const auto has_lock = TryLock();
    if (!has_lock.ok()) return has_lock.status();
    if (own) {
      if (const Status status = CheckEpoch(own); !status.ok()) return status;
    }
    if (*has_lock) break;
    if (!own) {
      const auto is_silent = IsLeaderSilent();
      if (!is_silent.ok()) return is_silent.status();
      if (*is_silent) continue;  // its sessions were ended
    }
    if (std::chrono::steady_clock::now() >= give_up_at) return DescribeLeader();
    // A session of our own epoch is one that we lost: it may still be at its last commit.
    if (own) {
      if (const Status status = EndSessions(own); !status.ok()) return status;
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
  if (!own) return Ok();
  return connection_.Run(fmt::format("SET application_name = 'fftd epoch {}'", own.value),
                         "name the session");
}

// Its sessions are ended: if it still lives it cannot write any more.
StatusOr<bool> PgStore::IsLeaderSilent() {
  const auto found = connection_.Query(kVersion, {}, "look at the leader");
  if (!found.ok()) return found.status();
  pg::Row row = found->First();
  const auto epoch = row.As<Epoch>();
  const std::string version = row.Text();
  const auto now = std::chrono::steady_clock::now();
  if (version != leader_seen_) {
    leader_seen_ = version;
    leader_seen_at_ = now;
    return false;
  }
  if (now - leader_seen_at_ < options_.patience) return false;
  LogWarning("the leader has committed nothing for {} ms: its sessions are ended",
             options_.patience.count());
  leader_seen_.clear();
  if (const Status status = EndSessions(epoch); !status.ok()) return status;
  return true;
}

Status PgStore::CheckEpoch(Epoch own) {
  const auto found = connection_.Query(kLeader, {}, "read the epoch");
  if (!found.ok()) return found.status();
  pg::Row row = found->First();
  const std::int64_t epoch = row.Int64();
  if (epoch == own.value) return Ok();
  return Error(Code::kAborted, "epoch {} is over: {} leads under epoch {}", own.value, row.Text(),
               epoch);
}

Status PgStore::EndSessions(Epoch newest) {
  return connection_.Query(kEndSessions, pg::Params().Int64(newest.value), "end earlier sessions")
      .status();
}

Status PgStore::DescribeLeader() {
  const auto found = connection_.Query(kLeader, {}, "read who leads");
  if (!found.ok()) return found.status();
  pg::Row row = found->First();
  const std::int64_t epoch = row.Int64();
  const std::string holder = row.Text();
  const std::string since = row.Text();
  const std::string address = row.Text();
  return WithDetails(Error(Code::kFailedPrecondition,
                           "{} leads this database under epoch {} since {}", holder, epoch, since),
                     {.reason = "ANOTHER_LEADER",
                      .metadata = {{"holder", holder},
                                   {"epoch", std::to_string(epoch)},
                                   {"since", since},
                                   {"address", address}},
                      .fields = {}});
}

}  // namespace fft
