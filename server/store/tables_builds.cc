#include "server/store/json.h"
#include "server/store/later_wins.h"
#include "server/store/tables.h"

namespace fft::pg {

namespace {

Array Small(const std::vector<std::uint8_t>& values) {
  Array array(kInt2);
  for (const std::uint8_t value : values) array.Int16(value);
  return array;
}

}  // namespace

Records BuildRows(const std::vector<Build>& builds) {
  Records rows;
  for (const Build* b : LaterWins(builds, [](const Build& row) { return row.id; })) {
    rows.Next();
    rows.Int64(b->id.value).Text(b->request_id).Digest(b->request_digest).Text(b->principal);
    rows.Text(b->ns).Text(b->graph).Digest(b->revision).Texts(b->targets);
    const BuildOptions& options = b->options;
    rows.Enum(options.cache).Texts(options.rebuild).Enum(options.discipline);
    rows.Int32(options.jobs_max).Bool(options.keeps_going).Int32(options.priority);
    rows.Time(options.deadline).Jsonb(ToJson(b->labels)).Digest(b->plan_etag);
    rows.Enum(b->state).Enum(b->reason).Text(b->message);
    const NodeCounts& counts = b->counts;
    rows.Int64(counts.total).Int64(counts.cached).Int64(counts.cut_off).Int64(counts.joined);
    rows.Int64(counts.running).Int64(counts.succeeded).Int64(counts.failed);
    rows.Int64(counts.cancelled);
    rows.Time(b->received_at).Time(b->started_at).Time(b->ended_at);
    rows.Int64(b->received_event.value).Int64(b->ended_event.value);
    const Accounts& accounts = b->accounts;
    rows.Int64(accounts.spent_ms).Int64(accounts.saved_by_cache_ms);
    rows.Int64(accounts.saved_by_joining_ms).Int64(accounts.saved_by_cut_off_ms);
  }
  return rows;
}

Records AttachmentRows(const std::vector<Attachment>& attachments) {
  Records rows;
  for (const Attachment& a : attachments) {
    rows.Next();
    rows.Null(kInt8).Int64(a.build.value).Int64(a.opened_by.value).Ids(a.nodes);
    Array levels(kInt4);
    for (const int level : a.levels) levels.Int32(level);
    rows.List(levels).List(Small(a.joined)).List(Small(a.reasons));
  }
  return rows;
}

Records WithdrawalRows(const std::vector<Withdrawal>& withdrawals) {
  Records rows;
  for (const Withdrawal& w : withdrawals) {
    rows.Next();
    rows.Int64(w.build.value).Int64(w.node.value).Enum(w.reason).Int64(w.closed_by.value);
  }
  return rows;
}

Records HitsRows(const std::vector<BuildHits>& hits) {
  Records rows;
  for (const BuildHits* h : LaterWins(hits, [](const BuildHits& row) { return row.build; })) {
    rows.Next();
    rows.Int64(h->build.value).Ids(h->partitions).Ids(h->runs);
  }
  return rows;
}

}  // namespace fft::pg
