#include "server/store/changes.h"

namespace fft::pg {

namespace {

constexpr char kPartitionsSql[] =
    "UPDATE partition p SET live_run = t.live_run, live_key = t.live_key, "
    "live_content = t.live_content, live_rows = t.live_rows, live_bytes = t.live_bytes, "
    "live_major_version = t.live_major_version, live_is_reusable = t.live_is_reusable, "
    "live_uri = t.live_uri, live_at = t.live_at, uncertain_run = t.uncertain_run, "
    "taint = t.taint, tainted_before = t.tainted_before, is_suspect = t.is_suspect "
    "FROM unnest($1::partition[]) t WHERE p.id = t.id";

// What was asked for never changes, and may be long.
constexpr char kBuildsSql[] =
    "INSERT INTO build SELECT t.* FROM unnest($1::build[]) t "
    "ON CONFLICT (id) DO UPDATE SET (namespace, graph, revision, cache_mode, discipline, jobs_max, "
    "keeps_going, priority, deadline, state, reason, message, nodes_total, nodes_cached, "
    "nodes_cut_off, nodes_joined, nodes_running, nodes_succeeded, nodes_failed, nodes_cancelled, "
    "started_at, ended_at, received_event, ended_event, spent_ms, saved_by_cache_ms, "
    "saved_by_joining_ms, saved_by_cut_off_ms) = (EXCLUDED.namespace, EXCLUDED.graph, "
    "EXCLUDED.revision, EXCLUDED.cache_mode, EXCLUDED.discipline, EXCLUDED.jobs_max, "
    "EXCLUDED.keeps_going, EXCLUDED.priority, EXCLUDED.deadline, EXCLUDED.state, EXCLUDED.reason, "
    "EXCLUDED.message, EXCLUDED.nodes_total, EXCLUDED.nodes_cached, EXCLUDED.nodes_cut_off, "
    "EXCLUDED.nodes_joined, EXCLUDED.nodes_running, EXCLUDED.nodes_succeeded, "
    "EXCLUDED.nodes_failed, EXCLUDED.nodes_cancelled, EXCLUDED.started_at, EXCLUDED.ended_at, "
    "EXCLUDED.received_event, EXCLUDED.ended_event, EXCLUDED.spent_ms, "
    "EXCLUDED.saved_by_cache_ms, EXCLUDED.saved_by_joining_ms, EXCLUDED.saved_by_cut_off_ms)";

constexpr char kNodesSql[] =
    "UPDATE node n SET state = t.state, reason = t.reason, must_run = t.must_run, "
    "is_reusable = t.is_reusable, result_key = t.result_key, message = t.message, "
    "evidence = coalesce(nullif(t.evidence, ''), n.evidence), attempts = t.attempts, faults = "
    "t.faults, not_before = t.not_before, "
    "ended_at = t.ended_at, last_run = t.last_run "
    "FROM unnest($1::node_update[]) t WHERE n.id = t.id";

constexpr char kAttachmentsSql[] =
    "INSERT INTO attachment (build_id, opened_by, nodes, levels, joined, reasons) "
    "SELECT t.build_id, t.opened_by, t.nodes, t.levels, t.joined, t.reasons "
    "FROM unnest($1::attachment[]) t";

constexpr char kWorkersSql[] =
    "INSERT INTO worker SELECT t.* FROM unnest($1::worker[]) t ON CONFLICT (id) DO UPDATE "
    "SET name = EXCLUDED.name, host = EXCLUDED.host, slots = EXCLUDED.slots, "
    "labels = EXCLUDED.labels, protocol = EXCLUDED.protocol, is_draining = EXCLUDED.is_draining, "
    "connected_at = EXCLUDED.connected_at";

}  // namespace

const std::vector<Statement>& ChangeStatements() {
  static const std::vector<Statement> kStatements = {
      {"namespaces", "namespace",
       "INSERT INTO namespace SELECT t.* FROM unnest($1::namespace[]) t"},
      {"partitions", "partition", "INSERT INTO partition SELECT t.* FROM unnest($1::partition[]) t",
       true},
      {"partition_updates", "partition", kPartitionsSql},
      {"builds", "build", kBuildsSql},
      {"configs", "config",
       "INSERT INTO config SELECT t.* FROM unnest($1::config[]) t ON CONFLICT (digest) DO NOTHING"},
      {"nodes", "node", "INSERT INTO node SELECT t.* FROM unnest($1::node[]) t", true},
      {"further_outputs", "node_further_output",
       "INSERT INTO node_further_output SELECT t.* FROM unnest($1::node_further_output[]) t "
       "ON CONFLICT DO NOTHING"},
      {"node_updates", "node_update", kNodesSql},
      {"attachments", "attachment", kAttachmentsSql},
      {"withdrawals", "withdrawal",
       "INSERT INTO withdrawal SELECT t.* FROM unnest($1::withdrawal[]) t ON CONFLICT DO NOTHING"},
      {"hits", "build_hits",
       "INSERT INTO build_hits SELECT t.* FROM unnest($1::build_hits[]) t "
       "ON CONFLICT (build_id) DO UPDATE SET partitions = EXCLUDED.partitions, runs = "
       "EXCLUDED.runs"},
      {"leases", "lease", "INSERT INTO lease SELECT t.* FROM unnest($1::lease[]) t", true},
      {"lease_starts", "lease_start",
       "UPDATE lease l SET started_at = t.started_at FROM unnest($1::lease_start[]) t "
       "WHERE l.run_id = t.run_id"},
      {"ended_leases", "ended_lease",
       "DELETE FROM lease l USING unnest($1::ended_lease[]) t WHERE l.run_id = t.run_id"},
      {"runs", "run", "INSERT INTO run SELECT t.* FROM unnest($1::run[]) t", true},
      {"materialisations", "materialisation",
       "INSERT INTO materialisation SELECT t.* FROM unnest($1::materialisation[]) t", true},
      {"configure_answers", "configure_answer",
       "INSERT INTO configure_answer SELECT t.* FROM unnest($1::configure_answer[]) t "
       "ON CONFLICT (job_digest, ref) DO UPDATE SET config_digest = EXCLUDED.config_digest"},
      {"workers", "worker", kWorkersSql},
      {"durations", "job_duration",
       "INSERT INTO job_duration SELECT t.* FROM unnest($1::job_duration[]) t "
       "ON CONFLICT (graph, job) DO UPDATE SET us = EXCLUDED.us"},
      {"pools", "pool",
       "INSERT INTO pool SELECT t.* FROM unnest($1::pool[]) t "
       "ON CONFLICT (name) DO UPDATE SET size = EXCLUDED.size"},
      {"pauses", "graph_pause",
       "INSERT INTO graph_pause SELECT t.* FROM unnest($1::graph_pause[]) t "
       "ON CONFLICT (graph) DO UPDATE SET is_paused = EXCLUDED.is_paused"},
      {"events", "event", "INSERT INTO event SELECT t.* FROM unnest($1::event[]) t"},
  };
  return kStatements;
}

}  // namespace fft::pg
