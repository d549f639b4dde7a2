#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "server/app/ports.h"
#include "server/store/changes.h"
#include "server/store/connection.h"

namespace fft {

/// The daemon's state in PostgreSQL, over one connection of its own.
///
/// Used by one thread at a time: the committer, and at start the loop.  A commit is one round trip
/// in libpq's pipeline mode: the epoch's row first, which fails for who does not lead, then one
/// statement a table.  Where a table gets very many new rows they follow by COPY, before the end of
/// the same transaction.  The leader's session holds an advisory lock, which its end releases:
/// whoever gets the lock knows that no commit of an earlier session is still under way.  A lost
/// connection is opened again by the next call, which takes the lock again before it does anything
/// else.
class PgStore final : public Store {
 public:
  struct LeadOptions {
    std::string address;        // where others reach us
    Duration patience{10'000};  // a leader that commits nothing for so long has no lead any more
  };
  explicit PgStore(std::string conninfo) : PgStore(std::move(conninfo), LeadOptions{}) {}
  PgStore(std::string conninfo, LeadOptions options)
      : conninfo_(std::move(conninfo)), options_(std::move(options)) {}

  StatusOr<Epoch> TakeLead(const std::string& holder) override;
  /// ABORTED, too, when this process led and another one does now.
  StatusOr<Snapshot> Load() override;
  Status Commit(Epoch epoch, const ChangeSet& changes) override;

 private:
  /// What a commit has sent, and what is to follow.
  struct Sent {
    std::size_t statements = 0;  // before COMMIT
    std::vector<std::pair<const char*, std::string>>
        copies;  // table and rows; none: COMMIT is sent
  };

  /// Opens the connection if there is none that works, and takes the lock again if we led.
  Status Connect();
  Status Prepare();
  /// Waits a little for a session that is about to end.  FAILED_PRECONDITION: another one leads;
  /// ABORTED: `own`, under which we led, is over.
  Status TakeLock(Epoch own);
  StatusOr<bool> TryLock();
  /// Whether the leader's row has not changed for longer than our patience.
  StatusOr<bool> IsLeaderSilent();
  /// ABORTED when another epoch is current.
  Status CheckEpoch(Epoch own);
  Status EndSessions(Epoch newest);
  Status DescribeLeader();

  /// False when the connection was lost before all was sent.
  bool Send(const pg::Params& lead, const ChangeSet& changes, Sent* sent);
  bool SendPrepared(const char* statement, const pg::Params& params);
  Status Receive(const Sent& sent);
  Status CopyAndCommit(const Sent& sent);

  Status LoadCatalog(Snapshot& snapshot);
  Status LoadOperatorsWishes(Snapshot& snapshot);
  Status LoadBuilds(Snapshot& snapshot);
  Status LoadNodes(Snapshot& snapshot);
  Status LoadNumbers(Snapshot& snapshot);

  const std::string conninfo_;
  const LeadOptions options_;
  pg::Connection connection_;
  std::vector<std::uint32_t> row_types_;  // by ChangeStatement: what this database calls them
  pg::KnownConfigs known_configs_;
  Epoch epoch_;              // the last that this process led under; none: it never did
  std::string leader_seen_;  // the version of the leader's row when it was refused us last
  std::chrono::steady_clock::time_point leader_seen_at_{};
};

}  // namespace fft
