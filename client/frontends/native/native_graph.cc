#include "client/frontends/native/native_graph.h"

#include <algorithm>
#include <set>

#include <system_error>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "client/frontends/native/job_reader.h"
#include "client/frontends/yaml/text_file.h"
#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace fs = std::filesystem;
namespace v1 = build::v1;

namespace {

constexpr std::size_t kSpecBytesMax = std::size_t{7} << 19;  // a deploy must fit gRPC's 4 MiB

std::string FileUri(const fs::path& path) {
  std::string text = path.lexically_normal().generic_string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return "file://" + text;
}

/// `text` as it stands when it is a URI, else as a path in `folder`.
std::string UriOf(const fs::path& folder, const std::string& text) {
  return text.find("://") == std::string::npos ? FileUri(folder / text) : text;
}

void ReadSources(const YamlMap& map, const fs::path& folder, v1::GraphSpec& spec) {
  std::set<std::string> refs;
  for (const YAML::Node& node : map.List("sources")) {
    YamlMap source(node, "a source", {"ref", "file", "uri"});
    const std::string ref = source.RequiredText("ref");
    source.Rename("source " + ref);
    if (source.Has("file") == source.Has("uri"))
      source.Fail("", "needs exactly one of 'file' and 'uri'");
    if (!refs.insert(ref).second) source.Fail("ref", "is declared twice");
    v1::SourceSpec* const to = spec.add_sources();
    to->set_ref(ref);
    to->set_uri(source.Has("uri") ? source.RequiredText("uri")
                                  : FileUri(folder / source.RequiredText("file")));
  }
}

v1::GraphSpec ReadGraph(const YAML::Node& node, const fs::path& folder, FrozenFiles& files) {
  const YamlMap map(node, "the graph",
                    {"graph", "namespace", "root", "identity", "sources", "jobs"});
  v1::GraphSpec spec;
  spec.set_name(map.RequiredText("graph"));
  spec.set_default_namespace(map.Text("namespace", spec.name()));
  spec.set_root_uri(UriOf(folder, map.Text("root", "data")));
  const auto identity =
      static_cast<v1::Identity>(map.Choice("identity", 0, {"key", "content", "version"}));
  ReadSources(map, folder, spec);
  std::set<std::string> labels;
  for (const YAML::Node& job : map.List("jobs")) {
    *spec.add_jobs() = ReadJob(job, identity, files);
    const std::string& label = spec.jobs().rbegin()->label();
    if (!labels.insert(label).second)
      throw YamlError{job.Mark(), fmt::format("job {} is declared twice", label)};
  }
  if (spec.jobs().empty()) map.Fail("jobs", "has no jobs");
  std::sort(spec.mutable_jobs()->begin(), spec.mutable_jobs()->end(),
            [](const auto& a, const auto& b) { return a.label() < b.label(); });
  std::sort(spec.mutable_sources()->begin(), spec.mutable_sources()->end(),
            [](const auto& a, const auto& b) { return a.ref() < b.ref(); });
  return spec;
}

}  // namespace

bool IsNativeGraph(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return fs::is_regular_file(path / kGraphFile, ignored);
  return path.filename() == kGraphFile && fs::is_regular_file(path, ignored);
}

StatusOr<NativeGraph> LoadNativeGraph(const fs::path& path) {
  std::error_code failure;
  const fs::path file = fs::is_directory(path, failure) ? path / kGraphFile : path;
  const auto text = ReadTextFile(file);
  if (!text.ok()) return text.status();
  const fs::path folder = fs::absolute(file, failure).parent_path();
  NativeGraph graph;
  FrozenFiles files(folder);
  const Status read = ReadYaml(file.string(), *text, [&](const YAML::Node& node) {
    graph.spec = ReadGraph(node, folder, files);
  });
  if (!read.ok()) return read;
  graph.files = files.Files();
  if (graph.spec.ByteSizeLong() > kSpecBytesMax)
    return Error(Code::kInvalidArgument, "{}: the graph is larger than 3.5 MiB", file.string());
  return graph;
}

}  // namespace fft
