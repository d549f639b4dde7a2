#include "client/frontends/native/job_reader.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "client/frontends/native/quantity.h"
#include "client/frontends/yaml/yaml_map.h"
#include "server/domain/job.h"

namespace fft {

namespace v1 = build::v1;

namespace {

void SetDuration(const YamlMap& limits, const char* key, google::protobuf::Duration* to) {
  const std::string text = limits.RequiredText(key);
  const auto length = ParseDuration(text);
  if (!length || *length <= Duration::zero())
    limits.Fail(key,
                fmt::format("'{}' is a length of time such as 10s, 5m or 1h, not '{}'", key, text));
  to->set_seconds(length->count() / 1000);
  to->set_nanos(static_cast<std::int32_t>(length->count() % 1000) * 1'000'000);
}

void ReadPresence(const YamlMap& map, v1::Input* input) {
  if (!map.Has("query") && map.Has("presence"))
    map.Fail("presence", "'presence' is for a 'query': anything else is built or waited for");
  const auto presence =
      map.Choice("presence", v1::PRESENCE_REQUIRED, {"required", "awaited", "ignored"});
  input->set_presence(static_cast<v1::Presence>(presence));
  if (!map.Has("wait_max")) return;
  if (input->presence() != v1::PRESENCE_AWAITED)
    map.Fail("wait_max", "'wait_max' is for a 'query' with 'presence: awaited'");
  SetDuration(map, "wait_max", input->mutable_wait_max());
}

v1::Input ReadInput(const YAML::Node& node, v1::Identity identity, const std::string& job) {
  v1::Input input;
  input.set_kind(v1::MATERIALIZE);
  input.set_identity(identity);
  if (node.IsScalar()) {
    input.set_ref(node.Scalar());
  } else {
    const YamlMap map(node, "an input of " + job,
                      {"ref", "query", "order", "identity", "presence", "wait_max"});
    if (map.Has("ref") + map.Has("query") + map.Has("order") != 1)
      map.Fail("", "needs exactly one of 'ref', 'query' and 'order'");
    if (map.Has("order") && map.Has("identity"))
      map.Fail("identity", "'order' reads nothing and has no identity");
    ReadPresence(map, &input);
    const char* key = map.Has("ref") ? "ref" : map.Has("query") ? "query" : "order";
    input.set_ref(map.RequiredText(key));
    if (map.Has("query")) input.set_kind(v1::QUERY);
    if (map.Has("order")) input.set_kind(v1::ORDER);
    const v1::Identity otherwise = map.Has("ref") ? identity : v1::IDENTITY_NONE;
    const auto names = {std::string_view("key"), std::string_view("content"),
                        std::string_view("version")};
    input.set_identity(static_cast<v1::Identity>(
        map.Choice("identity", static_cast<std::size_t>(otherwise), names)));
  }
  if (input.ref().empty()) throw YamlError{node.Mark(), "an input of " + job + " is empty"};
  return input;
}

std::int64_t ReadSize(const YamlMap& limits, const char* key) {
  const std::string text = limits.RequiredText(key);
  const auto size = ParseSize(text);
  if (!size || *size <= 0)
    limits.Fail(key, fmt::format("'{}' is a size such as 512MiB or 5GB, not '{}'", key, text));
  return *size;
}

v1::RunLimits ReadLimits(const YAML::Node& node, const std::string& job) {
  const YamlMap map(
      node, "limits of " + job,
      {"attempts", "wall", "kill_after", "memory", "log", "slots", "labels", "pools"});
  v1::RunLimits limits;
  limits.set_attempts_max(map.Int("attempts", 0, 1, 1'000));
  limits.set_slots(map.Int("slots", 0, 1, 10'000));
  if (map.Has("wall")) SetDuration(map, "wall", limits.mutable_wall_max());
  if (map.Has("kill_after")) SetDuration(map, "kill_after", limits.mutable_kill_after());
  if (map.Has("memory")) limits.set_memory_max_bytes(ReadSize(map, "memory"));
  if (map.Has("log")) limits.set_log_max_bytes(ReadSize(map, "log"));
  for (const std::string& label : map.Texts("labels")) limits.add_worker_labels(label);
  for (const std::string& pool : map.Texts("pools")) limits.add_pools(pool);
  return limits;
}

bool IsVariableName(const std::string& name) {
  const auto is_good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_good) &&
         (name.front() < '0' || name.front() > '9');
}

void ReadEnvironment(const YamlMap& map, v1::JobSpec& job) {
  for (const auto& [name, value] : map.Pairs("env")) {
    if (!IsVariableName(name))
      map.Fail("env", fmt::format("'{}' is no name of an environment variable", name));
    if (name.rfind("FFT_", 0) == 0)
      map.Fail("env", fmt::format("'{}': names that start with FFT_ are the daemon's", name));
    (*job.mutable_env())[name] = value;
  }
}

/// Freezes `path` and what it stands for; the error names key and job.
std::vector<FrozenFile> Freeze(const YamlMap& map, const char* key, const std::string& path,
                               FrozenFiles& files) {
  auto frozen = files.Freeze(path);
  if (!frozen.ok()) map.Fail(key, fmt::format("'{}': {}", key, Message(frozen.status())));
  return *std::move(frozen);
}

/// The program at `key`, as a path of one of the job's files; empty where there is none.
std::string ReadProgram(const YamlMap& map, const char* key, FrozenFiles& files,
                        std::vector<FrozenFile>& all) {
  if (!map.Has(key)) return "";
  const std::string path = map.RequiredText(key);
  const std::vector<FrozenFile> frozen = Freeze(map, key, path, files);
  if (frozen.size() != 1 || !frozen.front().executable)
    map.Fail(key,
             fmt::format("'{}': {} is not an executable file; chmod +x makes it one", key, path));
  all.push_back(frozen.front());
  return frozen.front().path;
}

void ReadFiles(const YamlMap& map, FrozenFiles& files, v1::JobSpec& job) {
  std::vector<FrozenFile> all;
  job.set_executable(ReadProgram(map, "run", files, all));
  job.set_configure(ReadProgram(map, "configure", files, all));
  for (const std::string& path : map.Texts("files"))
    for (const FrozenFile& file : Freeze(map, "files", path, files)) all.push_back(file);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const FrozenFile& file : all) {
    v1::FrozenFile* const to = job.add_files();
    to->set_path(file.path);
    to->set_digest(std::string(file.digest.view()));
    to->set_size_bytes(file.bytes);
    to->set_executable(file.executable);
  }
}

void CheckTogether(const YamlMap& map) {
  const bool is_noop = map.Text("runner", "exec") == "noop";
  if (is_noop && map.Has("run")) map.Fail("run", "the runner noop runs nothing: drop 'run'");
  if (!is_noop && !map.Has("run")) map.Fail("", "'run' is missing");
  for (const char* key : {"inputs", "args", "env"})
    if (map.Has("configure") && map.Has(key))
      map.Fail(key, fmt::format("'configure' tells the {0}: drop '{0}'", key));
  const std::string version = map.Text("version", "v0.0.0");
  if (MajorVersion(version) < 0)
    map.Fail("version", fmt::format("'version' is vMAJOR.MINOR.PATCH, not '{}'", version));
}

}  // namespace

v1::JobSpec ReadJob(const YAML::Node& node, v1::Identity identity, FrozenFiles& files) {
  YamlMap map(node, "a job",
              {"label", "outputs", "inputs", "run", "files", "configure", "args", "env", "version",
               "runner", "limits", "in_place", "merge"});
  v1::JobSpec job;
  job.set_label(map.RequiredText("label"));
  const std::string what = "job " + job.label();
  map.Rename(what);
  CheckTogether(map);
  for (const std::string& output : map.Texts("outputs")) job.add_outputs(output);
  if (job.outputs().empty()) map.Fail("outputs", "has no outputs");
  for (const YAML::Node& input : map.List("inputs"))
    *job.add_inputs() = ReadInput(input, identity, what);
  for (const std::string& arg : map.Texts("args")) job.add_args(arg);
  ReadEnvironment(map, job);
  job.set_runner(static_cast<v1::Runner>(map.Choice("runner", 0, {"exec", "noop"})));
  ReadFiles(map, files, job);
  job.set_version(map.Text("version", ""));
  if (map.Has("limits")) *job.mutable_limits() = ReadLimits(map.At("limits"), what);
  job.set_in_place(map.Bool("in_place", false));
  job.set_no_merge(!map.Bool("merge", true));
  return job;
}

}  // namespace fft
