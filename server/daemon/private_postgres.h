#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

#include "server/base/status.h"
#include "server/daemon/keeper.h"

namespace fft {

class Cluster;

/// A PostgreSQL of our own: made once in a folder, reached through a Unix socket alone, with fsync.
///
/// Its server is no child of ours and outlives us: the next Start() on the folder adopts it.  While
/// an object lives, a thread of its own starts the server again whenever it dies.  When we are
/// root, the server runs as the user `postgres`; if that user cannot get to the folder, the
/// data lies below /var/lib/fft and `folder` becomes a link to it.
class PrivatePostgres {
 public:
  /// Makes, starts or adopts the server of `folder`, whose parent exists.  Errors name the program
  /// that failed, with its last words, or the log that has them.
  static StatusOr<std::unique_ptr<PrivatePostgres>> Start(const std::string& folder);
  /// Leaves the server running.
  ~PrivatePostgres();

  /// For libpq: the database `fft` as its owner, without a password.
  std::string conninfo() const;
  /// The URI of the database `warehouse`, for people's relations.
  std::string warehouse() const;
  /// The server's main process.
  pid_t pid() const { return keeper_->pid(); }
  /// How often the server died and was started again.
  int revivals() const { return keeper_->revivals(); }
  bool is_adopted() const { return is_adopted_; }

  /// Ends the server: open transactions are rolled back, everything is on disk.
  Status Stop();

 private:
  explicit PrivatePostgres(Cluster cluster);

  const std::unique_ptr<const Cluster> cluster_;
  bool is_adopted_ = false;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace fft
