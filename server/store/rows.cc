#include "server/store/rows.h"

#include <utility>

#include "server/base/check.h"
#include "server/store/json.h"

namespace fft::pg {

namespace {

std::vector<fft::Digest> SplitDigests(std::string_view raw) {
  constexpr std::size_t kBytes = sizeof(fft::Digest::bytes);
  FFT_CHECK(raw.size() % kBytes == 0);
  std::vector<fft::Digest> digests;
  digests.reserve(raw.size() / kBytes);
  for (std::size_t at = 0; at < raw.size(); at += kBytes)
    digests.push_back(*DigestFromBytes(raw.substr(at, kBytes)));
  return digests;
}

}  // namespace

std::string JoinDigests(const std::vector<fft::Digest>& digests) {
  std::string raw;
  for (const fft::Digest& digest : digests) raw += digest.view();
  return raw;
}

Partition ReadPartition(Row& row) {
  Partition partition;
  partition.id = row.As<PartitionId>();
  partition.ns = row.As<NamespaceId>();
  partition.ref = row.Text();
  partition.live.run = row.As<RunId>();
  partition.live.key = row.Digest();
  partition.live.content = row.Digest();
  partition.live.rows = row.Int64();
  partition.live.bytes = row.Int64();
  partition.live.major_version = row.Int32();
  partition.live.is_reusable = row.Bool();
  partition.live.uri = row.Text();
  partition.live.at = row.Time();
  Doubt doubt;
  doubt.uncertain_run = row.As<RunId>();
  doubt.taint = static_cast<std::int32_t>(row.Int64());
  doubt.tainted_before = row.As<RunId>();
  doubt.is_suspect = row.Bool();
  partition.doubt = doubt;
  return partition;
}

StatusOr<Build> ReadBuild(Row& row) {
  Build build;
  build.id = row.As<BuildId>();
  build.request_id = row.Text();
  build.request_digest = row.Digest();
  build.principal = row.Text();
  build.ns = row.Text();
  build.graph = row.Text();
  build.revision = row.Digest();
  build.targets = row.Texts();
  build.options.cache = row.Enum<CacheMode>();
  build.options.rebuild = row.Texts();
  build.options.discipline = row.Enum<Discipline>();
  build.options.jobs_max = row.Int32();
  build.options.keeps_going = row.Bool();
  build.options.priority = row.Int32();
  build.options.deadline = row.Time();
  auto labels = TextsFromJson(row.View());
  if (!labels.ok()) return labels.status();
  build.labels = *std::move(labels);
  build.plan_etag = row.Digest();
  build.state = row.Enum<BuildState>();
  build.reason = row.Enum<Reason>();
  build.message = row.Text();
  NodeCounts& counts = build.counts;
  for (std::int64_t* count :
       {&counts.total, &counts.cached, &counts.cut_off, &counts.joined, &counts.running,
        &counts.succeeded, &counts.failed, &counts.cancelled})
    *count = row.Int64();
  build.received_at = row.Time();
  build.started_at = row.Time();
  build.ended_at = row.Time();
  build.received_event = row.As<EventSeq>();
  build.ended_event = row.As<EventSeq>();
  build.accounts.spent_ms = row.Int64();
  build.accounts.saved_by_cache_ms = row.Int64();
  build.accounts.saved_by_joining_ms = row.Int64();
  build.accounts.saved_by_cut_off_ms = row.Int64();
  return build;
}

Node ReadNode(Row& row) {
  Node node;
  NodePast past;
  node.id = row.As<NodeId>();
  node.kind = row.Enum<NodeKind>();
  node.ns = row.As<NamespaceId>();
  RevisionName of{.graph = row.Text(), .revision = {}};
  of.revision = row.Digest();
  node.of = std::make_shared<const RevisionName>(std::move(of));
  node.config_digest = row.Digest();
  node.plan_key = row.Digest();
  past.result_key = row.Digest();
  node.outputs = row.Ids<PartitionId>();
  node.inputs = row.Ids<PartitionId>();
  node.upstreams = row.Ids<NodeId>();
  node.state = row.Enum<NodeState>();
  node.must_run = row.Bool();
  node.is_reusable = row.Bool();
  node.reason = row.Enum<Reason>();
  node.evidence = row.Text();
  past.message = row.Text();
  past.attempts = row.Int32();
  past.faults = row.Int32();
  past.not_before = row.Time();
  node.planned_at = row.Time();
  past.ended_at = row.Time();
  past.last_run = row.As<RunId>();
  node.past = std::move(past);
  return node;
}

NodeLabelPtr ReadLabel(Row& row) {
  auto label = std::make_shared<NodeLabel>();
  label->id = row.As<NodeId>();
  label->kind = row.Enum<NodeKind>();
  label->ns = row.Text();
  label->job = row.Text();
  label->outputs = row.Texts();
  return label;
}

namespace {

/// What a lease and the run that it becomes have in common.
Lease ReadGrant(Row& row) {
  Lease lease;
  lease.run = row.As<RunId>();
  lease.node = row.As<NodeId>();
  lease.worker = row.As<WorkerId>();
  lease.epoch = row.As<Epoch>();
  lease.result_key = row.Digest();
  lease.input_runs = row.Ids<RunId>();
  lease.input_identities = SplitDigests(row.View());
  lease.granted_at = row.Time();
  lease.is_kill_requested = row.Bool();
  return lease;
}

}  // namespace

Lease ReadLease(Row& row) {
  Lease lease = ReadGrant(row);
  lease.started_at = row.Time();
  return lease;
}

Run ReadRun(Row& row) {
  Run run;
  run.lease = ReadGrant(row);
  RunReport& report = run.report;
  report.run = run.lease.run;
  report.epoch = row.As<Epoch>();
  report.outcome = row.Enum<Outcome>();
  report.exit_code = row.Int32();
  report.signal = row.Int32();
  report.message = row.Text();
  report.left_outputs_alone = row.Bool();
  report.started_at = row.Time();
  report.ended_at = row.Time();
  report.cpu_ms = row.Int64();
  report.rss_max = row.Int64();
  report.log_bytes = row.Int64();
  report.metadata = row.Text();
  report.stdout_text = row.Text();
  run.reason = row.Enum<Reason>();
  return run;
}

Materialisation ReadMaterialisation(Row& row) {
  Materialisation left;
  left.run = row.As<RunId>();
  left.key = row.Digest();
  left.content = row.Digest();
  left.rows = row.Int64();
  left.bytes = row.Int64();
  left.major_version = row.Int32();
  left.is_reusable = row.Bool();
  left.uri = row.Text();
  left.at = row.Time();
  return left;
}

Attachment ReadAttachment(Row& row) {
  Attachment attachment;
  attachment.build = row.As<BuildId>();
  attachment.opened_by = row.As<EventSeq>();
  attachment.nodes = row.Ids<NodeId>();
  attachment.levels = row.Ints<int>();
  attachment.joined = row.Ints<std::uint8_t>();
  attachment.reasons = row.Ints<std::uint8_t>();
  return attachment;
}

Withdrawal ReadWithdrawal(Row& row) {
  Withdrawal withdrawal;
  withdrawal.build = row.As<BuildId>();
  withdrawal.node = row.As<NodeId>();
  withdrawal.reason = row.Enum<Reason>();
  withdrawal.closed_by = row.As<EventSeq>();
  return withdrawal;
}

BuildHits ReadHits(Row& row) {
  BuildHits hits;
  hits.build = row.As<BuildId>();
  hits.partitions = row.Ids<PartitionId>();
  hits.runs = row.Ids<RunId>();
  return hits;
}

Worker ReadWorker(Row& row) {
  Worker worker;
  worker.id = row.As<WorkerId>();
  worker.name = row.Text();
  worker.host = row.Text();
  worker.slots = row.Int32();
  worker.labels = row.Texts();
  worker.protocol = row.Int32();
  worker.is_draining = row.Bool();
  worker.connected_at = row.Time();
  return worker;
}

}  // namespace fft::pg
