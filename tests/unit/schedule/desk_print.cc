#include <fmt/format.h>

#include "tests/unit/schedule/desk.h"

// What came of a command, compactly: events with their numbers, rows worth reading, answers,
// orders.

namespace fft {

std::string Desk::NameOf(const NodeLabel& label) {
  if (label.kind == NodeKind::kConfigure)
    return fmt::format("configure:{}/{}", label.job, label.id.value);
  std::string refs;
  for (const std::string& ref : label.outputs) refs += (refs.empty() ? "" : "+") + ref;
  return fmt::format("{}/{}", refs, label.id.value);
}

std::string Desk::NameOf(NodeId id) const {
  const Node& row = store_.nodes().at(id);
  return NameOf(NodeLabel{id, row.kind, "dev", row.config->frame->job, row.config->outputs});
}

std::string Desk::Print(const Effects& effects) {
  std::string text;
  for (const EventPtr& event : effects.changes.events) text += Print(*event);
  text += PrintRows(effects.changes);
  for (const Answer& answer : effects.answers) text += Print(answer);
  for (const WorkerOrders& orders : effects.orders) text += Print(orders);
  for (const PlanWanted& wanted : effects.plans) {
    text += fmt::format("wants a plan of build {}", wanted.build.value);
    for (const ConfigureOutput& output : wanted.outputs)
      text += fmt::format(", {} said {}", output.job, output.stdout_text);
    text += "\n";
  }
  for (const ProbeWanted& wanted : effects.probes)
    for (const std::string& uri : wanted.uris)
      text += fmt::format("wants to know for {} if {} is there\n", NameOf(wanted.node), uri);
  for (const SourcesWanted& wanted : effects.sources)
    for (const PlannedSource& source : wanted.sources)
      text += fmt::format("wants to know what {} holds, which r{} read\n", source.uri,
                          wanted.run.value);
  for (const LineageWanted& wanted : effects.lineages) {
    text += fmt::format("wants the lineage of {} partitions for {}\n", wanted.partitions.size(),
                        wanted.reply.value);
    wanted_ = wanted;
  }
  if (effects.tally.late_reports > 0)
    text += fmt::format("late reports: {}\n", effects.tally.late_reports);
  return text;
}

std::string Desk::Print(const Event& event) const {
  std::string text = fmt::format("#{} ", event.seq.value);
  switch (event.kind) {
    case EventKind::kBuildChanged: {
      const Build& build = *event.snapshot;
      text += fmt::format("build {} {}", build.id.value, ToString(build.state));
      const NodeCounts& n = build.counts;
      if (IsTerminal(build.state))
        text += fmt::format(
            " {} \"{}\": {} nodes, {} cached, {} cut off, {} joined, {} succeeded, {} failed, "
            "{} cancelled",
            ToString(build.reason), build.message, n.total, n.cached, n.cut_off, n.joined,
            n.succeeded, n.failed, n.cancelled);
      const Accounts& a = build.accounts;
      if (a != Accounts{})
        text += fmt::format("; spent {} ms, saved {} by cache, {} by joining, {} by cut-off",
                            a.spent_ms, a.saved_by_cache_ms, a.saved_by_joining_ms,
                            a.saved_by_cut_off_ms);
      break;
    }
    case EventKind::kNodesAttached:
    case EventKind::kNodesWithdrawn: {
      const bool attaches = event.kind == EventKind::kNodesAttached;
      text += fmt::format("build {}", event.build.value);
      for (const BuildId build : event.also) text += fmt::format(", {}", build.value);
      text += attaches ? " attached:" : " withdrawn from:";
      for (const NodeChange& change : event.changes)
        text += fmt::format(" {} {}{} {};", NameOf(*change.label), ToString(change.state),
                            attaches ? fmt::format(" level {}", change.level) : "",
                            ToString(change.reason));
      break;
    }
    case EventKind::kNodesSkipped:
      text += fmt::format("build {} skipped {}", event.build.value, event.count);
      break;
    case EventKind::kNodesChanged:
      text += fmt::format("{}:", ToString(event.changes.front().state));
      for (const NodeChange& change : event.changes) {
        text += fmt::format(" {} {}", NameOf(*change.label), ToString(change.reason));
        if (change.run) text += fmt::format(" r{}", change.run.value);
        if (!change.message.empty()) text += fmt::format(" \"{}\"", change.message);
        text += ";";
      }
      break;
    case EventKind::kPartitionsTainted:
      text += "tainted:";
      for (const PartitionId id : event.partitions)
        text += fmt::format(" {}", store_.partitions().at(id).ref.view());
      text += fmt::format("; {}", event.text);
      break;
    case EventKind::kGraphDeployed:
    case EventKind::kWorkerChanged: text += event.text; break;
  }
  return text + "\n";
}

std::string Desk::PrintRows(const ChangeSet& changes) const {
  std::string text;
  for (const NodeUpdate& update : changes.node_updates)
    if (!IsTerminal(update.state) && update.past.not_before > now_)
      text += fmt::format("{} has {} attempts, {} faults, waits {} ms\n", NameOf(update.id),
                          update.past.attempts, update.past.faults,
                          (update.past.not_before - now_).count());
  for (const NodeUpdate& update : changes.node_updates)
    if (update.reason == Reason::kUpstreamFailed)
      text += fmt::format("{} fails for {}\n", NameOf(update.id), update.evidence.view());
  for (const Withdrawal& left : changes.withdrawals)
    text += fmt::format("build {} leaves {} to others: {} by #{}\n", left.build.value,
                        NameOf(left.node), ToString(left.reason), left.closed_by.value);
  for (const Run& run : changes.runs)
    text +=
        fmt::format("r{} ended {}{}\n", run.report.run.value, ToString(run.report.outcome),
                    run.reason == Reason::kNone ? "" : fmt::format(" {}", ToString(run.reason)));
  for (const Partition& partition : changes.partition_updates) {
    if (!partition.live.run && !partition.doubt->uncertain_run) continue;
    text += fmt::format("{} is r{}", partition.ref.view(), partition.live.run.value);
    if (!partition.live.is_reusable) text += " not reusable";
    if (partition.is_tainted()) text += partition.doubt->is_suspect ? " suspect" : " tainted";
    if (partition.doubt->taint > 0) text += fmt::format(" taint {}", partition.doubt->taint);
    if (partition.doubt->uncertain_run)
      text += fmt::format(" uncertain since r{}", partition.doubt->uncertain_run.value);
    text += "\n";
  }
  return text;
}

std::string Desk::Print(const Answer& answer) const {
  std::string text = fmt::format("answer {}: ", answer.reply.value);
  if (!answer.status.ok()) return text + Message(answer.status) + "\n";
  if (answer.build)
    text += fmt::format("build {} {}", answer.build->id.value, ToString(answer.build->state));
  if (answer.build && answer.build->counts.running > 0)
    text += fmt::format(", {} running", answer.build->counts.running);
  if (answer.worker)
    text += fmt::format("worker {} {}", answer.worker->id.value, answer.worker->name);
  for (const Partition& partition : answer.partitions)
    text += fmt::format("{} tainted ", partition.ref.view());
  if (!answer.partitions.empty()) text += fmt::format("and {} suspects", answer.suspects);
  for (const auto& [label, builds] : answer.kept) {
    text += fmt::format(", keeps {} for", NameOf(*label));
    for (const BuildId build : builds) text += fmt::format(" {}", build.value);
  }
  return text + "\n";
}

std::string Desk::Print(const WorkerOrders& orders) {
  std::string name = "nobody";
  for (const auto& [id, worker] : schedule_->workers())
    if (id == orders.worker) name = worker.row.name;
  std::string text = fmt::format("to {}:", name);
  for (const Grant& grant : orders.grants) {
    text += fmt::format(" run {} as r{}{};", NameOf(grant.lease.node), grant.lease.run.value,
                        grant.group_max > 0 ? " in turn" : "");
    CheckGrant(grant, text);
  }
  for (const RunId run : orders.kills) text += fmt::format(" kill r{};", run.value);
  for (const RunId run : orders.adopted) text += fmt::format(" go on with r{};", run.value);
  for (const RunId run : orders.acknowledged) text += fmt::format(" forget r{};", run.value);
  return text + "\n";
}

// Promise 1: no ref is written by two runs, or written while a run reads it.
void Desk::CheckGrant(const Grant& grant, std::string& text) {
  std::erase_if(granted_, [&](const auto& item) { return !store_.leases().contains(item.first); });
  const Node& node = store_.nodes().at(grant.lease.node);
  for (const auto& [run, other] : granted_) {
    if (run == grant.lease.run) continue;
    const Node& busy = store_.nodes().at(other.lease.node);
    const auto touches = [](const Few<PartitionId>& written, const Node& by) {
      for (const PartitionId id : written) {
        for (const PartitionId output : by.outputs)
          if (output == id) return true;
        for (std::size_t i = 0; i < by.inputs.size(); ++i)
          if (by.inputs[i] == id && by.config->inputs[i].kind != InputKind::kOrder) return true;
      }
      return false;
    };
    if (touches(node.outputs, busy) || touches(busy.outputs, node))
      text += fmt::format(" VIOLATION: meets r{};", run.value);
  }
  granted_[grant.lease.run] = grant;
}

}  // namespace fft
