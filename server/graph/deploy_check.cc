#include "server/graph/deploy_check.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "server/base/check.h"
#include "server/base/error_details.h"
#include "server/graph/ref_pattern.h"
#include "server/graph/spec_check.h"
#include "server/graph/text.h"

namespace fft {

namespace {

/// Any ref of a pattern is a path where one is: captures are not empty.
Status CheckPlace(const JobSpec& job, const RefPattern& output) {
  const std::vector<std::string_view> any(output.captures().size(), "x");
  const std::string example = output.Render(any);
  const bool is_ours = example == ".fft" || example.starts_with(".fft/");
  if (IsFilePath(example) && !is_ours) return Ok();
  return InvalidJob(job.label, fmt::format("output {}: {}", Quote(output.text()),
                                           is_ours ? "the folder .fft is the daemon's own"
                                                   : "no path below the graph's root"));
}

Status SameRefs(const std::string& output, const JobSpec& one, const JobSpec& other) {
  const std::string first = "job " + one.label, second = "job " + other.label;
  return WithDetails(
      Error(Code::kInvalidArgument, "{} is made by both {} and {}", output, first, second),
      {.reason = "AMBIGUOUS_REF",
       .metadata = {{"ref", output}, {"one", first}, {"other", second}},
       .fields = {{fmt::format("spec.jobs[{}]", other.label), "makes what another job makes"}}});
}

/// The outputs of a graph, as they are met.
class Outputs {
 public:
  Status Add(const JobSpec& job, const RefPattern& output) {
    const auto [at, is_new] = shapes_.try_emplace(output.Shape(), &job);
    if (!is_new) return SameRefs(output.text(), *at->second, job);
    if (!IsMoved(job)) return Ok();
    if (output.is_literal()) whole_.emplace(output.literal_prefix(), &job);
    inner_.push_back({&job, output.literal_prefix()});
    return CheckPlace(job, output);
  }

  /// What lies in a file or folder that is moved as a whole is lost, or in its way.
  Status CheckNesting() const {
    for (const auto& [job, prefix] : inner_)
      for (std::size_t slash = prefix.find('/'); slash != std::string::npos;
           slash = prefix.find('/', slash + 1))
        if (const auto outer = whole_.find(prefix.substr(0, slash)); outer != whole_.end())
          return InvalidJob(job->label, fmt::format("an output lies in output {} of job {}",
                                                    Quote(outer->first), outer->second->label));
    return Ok();
  }

 private:
  struct Inner {
    const JobSpec* job = nullptr;
    std::string prefix;  // what all its refs begin with
  };
  std::unordered_map<std::string, const JobSpec*> shapes_, whole_;
  std::vector<Inner> inner_;
};

}  // namespace

Status CheckDeploy(const GraphSpec& spec) {
  if (spec.jobs.empty())
    return WithDetails(Error(Code::kInvalidArgument, "graph {} has no job", spec.name),
                       {.reason = "INVALID_GRAPH",
                        .metadata = {{"graph", spec.name}},
                        .fields = {{"spec.jobs", "is empty"}}});
  Outputs outputs;
  for (const JobSpec& job : spec.jobs) {
    for (const auto& [name, value] : job.env)
      if (name.starts_with("FFT_"))
        return InvalidJob(job.label,
                          fmt::format("env {}: names that begin with FFT_ are the daemon's", name));
    if (IsMoved(job) && !spec.root_uri.starts_with("file:///"))
      return InvalidJob(job.label,
                        fmt::format("runner exec: the graph's root {} is no "
                                    "file:///FOLDER; what is written in place needs none",
                                    Quote(spec.root_uri)));
    for (const std::string& text : job.outputs) {
      const auto output = RefPattern::Parse(text);
      FFT_CHECK(output.ok());  // it compiles
      if (Status added = outputs.Add(job, *output); !added.ok()) return added;
    }
  }
  return outputs.CheckNesting();
}

}  // namespace fft
