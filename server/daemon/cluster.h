#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "server/base/status.h"
#include "server/base/time.h"
#include "server/daemon/process.h"

namespace fft {

/// Where a PostgreSQL cluster of ours lies, and PostgreSQL's own programs for it.  Each call waits
/// for its program.  Used by one thread at a time.
class Cluster {
 public:
  /// Finds the programs and makes the folder, owned by whoever is to run the server.
  static StatusOr<Cluster> Prepare(const std::string& folder);

  /// Makes the data on disk unless it is there: whole or not at all.
  Status Init() const;
  /// The server's main process, if one runs on the data, whoever started it.
  std::optional<pid_t> FindServer() const;
  /// A server that takes connections: the one that is there, or a new one.  Tries for 20 s, and for
  /// 10 min while there is one that recovers.
  StatusOr<pid_t> FindOrStartServer(bool* is_adopted) const;
  /// Makes the databases unless they are there: `fft`, the daemon's own, and `warehouse`, for
  /// relations of those who have no other place.
  Status MakeDatabases() const;
  Status StopServer() const;

  const std::string& socket_folder() const { return socket_folder_; }
  const std::string& log() const { return log_; }

 private:
  Cluster() = default;
  /// Removes a lock whose process number is by now somebody else's.
  void DropForeignLock() const;
  Status MakeFolders(const std::string& folder);
  /// PostgreSQL's program `name` with `arguments`, as the server's user, in `place_`.
  Program Tool(const std::string& name, std::vector<std::string> arguments) const;
  Status RunTool(const std::string& name, std::vector<std::string> arguments, Duration limit) const;

  std::string programs_;  // folder of initdb, pg_ctl ...
  std::string place_;     // holds `data` and `log`
  std::string data_;
  std::string socket_folder_;
  std::string log_;
  bool is_other_user_ = false;  // we are root: the server is not
};

}  // namespace fft
