#include "server/graph/compiled_graph.h"

#include <algorithm>

#include "server/base/check.h"
#include "server/base/error_details.h"
#include "server/graph/job_template.h"
#include "server/graph/maker_index.h"
#include "server/graph/spec_check.h"
#include "server/graph/text.h"

namespace fft {

namespace {

Status AmbiguousRef(Code code, std::string_view ref, const std::string& one,
                    const std::string& other) {
  ErrorDetails details{.reason = "AMBIGUOUS_REF",
                       .metadata = {{"ref", std::string(ref)}, {"one", one}, {"other", other}},
                       .fields = {}};
  if (code == Code::kInvalidArgument)
    details.fields.emplace_back("spec.jobs", fmt::format("{} and {} make {}", one, other, ref));
  return WithDetails(Error(code, "{} is made by both {} and {}", ref, one, other), details);
}

Status BadAnswer(const std::string& job, const std::string& ref, const std::string& what) {
  return WithDetails(
      Error(Code::kFailedPrecondition, "job {}: configure answered for {}: {}", job, ref, what),
      {.reason = "CONFIGURE_BAD_OUTPUT", .metadata = {{"job", job}, {"ref", ref}}, .fields = {}});
}

void SortSpec(GraphSpec& spec) {
  std::ranges::stable_sort(spec.jobs, {}, &JobSpec::label);
  std::sort(spec.sources.begin(), spec.sources.end());
  for (JobSpec& job : spec.jobs) std::sort(job.files.begin(), job.files.end());
}

}  // namespace

void Complete(GraphSpec& spec) {
  if (spec.default_namespace.empty()) spec.default_namespace = spec.name;
}

CompiledGraph::CompiledGraph() : index_(std::make_unique<MakerIndex>()) {}
CompiledGraph::~CompiledGraph() = default;

StatusOr<std::shared_ptr<const CompiledGraph>> CompiledGraph::Compile(GraphSpec spec) {
  Complete(spec);
  SortSpec(spec);
  if (Status checked = CheckSpec(spec); !checked.ok()) return checked;
  const std::shared_ptr<CompiledGraph> graph(new CompiledGraph());
  graph->spec_ = std::move(spec);
  graph->revision_ = RevisionOf(graph->spec_);
  if (Status compiled = graph->CompileJobs(); !compiled.ok()) return compiled;
  if (Status indexed = graph->IndexMakers(); !indexed.ok()) return indexed;
  return std::shared_ptr<const CompiledGraph>(graph);
}

Status CompiledGraph::CompileJobs() {
  for (const JobSpec& spec : spec_.jobs) {
    auto job = JobTemplate::Compile(spec);
    if (!job.ok()) return job.status();
    jobs_.push_back(*std::move(job));
    job_digests_.push_back(JobDigest(spec));
  }
  return Ok();
}

// What is certain to clash is refused here; patterns that overlap are found when a ref meets both.
Status CompiledGraph::IndexMakers() {
  TextMap<Maker> patterns;
  Maker other;
  for (std::uint32_t job = 0; job < jobs_.size(); ++job) {
    for (std::uint32_t i = 0; i < jobs_[job].outputs().size(); ++i) {
      const RefPattern& output = jobs_[job].outputs()[i];
      const Maker maker{.is_source = false, .index = job};
      const auto [at, is_new] = patterns.try_emplace(output.text(), maker);
      if (!is_new)
        return AmbiguousRef(Code::kInvalidArgument, output.text(), NameOf(at->second),
                            NameOf(maker));
      if (!output.is_literal())
        index_->AddPattern(output.literal_prefix(), {job, i});
      else if (!index_->AddExact(output.literal_prefix(), maker, &other))
        return AmbiguousRef(Code::kInvalidArgument, output.text(), NameOf(other), NameOf(maker));
    }
  }
  for (std::uint32_t i = 0; i < spec_.sources.size(); ++i) {
    const Maker maker{.is_source = true, .index = i};
    const std::string& ref = spec_.sources[i].ref;
    if (const auto job = Lookup(ref); job.ok())
      return AmbiguousRef(Code::kInvalidArgument, ref, NameOf(*job), NameOf(maker));
    FFT_CHECK(index_->AddExact(ref, maker, &other));
  }
  return Ok();
}

std::string CompiledGraph::NameOf(Maker maker) const {
  if (maker.is_source) return "the source " + spec_.sources[maker.index].ref;
  return "job " + spec_.jobs[maker.index].label;
}

StatusOr<Maker> CompiledGraph::Lookup(std::string_view ref) const {
  if (Status good = CheckRef(ref); !good.ok()) return good;
  const Maker* const exact = index_->FindExact(ref);
  Maker found;
  bool is_found = exact != nullptr;
  if (is_found) found = *exact;
  std::vector<MakerIndex::Candidate> candidates;
  index_->FindPatterns(ref, &candidates);
  std::vector<std::string_view> values;
  for (const auto& candidate : candidates) {
    const Maker maker{.is_source = false, .index = candidate.job};
    if (is_found && maker == found) continue;
    if (!jobs_[candidate.job].outputs()[candidate.pattern].Match(ref, &values)) continue;
    if (is_found) return AmbiguousRef(Code::kFailedPrecondition, ref, NameOf(found), NameOf(maker));
    found = maker;
    is_found = true;
  }
  if (is_found) return found;
  return WithDetails(
      Error(Code::kNotFound, "no job or source of graph {} makes {}", spec_.name, Quote(ref)),
      {.reason = "UNKNOWN_REF",
       .metadata = {{"ref", std::string(ref)}, {"graph", spec_.name}},
       .fields = {}});
}

StatusOr<JobConfigPtr> CompiledGraph::Configure(std::size_t job, const std::string& ref) const {
  FFT_CHECK(job < jobs_.size() && spec_.jobs[job].configure.empty());
  auto config = jobs_[job].Configure(ref);
  if (!config.ok()) return config.status();
  return std::make_shared<const JobConfig>(*std::move(config));
}

Status CompiledGraph::CheckAnswer(std::size_t job, const std::string& ref,
                                  const JobConfig& config) const {
  FFT_CHECK(job < jobs_.size());
  const std::string& label = spec_.jobs[job].label;
  if (config.frame->job != label)
    return BadAnswer(label, ref, fmt::format("a config of job {}", Quote(config.frame->job)));
  if (!std::binary_search(config.outputs.begin(), config.outputs.end(), ref))
    return BadAnswer(label, ref, "it is not among the outputs");
  for (const std::string& output : config.outputs)
    if (!jobs_[job].Makes(output))
      return BadAnswer(label, ref,
                       fmt::format("output {} matches none of the job's patterns", Quote(output)));
  for (const Input& input : config.inputs)
    if (const Status good = CheckRef(input.ref); !good.ok())
      return BadAnswer(label, ref, "input: " + Message(good));
  if (const Status size = CheckSize(config); !size.ok())
    return BadAnswer(label, ref, Message(size));
  return Ok();
}

}  // namespace fft
