#include "server/base/error_details.h"
#include "server/store/pg_library.h"

namespace fft {

Status PgLibrary::AppendLog(RunId run, std::int64_t offset, const std::string& bytes) {
  if (offset < 0) return InvalidField("offset", "is negative");
  if (bytes.empty()) return Ok();
  pg::Params params;
  params.Int64(run.value).Int64(offset).Bytes(bytes);
  const Status status = Query("SELECT append_log($1, $2, $3)", params, "append to a log").status();
  return status.code() == Code::kNotFound ? Missing("run", std::to_string(run.value)) : status;
}

StatusOr<std::string> PgLibrary::ReadLog(RunId run, std::int64_t offset, std::int64_t bytes_max) {
  if (offset < 0) return InvalidField("offset", "is negative");
  pg::Params params;
  params.Int64(run.value).Int64(offset).Int64(bytes_max);
  const auto found = Query(
      "SELECT c.\"offset\", c.data FROM log_chunk c WHERE c.run_id = $1 AND "
      "c.\"offset\" >= coalesce((SELECT max(b.\"offset\") FROM log_chunk b "
      "WHERE b.run_id = $1 AND b.\"offset\" <= $2), 0) AND c.\"offset\" - $3 < $2 "
      "ORDER BY c.\"offset\"",
      params, "read a log");
  if (!found.ok()) return found.status();
  std::string log;
  std::int64_t begin = offset;  // of what is wanted and not read yet
  found->ForEach([&](pg::Row& row) {
    const std::int64_t at = row.Int64();
    const std::string_view data = row.View();
    const auto skipped = static_cast<std::size_t>(begin - at);
    if (skipped < data.size()) log += data.substr(skipped);
    begin = offset + static_cast<std::int64_t>(log.size());
  });
  if (static_cast<std::int64_t>(log.size()) > bytes_max)
    log.resize(static_cast<std::size_t>(bytes_max));
  if (!log.empty()) return log;
  const auto known = Query(
      "SELECT EXISTS (SELECT FROM run WHERE id = $1) OR "
      "EXISTS (SELECT FROM lease WHERE run_id = $1)",
      pg::Params().Int64(run.value), "look for a run");
  if (!known.ok()) return known.status();
  if (!known->First().Bool()) return Missing("run", std::to_string(run.value));
  return log;
}

Status PgLibrary::Audit(const std::string& principal, const std::string& method,
                        const std::string& outcome, TimePoint at) {
  pg::Params params;
  params.Time(at).Text(principal).Text(method).Text(outcome);
  return Query("INSERT INTO audit (at, principal, method, outcome) VALUES ($1, $2, $3, $4)", params,
               "write an audit row")
      .status();
}

}  // namespace fft
