#include "server/graph/cone_walk.h"

#include <algorithm>
#include <utility>

#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr std::size_t kCycleNamesMax = 20;
using Made = ConfigMemo::Made;

}  // namespace

ConeWalk::ConeWalk(std::shared_ptr<const CompiledGraph> graph, ConfigMemo& memo)
    : graph_(std::move(graph)), memo_(memo) {}

StatusOr<ConePtr> ConeWalk::From(const std::vector<std::string>& sorted_targets) {
  std::vector<RefId> targets;
  for (const std::string& target : sorted_targets) {
    targets.push_back(memo_.Intern(target));
    if (Status done = Visit(targets.back(), kNoIndex); !done.ok()) return done;
    if (Status done = Descend(); !done.ok()) return done;
  }
  return unasked_.empty() ? Emit(targets) : EmitBatches();
}

ConeWalk::Mark& ConeWalk::mark(ConfigId config) {
  if (config >= marks_.size()) marks_.resize(memo_.configs_count(), Mark::kUnseen);
  return marks_[config];
}

Status ConeWalk::Visit(RefId ref, ConfigId reader) {
  if (const Status resolved = memo_.Resolve(ref); !resolved.ok())
    return Unresolved(resolved, reader);
  const ConfigMemo::Ref& found = memo_.ref(ref);
  if (found.made == Made::kByUnasked) unasked_[found.by].insert(ref);
  if (found.made != Made::kByConfig) return Ok();
  const Mark seen = mark(found.by);
  if (seen == Mark::kOpen) return Cycle(found.by);
  if (seen == Mark::kClosed) return Ok();
  if (closed_.size() + path_.size() >= kConfigsMax)
    return WithDetails(Error(Code::kResourceExhausted,
                             "the targets need more than {} configs: ask for fewer", kConfigsMax),
                       {.reason = "CONE_TOO_LARGE", .metadata = {}, .fields = {}});
  Open(found.by);
  return Ok();
}

void ConeWalk::Open(ConfigId config) {
  mark(config) = Mark::kOpen;
  path_.push_back({config, 0});
}

Status ConeWalk::Descend() {
  while (!path_.empty()) {
    const ConfigId config = path_.back().config;
    const ConeConfig& at = memo_.config(config);
    const std::uint32_t next = path_.back().next++;
    if (next == at.config->inputs.size()) {
      mark(config) = Mark::kClosed;
      closed_.push_back(config);
      path_.pop_back();
      continue;
    }
    const RefId input = memo_.input(at.inputs_begin + next);
    if (at.config->inputs[next].kind == InputKind::kQuery) {
      memo_.ResolveSource(input);
      continue;
    }
    if (Status done = Visit(input, config); !done.ok()) return done;
  }
  return Ok();
}

Status ConeWalk::Unresolved(const Status& why, ConfigId reader) const {
  if (reader == kNoIndex) return why;
  const JobConfig& config = *memo_.config(reader).config;
  ErrorDetails details = DetailsOf(why);
  details.metadata["reader"] = config.outputs.front();
  details.metadata["reader_job"] = config.frame->job;
  return WithDetails(Error(why.code(), "{}, which job {} needs for {}", Message(why),
                           config.frame->job, config.outputs.front()),
                     details);
}

Status ConeWalk::Cycle(ConfigId closing) const {
  const auto begin = std::find_if(path_.begin(), path_.end(),
                                  [&](const Step& step) { return step.config == closing; });
  std::vector<std::string_view> names;
  for (auto at = begin; at != path_.end(); ++at)
    names.push_back(memo_.config(at->config).config->outputs.front());
  std::rotate(names.begin(), std::min_element(names.begin(), names.end()), names.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kCycleNamesMax); ++i)
    text.append(names[i]).append(" <- ");
  if (names.size() > kCycleNamesMax)
    text += fmt::format("({} more) <- ", names.size() - kCycleNamesMax);
  text += names.front();
  return WithDetails(Error(Code::kFailedPrecondition, "cycle: {}", text),
                     {.reason = "CYCLE", .metadata = {{"cycle", text}}, .fields = {}});
}

ConePtr ConeWalk::EmitBatches() const {
  const auto cone = std::make_shared<Cone>();
  cone->graph = graph_;
  for (const auto& [job, refs] : unasked_) {
    ConfigureBatch batch{graph_->spec().jobs[job].label, {}};
    for (const RefId ref : refs) batch.refs.push_back(memo_.name(ref));
    std::sort(batch.refs.begin(), batch.refs.end());
    cone->to_configure.push_back(std::move(batch));
  }
  return cone;
}

// Names are those of the configs and of the graph, which the cone holds: it may outlive the memo.
ConePtr ConeWalk::Emit(const std::vector<RefId>& targets) {
  const auto cone = std::make_shared<Cone>();
  cone->graph = graph_;
  places_.assign(memo_.refs_count(), kNoIndex);
  cone->configs.reserve(closed_.size());
  for (const ConfigId config : closed_) EmitConfig(config, *cone);
  for (const RefId target : targets) {
    const ConfigMemo::Ref& ref = memo_.ref(target);
    const bool is_source = ref.made == Made::kBySource;
    const std::string_view name =
        is_source ? std::string_view(graph_->spec().sources[ref.by].ref) : std::string_view();
    cone->targets.push_back(EmitRef(target, name, *cone));
  }
  return cone;
}

void ConeWalk::EmitConfig(ConfigId config, Cone& cone) {
  ConeConfig emitted = memo_.config(config);
  const auto place = static_cast<ConfigIndex>(cone.configs.size());
  const std::uint32_t outputs = emitted.outputs_begin;
  const std::uint32_t inputs = emitted.inputs_begin;
  emitted.outputs_begin = static_cast<std::uint32_t>(cone.outputs.size());
  for (std::uint32_t i = 0; i < emitted.config->outputs.size(); ++i) {
    cone.outputs.push_back(EmitRef(memo_.output(outputs + i), emitted.config->outputs[i], cone));
    cone.producers[cone.outputs.back()] = place;
  }
  emitted.outputs_end = static_cast<std::uint32_t>(cone.outputs.size());
  emitted.inputs_begin = static_cast<std::uint32_t>(cone.inputs.size());
  for (std::uint32_t i = 0; i < emitted.config->inputs.size(); ++i)
    cone.inputs.push_back(EmitRef(memo_.input(inputs + i), emitted.config->inputs[i].ref, cone));
  emitted.inputs_end = static_cast<std::uint32_t>(cone.inputs.size());
  cone.configs.push_back(std::move(emitted));
}

RefIndex ConeWalk::EmitRef(RefId ref, std::string_view name, Cone& cone) {
  RefIndex& place = places_[ref];
  if (place != kNoIndex) return place;
  place = static_cast<RefIndex>(cone.refs.size());
  cone.refs.push_back(name);
  cone.producers.push_back(kNoIndex);
  cone.source_of.push_back(kNoIndex);
  if (memo_.ref(ref).made == Made::kBySource) {
    cone.source_of.back() = static_cast<std::uint32_t>(cone.sources.size());
    cone.sources.push_back({place, memo_.ref(ref).by});
  }
  return place;
}

}  // namespace fft
