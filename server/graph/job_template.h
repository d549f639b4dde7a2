#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/status.h"
#include "server/domain/job.h"
#include "server/graph/ref_pattern.h"
#include "server/graph/template.h"

namespace fft {

/// A job with its patterns and templates compiled.  Immutable; must not outlive its spec.
class JobTemplate {
 public:
  /// INVALID_ARGUMENT, INVALID_GRAPH names job, field and column.
  static StatusOr<JobTemplate> Compile(const JobSpec& spec);

  const JobSpec& spec() const { return *spec_; }
  const std::vector<RefPattern>& outputs() const { return outputs_; }
  bool Makes(std::string_view ref) const;

  /// The config for one of its refs.  INVALID_ARGUMENT, BAD_TEMPLATE or TOO_MANY_REFS.
  StatusOr<JobConfig> Configure(const std::string& ref) const;

 private:
  struct InputTemplate {
    Template ref;
    InputKind kind = InputKind::kMaterialize;
    Identity identity = Identity::kKey;
    Presence presence = Presence::kRequired;
    std::uint32_t wait_max_s = 0;
  };

  Status CompileOutputs();
  Status CompileTemplates();
  StatusOr<std::vector<TemplateValue>> ValuesOf(std::string_view ref) const;
  Status AddOutputs(std::span<const TemplateValue> values, JobConfig* config) const;
  Status AddInputs(std::span<const TemplateValue> values, JobConfig* config) const;
  Status AddArgs(std::span<const TemplateValue> values, JobConfig* config) const;
  Status Refused(const Status& why, const char* what, const Template& culprit) const;

  const JobSpec* spec_ = nullptr;
  Shared<JobFrame> frame_;
  std::vector<RefPattern> outputs_;
  /// Per output: where each of its captures stands among those of the first output.
  std::vector<std::vector<std::size_t>> capture_places_;
  std::vector<InputTemplate> inputs_;
  std::vector<Template> args_;
  std::vector<std::pair<std::string, Template>> env_;
};

/// What every config of a job holds, whatever it is asked for.
Shared<JobFrame> FrameOf(const JobSpec& spec);

/// Sorts inputs by ref and joins equal refs: MATERIALIZE wins over ORDER over QUERY, and of two
/// QUERYs the one that asks more of what is there.
/// INVALID_ARGUMENT for one ref with two identities.
Status SortInputs(std::vector<Input>* inputs);

/// INVALID_ARGUMENT, TOO_MANY_REFS when a config is larger than a config may be.
Status CheckSize(const JobConfig& config);

}  // namespace fft
