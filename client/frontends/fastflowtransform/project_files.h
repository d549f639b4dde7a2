#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// A file of a project: its path below the folder, with slashes, and what it says.
struct ProjectFile {
  std::string path;
  std::string text;
};

/// project.yml: what it says as JSON.
struct ProjectSettings {
  std::string name;
  std::string version;
  std::string vars = "{}";  // name -> value
  std::string dag_folder;   // of `fftctl dag`; empty: the default
  /// Of each kind of model: settings that go over a model's own, as JSON maps.
  std::string storage = "{}";
  std::string incremental = "{}";
  std::string seeds = "{}";
  /// What this service does not do yet: `hooks`, `tests`; each with its line.
  std::vector<std::string> left_out;
};

/// The files of a project by what they are, each kind sorted by path.
struct ProjectFiles {
  std::vector<ProjectFile> sql_models;     // models/**/*.ff.sql
  std::vector<ProjectFile> python_models;  // models/**/*.ff.py
  std::vector<ProjectFile> macros;         // models/macros/**/*.sql and *.sql.j2
  std::vector<ProjectFile> functions;      // models/macros_py/**/*.py
  std::vector<std::string> seeds;  // **/*.csv below the seeds' folder: paths, they may be large
};

StatusOr<ProjectSettings> ReadProjectSettings(const std::string& file, const std::string& text);

/// INVALID_ARGUMENT names a file that cannot be read.  Names that begin with a dot are passed over.
StatusOr<ProjectFiles> FindProjectFiles(const std::filesystem::path& project,
                                        const std::filesystem::path& seeds_folder);

struct FileSearch {
  std::size_t count_max = SIZE_MAX;
  /// Names of files and folders that are passed over; null: those that begin with a dot.
  bool (*is_left_out)(const std::string& name) = nullptr;
};
/// Paths of the regular files below `folder`, relative to `base`, sorted; nothing where there is no
/// such folder.  Links are followed, but not into a folder that they lie in.
StatusOr<std::vector<std::string>> FilesBelow(const std::filesystem::path& folder,
                                              const std::filesystem::path& base,
                                              const FileSearch& search = {});

/// `stg_users` of models/staging/stg_users.ff.sql.
std::string RelationOf(const std::string& path);

}  // namespace fft
