#include <algorithm>

#include <fmt/core.h>

#include "server/rpc/convert.h"

namespace fft {

namespace {

constexpr std::size_t kKeptMax = 1000;
constexpr int kPriorityMost = 100;

void CheckLabels(const google::protobuf::Map<std::string, std::string>& labels, std::string_view at,
                 Fields* fields) {
  fields->Count(at, labels.size(), kLabelsMax);
  for (const auto& [key, value] : labels) {
    if (key.empty()) fields->Add(std::string(at), "has an empty key");
    fields->Text(at, key, 64);
    fields->Text(at, value, 1024);
    if (!fields->ok()) return;
  }
}

}  // namespace

v1::BuildState ToProto(BuildState state) {
  return static_cast<v1::BuildState>(static_cast<int>(state) + 1);
}

void ToProto(const BuildOptions& options, v1::BuildOptions* to) {
  to->set_cache_mode(static_cast<v1::CacheMode>(static_cast<int>(options.cache) + 1));
  for (const std::string& glob : options.rebuild) to->add_rebuild(glob);
  to->set_discipline(static_cast<v1::Discipline>(static_cast<int>(options.discipline) + 1));
  to->set_jobs_max(options.jobs_max);
  to->set_keep_going(options.keeps_going);
  to->set_priority(options.priority);
  if (options.deadline != TimePoint{}) ToProto(options.deadline, to->mutable_deadline());
}

BuildOptions FromProto(const v1::BuildOptions& from, std::string_view at, Fields* fields) {
  const auto name = [&](std::string_view field) { return fmt::format("{}.{}", at, field); };
  BuildOptions options;
  fields->Range(name("cache_mode"), from.cache_mode(), 0, v1::CacheMode_MAX);
  if (from.cache_mode() > 0) options.cache = static_cast<CacheMode>(from.cache_mode() - 1);
  fields->Refs(name("rebuild"), from.rebuild(), kRebuildMax, kRebuildMax * kRefMax);
  options.rebuild.assign(from.rebuild().begin(), from.rebuild().end());
  fields->Range(name("discipline"), from.discipline(), 0, v1::Discipline_MAX);
  if (from.discipline() > 0) options.discipline = static_cast<Discipline>(from.discipline() - 1);
  fields->Range(name("jobs_max"), from.jobs_max(), 0, 1'000'000);
  options.jobs_max = from.jobs_max();
  options.keeps_going = from.keep_going();
  fields->Range(name("priority"), from.priority(), -kPriorityMost, kPriorityMost);
  options.priority = from.priority();
  if (from.has_deadline()) options.deadline = FromProto(from.deadline(), name("deadline"), fields);
  return options;
}

void ToProto(const Build& build, Detail detail, v1::Build* to) {
  to->set_id(build.id.value);
  to->set_request_id(build.request_id);
  to->set_principal(build.principal);
  to->set_namespace_(build.ns);
  to->set_graph(build.graph);
  to->set_revision(HexOrNone(build.revision));
  const std::size_t targets = detail == Detail::kWhole
                                  ? build.targets.size()
                                  : std::min(kShortTargets, build.targets.size());
  for (std::size_t i = 0; i < targets; ++i) to->add_targets(build.targets[i]);
  ToProto(build.options, to->mutable_options());
  to->mutable_labels()->insert(build.labels.begin(), build.labels.end());
  to->set_state(ToProto(build.state));
  to->set_reason(std::string(ToString(build.reason)));
  to->set_message(build.message);
  v1::NodeCounts& counts = *to->mutable_counts();
  counts.set_total(build.counts.total);
  counts.set_cached(build.counts.cached);
  counts.set_cut_off(build.counts.cut_off);
  counts.set_joined(build.counts.joined);
  counts.set_running(build.counts.running);
  counts.set_succeeded(build.counts.succeeded);
  counts.set_failed(build.counts.failed);
  counts.set_cancelled(build.counts.cancelled);
  v1::Accounts& accounts = *to->mutable_accounts();
  accounts.set_spent_ms(build.accounts.spent_ms);
  accounts.set_saved_by_cache_ms(build.accounts.saved_by_cache_ms);
  accounts.set_saved_by_joining_ms(build.accounts.saved_by_joining_ms);
  accounts.set_saved_by_cut_off_ms(build.accounts.saved_by_cut_off_ms);
  if (build.received_at != TimePoint{}) ToProto(build.received_at, to->mutable_receive_time());
  if (build.started_at != TimePoint{}) ToProto(build.started_at, to->mutable_start_time());
  if (build.ended_at != TimePoint{}) ToProto(build.ended_at, to->mutable_end_time());
}

void ToProto(const CancelResult& result, v1::CancelBuildResponse* to) {
  ToProto(result.build, Detail::kShort, to->mutable_build());
  for (const KeptNode& kept : result.kept) {
    if (static_cast<std::size_t>(to->kept_size()) == kKeptMax) break;
    v1::KeptNode& node = *to->add_kept();
    node.set_node(kept.label->id.value);
    for (const std::string& output : kept.label->outputs)
      if (node.outputs_size() < 2) node.add_outputs(output);
    for (const BuildId build : kept.builds)
      if (node.builds_size() < 20) node.add_builds(build.value);
  }
}

BuildRequest FromProto(const v1::CreateBuildRequest& from, const std::string& principal,
                       std::string_view at, Fields* fields) {
  const std::string prefix = at.empty() ? std::string() : fmt::format("{}.", at);
  const auto name = [&](std::string_view field) { return fmt::format("{}{}", prefix, field); };
  fields->Text(name("request_id"), from.request_id(), 64);
  fields->Name(name("graph"), from.graph());
  fields->NameOrNone(name("namespace"), from.namespace_());
  if (from.targets().empty()) fields->Add(name("targets"), "is empty");
  fields->Refs(name("targets"), from.targets(), kTargetsMax, kTargetBytesMax);
  CheckLabels(from.labels(), name("labels"), fields);
  BuildRequest request;
  request.plan_etag = fields->HexOrNone(name("plan_etag"), from.plan_etag());
  request.revision = fields->HexOrNone(name("revision"), from.revision());
  request.options = FromProto(from.options(), name("options"), fields);
  if (!fields->ok()) return request;
  request.request_id = from.request_id();
  request.principal = principal;
  request.graph = from.graph();
  request.ns = from.namespace_();
  request.targets.assign(from.targets().begin(), from.targets().end());
  request.labels.insert(from.labels().begin(), from.labels().end());
  return request;
}

}  // namespace fft
