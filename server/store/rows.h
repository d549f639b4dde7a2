#pragma once

#include <string>

#include "server/base/status.h"
#include "server/domain/change_set.h"
#include "server/store/row.h"

namespace fft::pg {

// Select lists and what reads a row of them.  The order of a list is the order of its reader; more
// columns may follow.

inline constexpr char kPartitionList[] =
    "p.id, p.namespace_id, p.ref, p.live_run, p.live_key, p.live_content, p.live_rows, "
    "p.live_bytes, p.live_major_version, p.live_is_reusable, p.live_uri, p.live_at, "
    "p.uncertain_run, p.taint, p.tainted_before, p.is_suspect";
Partition ReadPartition(Row& row);

inline constexpr char kBuildList[] =
    "b.id, b.request_id, b.request_digest, b.principal, b.namespace, b.graph, b.revision, "
    "b.targets, b.cache_mode, b.rebuild, b.discipline, b.jobs_max, b.keeps_going, b.priority, "
    "b.deadline, b.labels::text, b.plan_etag, b.state, b.reason, b.message, b.nodes_total, "
    "b.nodes_cached, b.nodes_cut_off, b.nodes_joined, b.nodes_running, b.nodes_succeeded, "
    "b.nodes_failed, "
    "b.nodes_cancelled, b.received_at, b.started_at, b.ended_at, b.received_event, b.ended_event, "
    "b.spent_ms, b.saved_by_cache_ms, b.saved_by_joining_ms, b.saved_by_cut_off_ms";
StatusOr<Build> ReadBuild(Row& row);

/// Without the config, of which only the digest is here.
inline constexpr char kNodeList[] =
    "n.id, n.kind, n.namespace_id, n.graph, n.revision, n.config_digest, n.plan_key, "
    "n.result_key, n.outputs, n.inputs, n.upstreams, n.state, n.must_run, n.is_reusable, "
    "n.reason, n.evidence, n.message, n.attempts, n.faults, n.not_before, n.planned_at, "
    "n.ended_at, n.last_run";
Node ReadNode(Row& row);

/// What people are told of a node; needs a join with namespace s.
inline constexpr char kLabelList[] =
    "n.id, n.kind, s.name, n.job, "
    "ARRAY(SELECT o.ref FROM unnest(n.outputs) WITH ORDINALITY u(id, place) "
    "JOIN partition o ON o.id = u.id ORDER BY u.place)";
NodeLabelPtr ReadLabel(Row& row);

inline constexpr char kLeaseList[] =
    "l.run_id, l.node_id, l.worker_id, l.epoch, l.result_key, l.input_runs, l.input_identities, "
    "l.granted_at, l.is_kill_requested, l.started_at";
Lease ReadLease(Row& row);

/// The state of node n as its lease g, if it has one, tells it: a node's own row says nothing of
/// it while it runs.
inline constexpr char kLiveState[] =
    "(CASE WHEN g.run_id IS NULL THEN n.state WHEN g.started_at IS NULL THEN 1 ELSE 2 END)"
    "::smallint";

/// As a build sees it, which may have left the node to others: withdrawal w.
inline constexpr char kStateInBuild[] =
    "(CASE WHEN w.node_id IS NOT NULL THEN 6 WHEN g.run_id IS NULL THEN n.state "
    "WHEN g.started_at IS NULL THEN 1 ELSE 2 END)::smallint";

/// Without its outputs, which are materialisations.
inline constexpr char kRunList[] =
    "l.id, l.node_id, l.worker_id, l.epoch, l.result_key, l.input_runs, l.input_identities, "
    "l.granted_at, l.is_kill_requested, l.reported_epoch, l.outcome, l.exit_code, l.signal, "
    "l.message, l.left_outputs_alone, l.started_at, l.ended_at, l.cpu_ms, l.rss_max, "
    "l.log_bytes, l.metadata, l.stdout_text, l.reason";
Run ReadRun(Row& row);

inline constexpr char kMaterialisationList[] =
    "m.run_id, m.key, m.content, m.rows, m.bytes, m.major_version, m.is_reusable, m.uri, m.at";
Materialisation ReadMaterialisation(Row& row);

inline constexpr char kAttachmentList[] =
    "a.build_id, a.opened_by, a.nodes, a.levels, a.joined, a.reasons";
Attachment ReadAttachment(Row& row);

inline constexpr char kWithdrawalList[] = "w.build_id, w.node_id, w.reason, w.closed_by";
Withdrawal ReadWithdrawal(Row& row);

inline constexpr char kHitsList[] = "h.build_id, h.partitions, h.runs";
BuildHits ReadHits(Row& row);

inline constexpr char kWorkerList[] =
    "w.id, w.name, w.host, w.slots, w.labels, w.protocol, w.is_draining, w.connected_at";
Worker ReadWorker(Row& row);

/// Digests one after the other, 32 bytes each, as in input_identities.
std::string JoinDigests(const std::vector<fft::Digest>& digests);

}  // namespace fft::pg
