#include <algorithm>

#include "server/store/rows.h"
#include "server/store/tables.h"

namespace fft::pg {

Records RunRows(const std::vector<Run>& runs) {
  Records rows;
  for (const Run& run : runs) {
    const Lease& lease = run.lease;
    const RunReport& report = run.report;
    rows.Next();
    rows.Int64(lease.run.value).Int64(lease.node.value).Int64(lease.worker.value);
    rows.Int64(lease.epoch.value).Digest(lease.result_key).Ids(lease.input_runs);
    rows.Bytes(JoinDigests(lease.input_identities)).Time(lease.granted_at);
    rows.Bool(lease.is_kill_requested).Int64(report.epoch.value).Enum(report.outcome);
    rows.Int32(report.exit_code).Int32(report.signal).Text(report.message);
    rows.Bool(report.left_outputs_alone).Time(report.started_at).Time(report.ended_at);
    rows.Int64(report.cpu_ms).Int64(report.rss_max).Int64(report.log_bytes);
    rows.Text(report.metadata).TextOrNull(report.stdout_text).Enum(run.reason);
  }
  return rows;
}

Records MaterialisationRows(const std::vector<Run>& runs) {
  Records rows;
  for (const Run& run : runs) {
    if (run.report.outcome != Outcome::kSucceeded) continue;
    const std::size_t count = std::min(run.outputs.size(), run.report.outputs.size());
    for (std::size_t i = 0; i < count; ++i) {
      const OutputReport& output = run.report.outputs[i];
      rows.Next();
      rows.Int64(run.outputs[i].value).Int64(run.lease.run.value).Digest(run.lease.result_key);
      rows.Digest(output.content).Int64(output.rows).Int64(output.bytes).Int32(run.major_version);
      rows.Bool(run.is_reusable).Text(output.uri).Time(run.report.ended_at);
    }
  }
  return rows;
}

}  // namespace fft::pg
