#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "client/sql/materialise.h"
#include "client/sql/session.h"
#include "client/worker/blob_cache.h"
#include "client/worker/records.pb.h"
#include "server/base/status.h"

namespace fft {

/// What a grant of RUNNER_SQL asks for, but for its files.  `service`: of the daemon.
/// INVALID_ARGUMENT: the grant says too little.
StatusOr<sql::Making> MakingOf(const build::v1::Grant& grant, const std::string& service);
/// The same with the texts and the file that the task names.
StatusOr<sql::Making> MakingOf(const build::v1::Grant& grant, BlobCache& blobs,
                               const std::string& service);

/// Numbers of what happened, for a run's metadata: a JSON object; what is not known is left out.
nlohmann::json SqlMetadata(const sql::Made& made);

/// Whether the relation is for certain as it was when making it failed so.
bool LeavesRelationAlone(const Status& failed);

/// The report that follows from how it ended.
build::v1::RunReport JudgeSql(const build::v1::Grant& grant, const StatusOr<sql::Made>& made);

}  // namespace fft
