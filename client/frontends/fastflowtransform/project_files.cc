#include "client/frontends/fastflowtransform/project_files.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "client/frontends/yaml/text_file.h"
#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_json.h"
#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSqlModel = ".ff.sql", kPythonModel = ".ff.py";
constexpr std::string_view kMacros = "models/macros/", kFunctions = "models/macros_py/";

/// A map as JSON; {} where the key is not there.
std::string MapAt(const YamlMap& map, std::string_view key) {
  const YAML::Node node = map.At(key);
  if (!map.Has(key) || node.IsNull()) return "{}";
  if (!node.IsMap()) map.Fail(key, fmt::format("'{}' must be a map", key));
  return YamlToJson(node);
}

bool IsHidden(const std::string& name) { return name.starts_with('.'); }

/// A link to a folder that it lies in.
bool LeadsRound(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error) || !fs::is_directory(path, error)) return false;
  const fs::path target = fs::canonical(path, error),
                 here = fs::canonical(path.parent_path(), error);
  return std::mismatch(target.begin(), target.end(), here.begin(), here.end()).first ==
         target.end();
}

}  // namespace

StatusOr<std::vector<std::string>> FilesBelow(const fs::path& folder, const fs::path& base,
                                              const FileSearch& search) {
  const auto is_left_out = search.is_left_out != nullptr ? search.is_left_out : &IsHidden;
  std::vector<std::string> paths;
  std::error_code error;
  if (!fs::is_directory(folder, error)) return paths;
  fs::recursive_directory_iterator at(folder, fs::directory_options::follow_directory_symlink,
                                      error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    const bool is_passed_over =
        is_left_out(at->path().filename().string()) || LeadsRound(at->path());
    if (is_passed_over && at->is_directory(error)) at.disable_recursion_pending();
    if (!is_passed_over && at->is_regular_file(error))
      paths.push_back(at->path().lexically_relative(base).generic_string());
    if (paths.size() > search.count_max)
      return Error(Code::kInvalidArgument, "{}: more than {} files", folder.string(),
                   search.count_max);
  }
  if (error)
    return Error(Code::kInvalidArgument, "{}: cannot be read: {}", folder.string(),
                 error.message());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string RelationOf(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  for (const std::string_view suffix : {kSqlModel, kPythonModel})
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

StatusOr<ProjectSettings> ReadProjectSettings(const std::string& file, const std::string& text) {
  ProjectSettings settings;
  const Status read = ReadYaml(file, text, [&](const YAML::Node& node) {
    const YamlMap map(node, "the project",
                      {"name", "version", "vars", "models", "seeds", "tests", "docs", "hooks"});
    settings.name = map.RequiredText("name");
    settings.version = map.Text("version", "");
    settings.vars = MapAt(map, "vars");
    settings.seeds = MapAt(map, "seeds");
    if (map.Has("models") && !map.At("models").IsNull()) {
      const YamlMap models(map.At("models"), "'models' of the project", {"storage", "incremental"});
      settings.storage = MapAt(models, "storage");
      settings.incremental = MapAt(models, "incremental");
    }
    if (map.Has("docs") && !map.At("docs").IsNull()) {
      const YamlMap docs(map.At("docs"), "'docs' of the project", {"dag_dir"});
      settings.dag_folder = docs.Text("dag_dir", "");
    }
    for (const std::string_view key : {"tests", "hooks"})
      if (map.Has(key) && map.At(key).size() > 0)
        settings.left_out.push_back(
            fmt::format("{}:{}: '{}' is left out", file, map.MarkOf(key).line + 1, key));
  });
  if (!read.ok()) return read;
  return settings;
}

StatusOr<ProjectFiles> FindProjectFiles(const fs::path& project, const fs::path& seeds_folder) {
  ProjectFiles files;
  const auto paths = FilesBelow(project / "models", project);
  if (!paths.ok()) return paths.status();
  for (const std::string& path : *paths) {
    std::vector<ProjectFile>* kind = nullptr;
    if (path.starts_with(kMacros) && (path.ends_with(".sql") || path.ends_with(".sql.j2")))
      kind = &files.macros;
    else if (path.starts_with(kFunctions) && path.ends_with(".py"))
      kind = &files.functions;
    else if (path.ends_with(kSqlModel))
      kind = &files.sql_models;
    else if (path.ends_with(kPythonModel))
      kind = &files.python_models;
    if (kind == nullptr) continue;
    auto text = ReadTextFile(project / path);
    if (!text.ok()) return text.status();
    kind->push_back({path, *std::move(text)});
  }
  auto seeds = FilesBelow(seeds_folder, seeds_folder);
  if (!seeds.ok()) return seeds.status();
  std::erase_if(*seeds, [](const std::string& path) { return !path.ends_with(".csv"); });
  files.seeds = *std::move(seeds);
  return files;
}

}  // namespace fft
