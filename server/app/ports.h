#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/app/library.h"
#include "server/base/status.h"
#include "server/domain/change_set.h"
#include "server/domain/event.h"
#include "server/domain/job.h"
#include "server/domain/orders.h"

namespace fft {

/// Where the daemon's state is kept.  PgStore in the daemon, MemoryStore in the tests.
/// Used by one thread at a time: the committer, and at start the loop.
class Store {
 public:
  virtual ~Store() = default;

  /// Makes this process the leader: ends the sessions of earlier epochs and returns a new, higher
  /// one.  FAILED_PRECONDITION when another living leader holds the database (ANOTHER_LEADER,
  /// metadata `holder` and `address`); one that commits nothing for long is not taken for living.
  virtual StatusOr<Epoch> TakeLead(const std::string& holder) = 0;

  virtual StatusOr<Snapshot> Load() = 0;

  /// All of `changes` or none, in one round trip.  No changes at all still show those who would
  /// lead that this leader lives.
  ///   ABORTED      `epoch` is over: another daemon leads
  ///   UNAVAILABLE  the database is gone and nothing was written
  ///   UNKNOWN      the connection broke during commit: written or not, read before going on
  virtual Status Commit(Epoch epoch, const ChangeSet& changes) = 0;
};

/// Whether the data at a URI exists.  Blocks; never called by the loop.
class Prober {
 public:
  virtual ~Prober() = default;
  /// Parallel to `uris`: 1 when it exists.
  ///   FAILED_PRECONDITION  WAREHOUSE_UNREACHABLE: where the data would be nobody answers
  virtual StatusOr<std::vector<char>> Exist(const std::vector<std::string>& uris) = 0;
  /// The content of a source.  NOT_FOUND names the URI.
  virtual StatusOr<Digest> Content(const std::string& uri, std::int64_t* bytes) = 0;
  /// When anything of a source was last changed, by its file system's clock; TimePoint::max() when
  /// that can't be told.
  virtual TimePoint ChangedAt(const std::string& uri) = 0;
};

}  // namespace fft
