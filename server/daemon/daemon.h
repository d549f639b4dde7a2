#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/base/status.h"
#include "server/config/config.h"

namespace fft {

/// The version of this program: 0.1.0.
const char* ProgramVersion();

/// The daemon itself: database, use cases, gRPC and metrics, wired together.
///
/// Used by one thread.  It serves calls as soon as it is started, but refuses commands while it
/// does not lead or the database is away; health checks say NOT_SERVING meanwhile.
class Daemon {
 public:
  /// Migrates the database, listens and begins to lead.  `config.database` is set; an empty
  /// `config.listen` is the default socket.  Waits for a database that is not there for up to 30 s.
  static StatusOr<std::unique_ptr<Daemon>> Start(const Config& config);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Waits until it leads and takes commands.  DEADLINE_EXCEEDED says why not yet.
  Status AwaitServing(Duration limit) const;
  /// Drains: takes no more calls, waits for open ones as long as the configuration says, then
  /// leaves.  What was acknowledged is committed; runs go on.  Idempotent.
  void Stop();

  /// As in the configuration, with the ports that were chosen where it said 0.
  const std::vector<std::string>& addresses() const;
  /// 0: no metrics.
  int metrics_port() const;

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace fft
