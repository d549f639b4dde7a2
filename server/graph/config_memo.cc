#include "server/graph/config_memo.h"

#include <utility>

#include "server/base/error_details.h"

namespace fft {

namespace {

Status TwoConfigs(const JobSpec& job, const std::string& asked, const std::string& output) {
  const bool is_asked = !job.configure.empty();
  return WithDetails(
      is_asked
          ? Error(Code::kFailedPrecondition,
                  "job {}: configure answered for {} what differs from an earlier answer for {}",
                  job.label, asked, output)
          : Error(Code::kFailedPrecondition, "job {}: two configs make {}", job.label, output),
      {.reason = is_asked ? "CONFIGURE_UNSTABLE" : "TWO_CONFIGS",
       .metadata = {{"job", job.label}, {"ref", output}},
       .fields = {}});
}

}  // namespace

ConfigMemo::ConfigMemo(std::shared_ptr<const CompiledGraph> graph,
                       Analyser::ConfigDigester digest_of)
    : graph_(std::move(graph)), digest_of_(digest_of) {}

ConfigMemo::RefId ConfigMemo::Intern(std::string_view ref) {
  if (const auto known = ids_.find(ref); known != ids_.end()) return known->second;
  const auto id = static_cast<RefId>(names_.size());
  names_.emplace_back(ref);
  ids_.emplace(names_.back(), id);
  refs_.emplace_back();
  return id;
}

Status ConfigMemo::Resolve(RefId ref) {
  if (refs_[ref].made > Made::kNotBySource) return Ok();
  const auto maker = graph_->Lookup(names_[ref]);
  if (!maker.ok()) return maker.status();
  if (maker->is_source) {
    refs_[ref] = {Made::kBySource, maker->index};
    return Ok();
  }
  if (!graph_->spec().jobs[maker->index].configure.empty()) {
    refs_[ref] = {Made::kByUnasked, maker->index};
    return Ok();
  }
  auto config = graph_->Configure(maker->index, names_[ref]);
  if (!config.ok()) return config.status();
  return Add(maker->index, names_[ref], *std::move(config));
}

void ConfigMemo::ResolveSource(RefId ref) {
  if (refs_[ref].made != Made::kNotAsked) return;
  const auto maker = graph_->Lookup(names_[ref]);
  if (maker.ok() && maker->is_source)
    refs_[ref] = {Made::kBySource, maker->index};
  else
    refs_[ref].made = Made::kNotBySource;
}

StatusOr<bool> ConfigMemo::IsKnown(std::uint32_t job, const std::string& ref,
                                   const JobConfig& config) {
  const JobSpec& spec = graph_->spec().jobs[job];
  for (const std::string& output : config.outputs) {
    if (const auto id = ids_.find(output);
        id != ids_.end() && refs_[id->second].made == Made::kByConfig) {
      const JobConfig& other = *configs_[refs_[id->second].by].config;
      if (other != config) return TwoConfigs(spec, ref, output);
      return true;  // all its outputs were taken together
    }
    if (output == ref) continue;  // looked up before
    if (const auto maker = graph_->Lookup(output); !maker.ok()) return maker.status();
  }
  return false;
}

bool ConfigMemo::Holds(const std::string& ref, const JobConfigPtr& config) const {
  const auto id = ids_.find(ref);
  if (id == ids_.end() || refs_[id->second].made != Made::kByConfig) return false;
  const JobConfigPtr& known = configs_[refs_[id->second].by].config;
  return known == config || *known == *config;
}

// A process leaves its outputs below the graph's root and is told where that is: in another
// checkout of the same graph it is another config.
Digest ConfigMemo::DigestOf(const JobConfig& config) const {
  const Digest digest = digest_of_(config);
  if (config.frame->runner != Runner::kExec) return digest;
  return Sha256(std::string(digest.view()) + graph_->spec().root_uri);
}

Status ConfigMemo::Add(std::uint32_t job, const std::string& ref, JobConfigPtr config) {
  const auto is_known = IsKnown(job, ref, *config);
  if (!is_known.ok()) return is_known.status();
  if (*is_known) return Ok();
  Config added;
  added.job = job;
  added.major_version = MajorVersion(config->frame->version);
  added.digest = DigestOf(*config);
  const auto id = static_cast<ConfigId>(configs_.size());
  added.outputs_begin = static_cast<std::uint32_t>(outputs_.size());
  for (const std::string& output : config->outputs) {
    outputs_.push_back(Intern(output));
    refs_[outputs_.back()] = {Made::kByConfig, id};
  }
  added.outputs_end = static_cast<std::uint32_t>(outputs_.size());
  added.inputs_begin = static_cast<std::uint32_t>(inputs_.size());
  for (const Input& input : config->inputs) inputs_.push_back(Intern(input.ref));
  added.inputs_end = static_cast<std::uint32_t>(inputs_.size());
  added.config = std::move(config);
  configs_.push_back(std::move(added));
  return Ok();
}

}  // namespace fft
