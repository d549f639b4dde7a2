#include <unordered_map>
#include <unordered_set>

#include "server/store/json.h"
#include "server/store/later_wins.h"
#include "server/store/tables.h"

namespace fft::pg {

namespace {

/// Answers name their configs by the digest of what is stored: the digest that makes keys belongs
/// to the planner.  One config often answers many refs, so each is written once.
class AnswerConfigs {
 public:
  struct Stored {
    fft::Digest digest;
    std::string body;
  };
  const Stored& Of(const JobConfigPtr& config) {
    const auto [at, is_new] = stored_.try_emplace(config.get());
    if (is_new) {
      at->second.body = ToJson(*config);
      at->second.digest = Sha256(at->second.body);
    }
    return at->second;
  }

 private:
  std::unordered_map<const JobConfig*, Stored> stored_;
};

}  // namespace

Records NamespaceRows(const std::vector<Namespace>& namespaces) {
  Records rows;
  for (const Namespace& ns : namespaces) {
    rows.Next();
    rows.Int64(ns.id.value).Text(ns.name);
  }
  return rows;
}

Records PartitionRows(const std::vector<const Partition*>& partitions) {
  Records rows;
  for (const Partition* p : partitions) {
    const Materialisation& live = p->live;
    rows.Next();
    rows.Int64(p->id.value).Int64(p->ns.value).Text(p->ref);
    rows.Int64(live.run.value).Digest(live.key).Digest(live.content);
    rows.Int64(live.rows).Int64(live.bytes).Int32(live.major_version);
    rows.Bool(live.is_reusable).Text(live.uri).Time(live.at);
    rows.Int64(p->doubt->uncertain_run.value)
        .Int64(p->doubt->taint)
        .Int64(p->doubt->tainted_before.value);
    rows.Bool(p->doubt->is_suspect);
  }
  return rows;
}

Records ConfigRows(const ChangeSet& changes, const KnownConfigs& known) {
  Records rows;
  std::unordered_set<fft::Digest> seen;
  for (const Node& node : changes.nodes) {
    if (!node.config || !node.config_digest || known.Contains(node.config_digest) ||
        !seen.insert(node.config_digest).second)
      continue;
    rows.Next();
    rows.Digest(node.config_digest).Json(ToJson(*node.config));
  }
  AnswerConfigs configs;
  for (const ConfigureAnswer& answer : changes.configure_answers) {
    const AnswerConfigs::Stored& stored = configs.Of(answer.config);
    if (!seen.insert(stored.digest).second) continue;
    rows.Next();
    rows.Digest(stored.digest).Json(stored.body);
  }
  return rows;
}

Records ConfigureAnswerRows(const std::vector<ConfigureAnswer>& answers) {
  struct Asked {
    std::string key;
    const ConfigureAnswer* answer;
  };
  std::vector<Asked> asked;
  for (const ConfigureAnswer& answer : answers)
    asked.push_back({std::string(answer.job_digest.view()) + answer.ref, &answer});
  Records rows;
  AnswerConfigs configs;
  for (const Asked* one : LaterWins(asked, [](const Asked& row) { return row.key; })) {
    rows.Next();
    rows.Bytes(one->answer->job_digest.view()).Text(one->answer->ref);
    rows.Bytes(configs.Of(one->answer->config).digest.view());
  }
  return rows;
}

Records WorkerRows(const std::vector<Worker>& workers) {
  Records rows;
  for (const Worker* w : LaterWins(workers, [](const Worker& row) { return row.id; })) {
    rows.Next();
    rows.Int64(w->id.value).Text(w->name).Text(w->host).Int32(w->slots).Texts(w->labels);
    rows.Int32(w->protocol).Bool(w->is_draining).Time(w->connected_at);
  }
  return rows;
}

Records DurationRows(const std::vector<JobDuration>& durations) {
  Records rows;
  for (const JobDuration& duration : durations) {
    rows.Next();
    rows.Text(duration.graph).Text(duration.job);
    rows.Int64(static_cast<std::int64_t>(duration.ms * 1000));
  }
  return rows;
}

Records PoolRows(const std::vector<Pool>& pools) {
  Records rows;
  for (const Pool* pool : LaterWins(pools, [](const Pool& row) { return row.name; })) {
    rows.Next();
    rows.Text(pool->name).Int32(pool->size);
  }
  return rows;
}

Records PauseRows(const std::vector<GraphPause>& pauses) {
  Records rows;
  for (const GraphPause* pause :
       LaterWins(pauses, [](const GraphPause& row) { return row.graph; })) {
    rows.Next();
    rows.Text(pause->graph).Bool(pause->is_paused);
  }
  return rows;
}

}  // namespace fft::pg
