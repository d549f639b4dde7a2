#include "server/store/rows.h"
#include "server/store/tables.h"

namespace fft::pg {

Records NodeRows(const std::vector<const Node*>& nodes) {
  Records rows;
  for (const Node* n : nodes) {
    rows.Next();
    rows.Int64(n->id.value)
        .Enum(n->kind)
        .Int64(n->ns.value)
        .Text(n->of->graph)
        .Digest(n->of->revision);
    rows.Text(n->config ? n->config->frame->job : std::string());
    rows.Digest(n->config_digest).Digest(n->plan_key).Digest(n->past->result_key);
    rows.Ids(n->outputs).Ids(n->inputs).Ids(n->upstreams);
    rows.Enum(n->state).Bool(n->must_run).Bool(n->is_reusable).Enum(n->reason);
    const NodePast& past = *n->past;
    rows.Text(n->evidence).Text(past.message).Int32(past.attempts).Int32(past.faults);
    rows.Time(past.not_before).Time(n->planned_at).Time(past.ended_at);
    rows.Int64(past.last_run.value);
  }
  return rows;
}

Records FurtherOutputRows(const std::vector<const Node*>& nodes) {
  Records rows;
  for (const Node* n : nodes) {
    for (std::size_t i = 1; i < n->outputs.size(); ++i) {
      rows.Next();
      rows.Int64(n->outputs[i].value).Int64(n->id.value);
    }
  }
  return rows;
}

Records NodeUpdateRows(const std::vector<const NodeUpdate*>& updates) {
  Records rows;
  for (const NodeUpdate* u : updates) {
    rows.Next();
    rows.Int64(u->id.value).Enum(u->state).Enum(u->reason).Bool(u->must_run).Bool(u->is_reusable);
    const NodePast& past = u->past;
    rows.Digest(past.result_key).Text(past.message).Text(u->evidence);
    rows.Int32(past.attempts).Int32(past.faults).Time(past.not_before).Time(past.ended_at);
    rows.Int64(past.last_run.value);
  }
  return rows;
}

Records LeaseRows(const std::vector<const Lease*>& leases) {
  Records rows;
  for (const Lease* l : leases) {
    rows.Next();
    rows.Int64(l->run.value).Int64(l->node.value).Int64(l->worker.value).Int64(l->epoch.value);
    rows.Digest(l->result_key).Ids(l->input_runs).Bytes(JoinDigests(l->input_identities));
    rows.Time(l->granted_at).Bool(l->is_kill_requested).Time(l->started_at);
  }
  return rows;
}

Records LeaseStartRows(const std::vector<LeaseStart>& starts) {
  Records rows;
  for (const LeaseStart& start : starts) {
    rows.Next();
    rows.Int64(start.run.value).Time(start.at);
  }
  return rows;
}

Records EndedLeaseRows(const std::vector<RunId>& runs) {
  Records rows;
  for (const RunId run : runs) {
    rows.Next();
    rows.Int64(run.value);
  }
  return rows;
}

}  // namespace fft::pg
