#pragma once

#include <string>
#include <utility>

#include "server/app/archive.h"
#include "server/store/connection.h"

namespace fft {

/// What retention drops, in PostgreSQL, over one connection of its own that is opened anew when it
/// broke.  Used by one thread.
class PgArchive final : public Archive {
 public:
  explicit PgArchive(std::string conninfo) : conninfo_(std::move(conninfo)) {}

  StatusOr<std::int64_t> DropEvents(TimePoint before, int rows_max) override;
  StatusOr<std::int64_t> DropLogs(TimePoint before, int runs_max) override;
  StatusOr<std::int64_t> DropBuilds(TimePoint before, int builds_max) override;
  StatusOr<LivePage> ListLive(PartitionId after, int partitions_max) override;
  StatusOr<std::vector<NodeId>> ListShown(TimePoint before) override;
  StatusOr<RunId> LastRun() override;
  StatusOr<std::vector<OldRun>> ListRunsBelow(RunId below, int runs_max) override;
  Status DropRuns(const std::vector<RunId>& runs) override;
  StatusOr<std::int64_t> DropNodes(TimePoint before, const std::vector<NodeId>& shown,
                                   int nodes_max, NodeId* cursor) override;

 private:
  StatusOr<pg::Result> Query(const std::string& statement, const pg::Params& params,
                             const std::string& doing);
  StatusOr<std::int64_t> Count(const std::string& statement, const pg::Params& params,
                               const std::string& doing);

  const std::string conninfo_;
  pg::Connection connection_;
};

}  // namespace fft
