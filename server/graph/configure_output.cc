#include "server/graph/configure_output.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/base/error_details.h"
#include "server/graph/compiled_graph.h"
#include "server/graph/job_template.h"
#include "server/graph/template.h"
#include "server/graph/text.h"

namespace fft {

namespace {

using Json = nlohmann::json;

// Throws nothing: every access is checked first.  The first problem wins and is kept.
class AnswerReader {
 public:
  AnswerReader(const JobSpec& job, std::string_view text)
      : job_(job), frame_(FrameOf(job)), text_(text) {}

  StatusOr<std::vector<JobConfig>> Read(const std::vector<std::string>& asked) {
    if (text_.size() > kConfigureOutputBytesMax)
      return Bad(
          fmt::format("printed {} bytes, more than {}", text_.size(), kConfigureOutputBytesMax));
    const Json answer = Json::parse(text_, nullptr, false);
    if (answer.is_discarded())
      return Bad(text_.empty() ? "printed nothing" : "printed no JSON: " + Quote(text_));
    const auto configs = answer.is_object() ? answer.find("configs") : answer.end();
    if (!answer.is_object() || configs == answer.end() || !configs->is_array())
      return Bad("printed no {\"configs\": [...]}: " + Quote(text_));
    std::vector<JobConfig> read;
    for (const Json& config : *configs) {
      place_ = fmt::format("configs[{}]", read.size());
      read.push_back(ReadConfig(config));
      if (!problem_.empty()) return Bad(problem_);
    }
    if (!Covers(read, asked)) return Bad(problem_);
    return read;
  }

 private:
  Status Bad(const std::string& what) const {
    return WithDetails(
        Error(Code::kFailedPrecondition, "job {}: configure {}", job_.label, what),
        {.reason = "CONFIGURE_BAD_OUTPUT", .metadata = {{"job", job_.label}}, .fields = {}});
  }

  void Fail(const std::string& what) {
    if (problem_.empty()) problem_ = fmt::format("printed at {}: {}", place_, what);
  }

  // A member of `object`; null when it is missing.
  static const Json& Member(const Json& object, const char* name) {
    static const Json null;
    if (!object.is_object()) return null;
    const auto found = object.find(name);
    return found == object.end() ? null : *found;
  }

  JobConfig ReadConfig(const Json& json) {
    JobConfig config;
    config.frame = frame_;
    if (!json.is_object()) Fail("no object");
    ReadOutputs(Member(json, "outputs"), &config);
    ReadInputs(Member(json, "inputs"), &config);
    ReadArgs(Member(json, "args"), &config);
    ReadEnv(Member(json, "env"), &config);
    if (problem_.empty())
      if (const Status size = CheckSize(config); !size.ok()) Fail(Message(size));
    return config;
  }

  std::string ReadRef(const Json& json, const char* field) {
    const Json& text = Member(json, "str");
    if (!text.is_string()) return Fail(fmt::format("{}: no {{\"str\": REF}}", field)), "";
    auto ref = text.get<std::string>();
    if (const Status good = CheckRef(ref); !good.ok())
      Fail(fmt::format("{}: {}", field, Message(good)));
    return ref;
  }

  void ReadOutputs(const Json& json, JobConfig* config) {
    if (!json.is_array() || json.empty()) return Fail("outputs: not a list with entries");
    if (json.size() > kConfigRefsMax)
      return Fail(fmt::format("outputs: more than {}", kConfigRefsMax));
    for (const Json& output : json) config->outputs.push_back(ReadRef(output, "outputs"));
    std::sort(config->outputs.begin(), config->outputs.end());
    config->outputs.erase(std::unique(config->outputs.begin(), config->outputs.end()),
                          config->outputs.end());
  }

  void ReadInputs(const Json& json, JobConfig* config) {
    if (json.is_null()) return;
    if (!json.is_array()) return Fail("inputs: no list");
    if (json.size() > kConfigRefsMax)
      return Fail(fmt::format("inputs: more than {}", kConfigRefsMax));
    for (const Json& input : json) {
      config->inputs.push_back(ReadInput(input));
      if (!problem_.empty()) return;
    }
    if (const Status sorted = SortInputs(&config->inputs); !sorted.ok()) Fail(Message(sorted));
  }

  Input ReadInput(const Json& json) {
    Input input;
    input.ref = ReadRef(Member(json, "partition_ref"), "inputs");
    input.kind = ReadKind(Member(json, "dep_type_code"), Member(json, "dep_type_name"));
    const Json& identity = Member(json, "identity");
    input.identity = input.kind == InputKind::kMaterialize ? Identity::kKey : Identity::kNone;
    ReadPresence(json, &input);
    if (identity.is_null()) return input;
    for (const Identity known :
         {Identity::kKey, Identity::kContent, Identity::kVersion, Identity::kNone}) {
      if (!identity.is_string() || identity.get_ref<const std::string&>() != ToString(known))
        continue;
      input.identity = known;
      return input;
    }
    Fail("inputs: identity is none of key, content, version, none");
    return input;
  }

  void ReadPresence(const Json& json, Input* input) {
    const Json& presence = Member(json, "presence");
    const Json& wait = Member(json, "wait_max_s");
    if (presence.is_null() && wait.is_null()) return;
    if (input->kind != InputKind::kQuery) return Fail("inputs: presence is a query's");
    for (const Presence known : {Presence::kRequired, Presence::kAwaited, Presence::kIgnored})
      if (presence.is_string() && presence.get_ref<const std::string&>() == ToString(known)) {
        input->presence = known;
        if (known == Presence::kAwaited) return ReadWait(wait, input);
        return wait.is_null() ? void() : Fail("inputs: wait_max_s is for what is awaited");
      }
    Fail("inputs: presence is none of required, awaited, ignored");
  }

  void ReadWait(const Json& wait, Input* input) {
    input->wait_max_s = kWaitMaxSecondsDefault;
    if (wait.is_null()) return;
    if (!wait.is_number_unsigned() || wait.get<std::uint64_t>() > kWaitMaxSecondsMost)
      return Fail(fmt::format("inputs: wait_max_s is no number up to {}", kWaitMaxSecondsMost));
    input->wait_max_s = wait.get<std::uint32_t>();
  }

  InputKind ReadKind(const Json& code, const Json& name) {
    for (const InputKind kind : {InputKind::kQuery, InputKind::kMaterialize, InputKind::kOrder}) {
      const bool is_code =
          code.is_number_integer() && code.get<std::int64_t>() == static_cast<int>(kind);
      const bool is_name = name.is_string() && name.get_ref<const std::string&>() == ToString(kind);
      if ((is_code || code.is_null()) && (is_name || name.is_null()) && (is_code || is_name))
        return kind;
    }
    Fail("inputs: dep_type_code and dep_type_name are not 0 query, 1 materialize or 2 order");
    return InputKind::kQuery;
  }

  void ReadArgs(const Json& json, JobConfig* config) {
    if (json.is_null()) return;
    if (!json.is_array()) return Fail("args: no list");
    std::vector<std::string> args;
    for (const Json& arg : json) {
      if (!arg.is_string()) return Fail("args: not all are strings");
      args.push_back(arg.get<std::string>());
      if (args.back().find('\0') != std::string::npos) return Fail("args: NUL in one");
    }
    config->args = args;
  }

  // Over what the job itself declares.
  void ReadEnv(const Json& json, JobConfig* config) {
    std::map<std::string, std::string> env;
    for (const auto& [name, text] : job_.env) {
      std::vector<std::string> value;
      const auto parsed = Template::Parse(text, {});
      if (parsed.ok() && parsed->Expand({}, 1, &value).ok()) env[name] = value.front();
    }
    if (!json.is_null() && !json.is_object()) return Fail("env: no object");
    for (const auto& [name, value] : json.items()) {
      if (!IsName(name)) return Fail("env: bad name " + Quote(name));
      if (!value.is_string()) return Fail(fmt::format("env: {} is no string", name));
      env[name] = value.get<std::string>();
      if (env[name].find('\0') != std::string::npos) return Fail("env: NUL in " + name);
    }
    config->env = std::move(env);
  }

  bool Covers(const std::vector<JobConfig>& configs, const std::vector<std::string>& asked) {
    std::set<std::string_view> outputs;
    for (const JobConfig& config : configs)
      for (const std::string& output : config.outputs)
        if (!outputs.insert(output).second) problem_ = "printed two configs for " + output;
    for (const std::string& ref : asked)
      if (problem_.empty() && !outputs.contains(ref)) problem_ = "printed no config for " + ref;
    return problem_.empty();
  }

  const JobSpec& job_;
  const Shared<JobFrame> frame_;
  std::string_view text_;
  std::string place_;
  std::string problem_;
};

}  // namespace

StatusOr<std::vector<JobConfig>> ParseConfigureOutput(const JobSpec& job,
                                                      const std::vector<std::string>& asked,
                                                      std::string_view text) {
  return AnswerReader(job, text).Read(asked);
}

}  // namespace fft
