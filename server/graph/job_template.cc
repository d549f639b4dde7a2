#include "server/graph/job_template.h"

#include <algorithm>

#include "server/base/error_details.h"
#include "server/graph/compiled_graph.h"
#include "server/graph/configure_output.h"
#include "server/graph/spec_check.h"
#include "server/graph/text.h"

namespace fft {

namespace {

Status BadTemplate(const JobSpec& job, const char* reason, const std::string& what) {
  return WithDetails(Error(Code::kInvalidArgument, "job {}: {}", job.label, what),
                     {.reason = reason,
                      .metadata = {{"job", job.label}},
                      .fields = {{fmt::format("spec.jobs[{}]", job.label), what}}});
}

int Strength(InputKind kind) {
  return kind == InputKind::kMaterialize ? 2 : kind == InputKind::kOrder ? 1 : 0;
}

}  // namespace

Status SortInputs(std::vector<Input>* inputs) {
  std::sort(inputs->begin(), inputs->end(), [](const Input& a, const Input& b) {
    if (a.ref != b.ref) return a.ref < b.ref;
    if (a.kind != b.kind) return Strength(a.kind) > Strength(b.kind);
    return a.presence < b.presence;
  });
  for (std::size_t i = 1; i < inputs->size(); ++i) {
    const Input& stronger = (*inputs)[i - 1];
    const Input& input = (*inputs)[i];
    if (input.ref == stronger.ref && input.kind == stronger.kind &&
        input.identity != stronger.identity)
      return Error(Code::kInvalidArgument, "input {} stands there twice, by {} and by {}",
                   input.ref, ToString(stronger.identity), ToString(input.identity));
  }
  const auto same_ref = [](const Input& a, const Input& b) { return a.ref == b.ref; };
  inputs->erase(std::unique(inputs->begin(), inputs->end(), same_ref), inputs->end());
  return Ok();
}

Status CheckSize(const JobConfig& config) {
  std::size_t bytes = 0;
  for (const std::string& output : config.outputs) bytes += output.size();
  for (const Input& input : config.inputs) bytes += input.ref.size();
  for (const std::string_view arg : config.args) bytes += arg.size() + 1;
  for (const auto& [name, value] : *config.env) bytes += name.size() + value.size() + 2;
  const bool has_too_many = std::max({config.outputs.size(), config.inputs.size(),
                                      config.args.size(), config.env->size()}) > kConfigRefsMax;
  if (!has_too_many && bytes <= kConfigBytesMax) return Ok();
  const std::string for_ref = config.outputs.empty() ? "no output" : config.outputs.front();
  const std::string what = has_too_many
                               ? fmt::format("more than {} refs, args or env", kConfigRefsMax)
                               : fmt::format("{} bytes, more than {}", bytes, kConfigBytesMax);
  return WithDetails(Error(Code::kInvalidArgument, "job {}: the config for {} has {}",
                           config.frame->job, for_ref, what),
                     {.reason = "TOO_MANY_REFS",
                      .metadata = {{"job", config.frame->job}, {"ref", for_ref}},
                      .fields = {}});
}

Shared<JobFrame> FrameOf(const JobSpec& spec) {
  return JobFrame{.job = spec.label,
                  .version = spec.version,
                  .runner = spec.runner,
                  .executable = spec.executable,
                  .files = spec.files,
                  .is_in_place = spec.is_in_place,
                  .sql = spec.sql};
}

StatusOr<JobTemplate> JobTemplate::Compile(const JobSpec& spec) {
  JobTemplate job;
  job.spec_ = &spec;
  job.frame_ = FrameOf(spec);
  if (Status outputs = job.CompileOutputs(); !outputs.ok()) return outputs;
  if (Status templates = job.CompileTemplates(); !templates.ok()) return templates;
  return job;
}

Status JobTemplate::CompileOutputs() {
  for (const std::string& text : spec_->outputs) {
    auto pattern = RefPattern::Parse(text);
    if (!pattern.ok())
      return InvalidJob(spec_->label,
                        fmt::format("output {}: {}", Quote(text), Message(pattern.status())));
    outputs_.push_back(*std::move(pattern));
  }
  if (!spec_->configure.empty()) return Ok();
  // Any one of its outputs must tell all the others, so they have the same captures.
  const std::vector<Capture>& captures = outputs_.front().captures();
  for (const RefPattern& output : outputs_) {
    std::vector<std::size_t> places;
    for (const Capture& capture : output.captures()) {
      const auto at = std::find(captures.begin(), captures.end(), capture);
      if (at != captures.end()) places.push_back(static_cast<std::size_t>(at - captures.begin()));
    }
    if (places.size() != captures.size() || places.size() != output.captures().size())
      return InvalidJob(spec_->label,
                        fmt::format("outputs {} and {} have different captures, so that one does "
                                    "not tell the other",
                                    Quote(outputs_.front().text()), Quote(output.text())));
    capture_places_.push_back(std::move(places));
  }
  return Ok();
}

Status JobTemplate::CompileTemplates() {
  // A configure executable answers for many refs at once, so its job's env knows no captures.
  static const std::vector<Capture> no_captures;
  const auto& captures = spec_->configure.empty() ? outputs_.front().captures() : no_captures;
  const auto invalid = [&](const std::string& field, const std::string& text, const Status& why) {
    return InvalidJob(spec_->label, fmt::format("{} {}: {}", field, Quote(text), Message(why)));
  };
  for (const InputSpec& input : spec_->inputs) {
    auto parsed = Template::Parse(input.ref, captures);
    if (!parsed.ok()) return invalid("input", input.ref, parsed.status());
    inputs_.push_back(
        {*std::move(parsed), input.kind, input.identity, input.presence, input.wait_max_s});
  }
  for (const std::string& arg : spec_->args) {
    auto parsed = Template::Parse(arg, captures);
    if (!parsed.ok()) return invalid("arg", arg, parsed.status());
    args_.push_back(*std::move(parsed));
  }
  for (const auto& [name, value] : spec_->env) {
    auto parsed = Template::Parse(value, captures);
    if (!parsed.ok()) return invalid("env " + name, value, parsed.status());
    if (parsed->has_each())
      return InvalidJob(spec_->label, fmt::format("env {} {}: each(...) makes many values, a "
                                                  "variable has one",
                                                  name, Quote(value)));
    env_.emplace_back(name, *std::move(parsed));
  }
  return Ok();
}

bool JobTemplate::Makes(std::string_view ref) const {
  std::vector<std::string_view> values;
  return std::any_of(outputs_.begin(), outputs_.end(),
                     [&](const RefPattern& output) { return output.Match(ref, &values); });
}

StatusOr<std::vector<TemplateValue>> JobTemplate::ValuesOf(std::string_view ref) const {
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i].Match(ref, &texts)) continue;
    const std::vector<Capture>& captures = outputs_.front().captures();
    std::vector<TemplateValue> values(captures.size());
    for (std::size_t j = 0; j < texts.size(); ++j) values[capture_places_[i][j]].text = texts[j];
    for (std::size_t j = 0; j < captures.size(); ++j) {
      if (!captures[j].format) continue;
      values[j].format = &*captures[j].format;
      values[j].period = *captures[j].format->Read(values[j].text);
    }
    return values;
  }
  return BadTemplate(*spec_, "BAD_TEMPLATE", fmt::format("does not make {}", Quote(ref)));
}

Status JobTemplate::Refused(const Status& why, const char* what, const Template& culprit) const {
  const bool is_too_many = why.code() == Code::kResourceExhausted;
  return BadTemplate(*spec_, is_too_many ? "TOO_MANY_REFS" : "BAD_TEMPLATE",
                     fmt::format("{} {}: {}", what, Quote(culprit.text()), Message(why)));
}

Status JobTemplate::AddOutputs(std::span<const TemplateValue> values, JobConfig* config) const {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    std::vector<std::string_view> texts;
    for (const std::size_t place : capture_places_[i]) texts.push_back(values[place].text);
    config->outputs.push_back(outputs_[i].Render(texts));
    if (outputs_.size() == 1) break;  // it is the ref that was asked for
    std::vector<std::string_view> again;
    if (!outputs_[i].Match(config->outputs.back(), &again) || again != texts)
      return BadTemplate(*spec_, "BAD_TEMPLATE",
                         fmt::format("output {} cannot be {}", Quote(outputs_[i].text()),
                                     Quote(config->outputs.back())));
  }
  std::sort(config->outputs.begin(), config->outputs.end());
  if (const auto twice = std::adjacent_find(config->outputs.begin(), config->outputs.end());
      twice != config->outputs.end())
    return BadTemplate(*spec_, "BAD_TEMPLATE", fmt::format("two of its outputs are {}", *twice));
  return Ok();
}

Status JobTemplate::AddInputs(std::span<const TemplateValue> values, JobConfig* config) const {
  std::vector<std::string> refs;
  for (const InputTemplate& input : inputs_) {
    refs.clear();
    const std::size_t room = kConfigRefsMax - config->inputs.size();
    if (Status done = input.ref.Expand(values, room, &refs); !done.ok())
      return done.code() == Code::kResourceExhausted
                 ? Refused(Error(done.code(), "more than {} refs in the config for {}",
                                 kConfigRefsMax, config->outputs.front()),
                           "input", input.ref)
                 : Refused(done, "input", input.ref);
    for (std::string& ref : refs) {
      if (const Status good = CheckRef(ref); !good.ok()) return Refused(good, "input", input.ref);
      config->inputs.push_back(
          {input.kind, input.identity, input.presence, input.wait_max_s, std::move(ref)});
    }
  }
  if (const Status sorted = SortInputs(&config->inputs); !sorted.ok())
    return BadTemplate(*spec_, "BAD_TEMPLATE", Message(sorted));
  return Ok();
}

Status JobTemplate::AddArgs(std::span<const TemplateValue> values, JobConfig* config) const {
  std::vector<std::string> args;
  for (const Template& arg : args_)
    if (Status done = arg.Expand(values, kConfigRefsMax, &args); !done.ok())
      return Refused(done, "arg", arg);
  config->args = args;
  std::map<std::string, std::string> env;
  std::vector<std::string> value;
  for (const auto& [name, text] : env_) {
    value.clear();
    if (Status done = text.Expand(values, 1, &value); !done.ok()) return Refused(done, "env", text);
    env[name] = std::move(value.front());
  }
  config->env = std::move(env);
  return Ok();
}

StatusOr<JobConfig> JobTemplate::Configure(const std::string& ref) const {
  const auto values = ValuesOf(ref);
  if (!values.ok()) return values.status();
  JobConfig config;
  config.frame = frame_;
  for (const auto& add : {&JobTemplate::AddOutputs, &JobTemplate::AddInputs, &JobTemplate::AddArgs})
    if (Status added = (this->*add)(*values, &config); !added.ok()) return added;
  if (Status size = CheckSize(config); !size.ok()) return size;
  return config;
}

}  // namespace fft
