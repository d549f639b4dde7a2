#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/frontends/fastflowtransform/budgets.h"
#include "client/frontends/fastflowtransform/dotenv.h"
#include "client/frontends/fastflowtransform/profile.h"
#include "client/frontends/fastflowtransform/project_files.h"
#include "client/frontends/fastflowtransform/seeds.h"
#include "client/frontends/fastflowtransform/sources.h"
#include "server/base/status.h"

namespace fft {

/// One model of a project, as it is to be built.
struct FftModel {
  std::string name;      // `stg_users.ff`, or what a decorator says
  std::string relation;  // `stg_users`
  std::string path;      // below the project
  bool is_python = false;
  std::string materialized;             // table, view, incremental, ephemeral, snapshot
  std::string config = "{}";            // all that config() or the decorator said, as JSON
  std::string text;                     // the SQL as rendered; of Python the function's source
  std::string incremental_text;         // the SQL once the relation is there; empty: no such
  std::string function;                 // of Python
  std::vector<std::string> deps;        // names of models
  std::vector<SourceRelation> sources;  // that its template names
  std::vector<std::string> arguments;   // of Python: relations, in the order of its parameters
  std::vector<std::string>
      seeds;  // relations that it reads and a seed of the project fills, sorted
  std::string fingerprint;
  int level = 0;

  /// It leaves a relation by a job of its own: neither is it in its readers' text, nor left out.
  bool is_built() const { return !is_inlined() && !is_left_out(); }
  bool is_inlined() const { return materialized == "ephemeral"; }
  bool is_left_out() const { return materialized == "snapshot"; }
};

/// A CSV file that is loaded into a table of its name.
struct FftSeed {
  std::string relation;
  std::string schema;
  std::filesystem::path path;
  std::string content;  // SHA-256 of its bytes, 64 hexadecimal digits
  std::int64_t bytes = 0;
  std::map<std::string, std::string> types;  // of columns, where seeds/schema.yml tells
};

struct FftProject {
  std::filesystem::path folder;
  ProjectSettings settings;
  Profile profile;
  Variables variables;             // .env files and the environment
  std::set<std::string> declared;  // names that are in .env files
  Sources sources;
  std::vector<FftModel> models;     // by level, then by name
  std::vector<FftSeed> seeds;       // by relation
  std::vector<std::string> macros;  // paths of their files
  Budgets budgets;
  std::vector<std::string> warnings;
};

/// `stg_users` of `stg_users.ff`, or of itself.
std::string RelationOfName(const std::string& name);

/// What the command line says of a project.
struct ProjectRequest {
  std::filesystem::path folder;
  std::string env;
  std::map<std::string, std::string> vars;  // over those of project.yml: text
  Variables environment;                    // of the process
  std::string python = "/usr/bin/python3";
  std::string packages;       // the folder of fft_render
  bool is_for_seeds = false;  // models are not looked at
  std::string schema;         // where everything is said to be, sources too; empty: as is told
};

/// Reads, renders and orders a project.  Errors name file and line, one a line where there are
/// more.
StatusOr<FftProject> LoadFftProject(const ProjectRequest& request);

}  // namespace fft
