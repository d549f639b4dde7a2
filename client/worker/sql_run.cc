#include "client/worker/sql_run.h"

#include <nlohmann/json.hpp>

#include "client/worker/outcome.h"
#include "client/worker/times.h"
#include "server/base/percent.h"

namespace fft {
namespace {

namespace v1 = build::v1;

Digest DigestOf(const v1::Grant& grant, const std::string& path) {
  for (const v1::FrozenFile& file : grant.config().files())
    if (file.path() == path) return DigestFromBytes(file.digest()).value_or(Digest{});
  return {};
}

std::string Annotation(const v1::Grant& grant, const char* name) {
  const auto found = grant.annotations().find(name);
  return found == grant.annotations().end() ? "" : found->second;
}

v1::Outcome OutcomeOf(const Status& failed) {
  switch (failed.code()) {
    case Code::kInvalidArgument:
    case Code::kFailedPrecondition: return v1::OUTCOME_FAILED;
    case Code::kDeadlineExceeded: return v1::OUTCOME_TIME_LIMIT;
    // By us; or on the server by somebody else, or by a limit of the server's own.
    case Code::kCancelled:
      return sql::SqlStateOf(failed).empty() ? v1::OUTCOME_CANCELLED : v1::OUTCOME_FAILED;
    case Code::kUnavailable: return v1::OUTCOME_RETRIABLE;
    default: return v1::OUTCOME_INFRASTRUCTURE;
  }
}

/// Whether the grant itself brought the blob.
bool FindGranted(const v1::Grant& grant, const Digest& digest, std::string* text) {
  for (const v1::GrantedText& granted : grant.texts())
    if (granted.digest() == digest.view() && Sha256(granted.data()) == digest) {
      *text = granted.data();
      return true;
    }
  return false;
}

}  // namespace

StatusOr<sql::Making> MakingOf(const v1::Grant& grant, const std::string& service) {
  const std::string& root = grant.root_uri();
  if (grant.config().outputs_size() != 1)
    return Error(Code::kInvalidArgument, "an SQL run makes exactly one relation");
  if (grant.connection().empty())
    return Error(Code::kInvalidArgument,
                 "the daemon has no secret that says how to connect to {}; see SetSecret", root);
  sql::Making making;
  making.task = grant.config().sql();
  making.schema = PercentDecoded(root.substr(root.rfind('/') + 1));
  making.relation = grant.config().outputs(0);
  making.writer = {service, grant.epoch(), grant.run(), grant.node()};
  making.node_name = Annotation(grant, "node_name");
  making.fingerprint = Annotation(grant, "fingerprint");
  making.scan_max = grant.limits().scan_max_bytes();
  making.wall_max = WallMax(grant);
  return making;
}

StatusOr<sql::Making> MakingOf(const v1::Grant& grant, BlobCache& blobs,
                               const std::string& service) {
  auto making = MakingOf(grant, service);
  if (!making.ok()) return making;
  for (const auto& [path, text] : {std::pair(&making->task.query(), &making->query),
                                   std::pair(&making->task.delta_query(), &making->delta_query)}) {
    if (path->empty()) continue;
    const Digest digest = DigestOf(grant, *path);
    if (FindGranted(grant, digest, text)) continue;
    auto read = blobs.ReadText(digest);
    if (!read.ok()) return Error(Code::kUnavailable, "{}: {}", *path, Message(read.status()));
    *text = *std::move(read);
  }
  if (making->task.csv().empty()) return making;
  auto file = blobs.FindFile(DigestOf(grant, making->task.csv()));
  if (!file.ok())
    return Error(Code::kUnavailable, "{}: {}", making->task.csv(), Message(file.status()));
  making->csv = *std::move(file);
  return making;
}

nlohmann::json SqlMetadata(const sql::Made& made) {
  nlohmann::json told = {{"query_duration_ms", made.query_ms}};
  if (made.rows >= 0) told["rows"] = made.rows;
  if (made.scanned >= 0) told["bytes_scanned"] = made.scanned;
  if (made.was_made) told["made_by_an_earlier_attempt"] = true;
  return told;
}

// What was not committed changed nothing; of a COMMIT that broke nobody knows.
bool LeavesRelationAlone(const Status& failed) {
  return !failed.ok() && failed.code() != Code::kUnknown && failed.code() != Code::kAborted;
}

v1::RunReport JudgeSql(const v1::Grant& grant, const StatusOr<sql::Made>& made) {
  if (!made.ok()) {
    const v1::Outcome outcome = OutcomeOf(made.status());
    v1::RunReport report = ReportWithoutExit(
        grant, outcome,
        outcome == v1::OUTCOME_CANCELLED ? "stopped by the daemon" : Message(made.status()));
    report.set_left_outputs_alone(LeavesRelationAlone(made.status()));
    return report;
  }
  v1::RunReport report = ReportWithoutExit(grant, v1::OUTCOME_SUCCEEDED, "");
  report.set_left_outputs_alone(false);
  v1::OutputReport* output = report.add_outputs();
  output->set_ref(grant.config().outputs(0));
  output->set_rows(made->rows);
  output->set_size_bytes(made->bytes);
  report.set_metadata(nlohmann::json({{"sql", SqlMetadata(*made)}}).dump());
  return report;
}

}  // namespace fft
