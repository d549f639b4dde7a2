#include "client/frontends/fastflowtransform/graph.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/fastflowtransform/fingerprint.h"
#include "client/frontends/fastflowtransform/reads.h"
#include "client/frontends/fastflowtransform/selection.h"
#include "client/frontends/yaml/json_texts.h"

namespace fft {

namespace {

namespace v1 = build::v1;
using Json = nlohmann::json;

constexpr char kLauncher[] = R"(#!/usr/bin/python3
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["FFT_FILES"], "python"))
from fft_model.runner import main

sys.exit(main(sys.argv[1:]))
)";
constexpr std::size_t kNameMax = 63;  // of PostgreSQL; a longer one would be cut

/// In a template: braces doubled.
std::string Literal(const std::string& text) {
  std::string literal;
  for (const char c : text) {
    if (c == '{' || c == '}') literal += c;
    literal += c;
  }
  return literal;
}

std::string ShortDigest(const std::string& text) { return ToShortHex(Sha256(text)); }

/// A name that an environment may have.
std::string VariableOf(const std::string& name) {
  std::string variable;
  for (const char c : name) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    variable += is_plain ? c : '_';
  }
  return variable == name ? variable : variable + "_" + ShortDigest(name);
}

class GraphMaker {
 public:
  GraphMaker(const FftProject& project, const FftPlace& place)
      : project_(project), place_(place), models_(ByName(project)) {
    for (const FftSeed& seed : project.seeds)
      if (seed.schema == project.profile.schema) seeds_.insert(seed.relation);
    NoteSurroundings();
  }

  StatusOr<FftGraph> MakeSeeds(const std::vector<const FftSeed*>& seeds) {
    Name(fmt::format("{}.{}.seeds", project_.settings.name, project_.profile.name));
    for (const FftSeed* seed : seeds)
      if (Status s = AddSeed(*seed); !s.ok()) return s;
    return std::move(graph_);
  }

  StatusOr<FftGraph> MakeModels() {
    Name(fmt::format("{}.{}", project_.settings.name, project_.profile.name));
    if (Status s = AddModels(); !s.ok()) return s;
    return std::move(graph_);
  }

  StatusOr<FftGraph> MakeCase(std::optional<FftContext>* context) {
    gathered_ = context;
    Name(fmt::format("{}.{}.utest", project_.settings.name, project_.profile.name));
    loads_seeds_ = true;
    for (const FftSeed& seed : project_.seeds)
      if (Status s = AddSeed(seed); !s.ok()) return s;
    if (Status s = AddModels(); !s.ok()) return s;
    return std::move(graph_);
  }

 private:
  void Name(const std::string& name) {
    graph_.spec.set_name(name);
    graph_.spec.set_default_namespace(place_.ns);
    graph_.spec.set_root_uri(place_.root_uri);
  }

  /// Facts that all models share.  Of variables only digests: a value may be a secret.
  void NoteSurroundings() {
    surroundings_["ENGINE"] = project_.profile.engine;
    surroundings_["PROFILE"] = Literal(project_.profile.name);
    surroundings_["SOURCES"] = ShortDigest(SourcesJson(project_.sources));
    for (const auto& [name, value] : project_.variables)
      if (name.starts_with("FF_"))
        surroundings_[VariableOf(name)] = ShortDigest(name + "=" + WithoutPasswords(value));
  }

  std::string AddText(const std::string& path, const std::string& text, v1::JobSpec* job) {
    const Digest digest = Sha256(text);
    graph_.texts.emplace(digest, text);
    v1::FrozenFile* file = job->add_files();
    file->set_path(path);
    file->set_digest(std::string(digest.view()));
    file->set_size_bytes(static_cast<std::int64_t>(text.size()));
    return path;
  }

  Status CheckName(const std::string& path, const std::string& relation) const {
    if (relation.size() <= kNameMax) return Ok();
    return Error(Code::kInvalidArgument,
                 "{}: {} is longer than the {} bytes of a name in PostgreSQL", path, relation,
                 kNameMax);
  }

  Status AddModels() {
    for (const FftModel& model : project_.models) {
      if (!model.is_built()) continue;
      if (Status s = AddModel(model); !s.ok()) return s;
    }
    return Ok();
  }

  Status AddModel(const FftModel& model) {
    if (Status s = CheckName(model.path, model.relation); !s.ok()) return s;
    v1::JobSpec& job = *graph_.spec.add_jobs();
    job.set_label(model.name);
    job.add_outputs(Literal(model.relation));
    job.mutable_env()->insert(surroundings_.begin(), surroundings_.end());
    const FftReads reads = ReadsOf(model, models_);
    std::set<std::string> built, found;  // by jobs of this graph; by nobody here
    for (const auto& [relation, read] : reads.models)
      (read->is_left_out() ? found : built).insert(relation);
    for (const std::string& seed : reads.seeds)
      if (seeds_.contains(seed)) (loads_seeds_ ? built : found).insert(seed);
    for (const std::string& relation : built) {
      v1::Input* input = job.add_inputs();
      input->set_kind(v1::MATERIALIZE);
      input->set_ref(Literal(relation));
    }
    for (const std::string& relation : found) {
      v1::Input* input = job.add_inputs();
      input->set_kind(v1::QUERY);
      input->set_identity(v1::IDENTITY_NONE);
      input->set_ref(Literal(relation));
    }
    // The file counts, whether it has been loaded or not.
    for (const FftSeed& seed : project_.seeds)
      if (reads.seeds.contains(seed.relation))
        (*job.mutable_env())[VariableOf("SEED_" + seed.relation)] = seed.content.substr(0, 12);
    (*job.mutable_annotations())["node_name"] = model.name;
    (*job.mutable_annotations())["fingerprint"] = model.fingerprint;
    return model.is_python ? AddPython(model, &job) : AddSql(model, &job);
  }

  Status AddPython(const FftModel& model, v1::JobSpec* job) {
    if (Status s = MakeContext(); !s.ok()) return s;
    for (const std::string& dep : model.deps)
      if (models_.at(dep)->is_inlined())
        return Error(Code::kInvalidArgument,
                     "{}: {} reads {}, which is ephemeral: there is no table", model.path,
                     model.name, dep);
    job->set_runner(v1::RUNNER_SQL);
    v1::SqlTask& sql = *job->mutable_sql();
    sql.set_program(AddText("run_model", kLauncher, job));
    job->mutable_files(0)->set_executable(true);
    AddText(model.path + "." + model.function, model.text, job);  // what decides: its own source
    job->add_args(Literal(model.path));
    job->add_args(Literal(model.name));
    for (const std::string& relation : model.arguments) job->add_args(Literal(relation));
    job->set_context(std::string(context_.view()));
    job->set_environment_secret(environment_);
    if (model.materialized != "incremental") return Ok();
    sql.set_materialization(v1::MATERIALIZATION_INCREMENTAL);
    return AddIncremental(model, Json::parse(model.config).value("meta", Json::object()), job);
  }

  /// What all Python models share: files and environment.
  Status MakeContext() {
    if (context_) return Ok();
    if (!*gathered_) {
      auto context = GatherContext(project_.folder, place_.packages);
      if (!context.ok()) return context.status();
      *gathered_ = *std::move(context);
    }
    const FftContext& context = **gathered_;
    context_ = Sha256(context.listing);
    graph_.texts.emplace(context_, context.listing);
    graph_.files.insert(context.files.begin(), context.files.end());
    std::string lines;
    for (const auto& [name, value] : EnvironmentOfModels())
      if ((name + value).find('\n') == std::string::npos)
        lines += fmt::format("{}={}\n", name, value);
    environment_ =
        fmt::format("environment/{}/{}", graph_.spec.name(), ShortDigest(WithoutPasswords(lines)));
    graph_.secrets.emplace(environment_, std::move(lines));
    return Ok();
  }

  /// FF_* variables, those of the .env files, and what a model finds its way by.
  Variables EnvironmentOfModels() const {
    Variables variables;
    for (const auto& [name, value] : project_.variables) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (name.starts_with("FF_") || project_.declared.contains(name) || lower.ends_with("_proxy"))
        variables[name] = value;
    }
    variables["FF_ENGINE"] = project_.profile.engine;
    std::string& cache = variables["FF_HTTP_CACHE_DIR"];
    if (cache.empty()) cache = ".local/http-cache";
    cache = std::filesystem::absolute(project_.folder / cache).lexically_normal().string();
    return variables;
  }

  Status AddSql(const FftModel& model, v1::JobSpec* job) {
    const Json config = Json::parse(model.config);
    job->set_runner(v1::RUNNER_SQL);
    job->mutable_limits()->set_scan_max_bytes(project_.budgets.query_bytes_max);
    v1::SqlTask& sql = *job->mutable_sql();
    sql.set_query(AddText(model.path, model.text, job));
    for (const std::string& hook : TextsIn(config.value("pre_hook", Json())))
      sql.add_pre_hooks(hook);
    for (const std::string& hook : TextsIn(config.value("post_hook", Json())))
      sql.add_post_hooks(hook);
    if (model.materialized == "view") sql.set_materialization(v1::MATERIALIZATION_VIEW);
    if (model.materialized != "incremental") return Ok();
    sql.set_materialization(v1::MATERIALIZATION_INCREMENTAL);
    return AddIncremental(model, config, job);
  }

  Status AddIncremental(const FftModel& model, const Json& config, v1::JobSpec* job) {
    v1::SqlTask& sql = *job->mutable_sql();
    Json told = config.value("incremental", Json::object());
    if (!told.is_object()) told = Json::object();
    // project.yml goes over what the model says itself.
    const Json overlays = Json::parse(project_.settings.incremental);
    for (const std::string& name : {model.relation, model.name})
      if (overlays.contains(name) && overlays[name].is_object())
        for (const auto& [key, value] : overlays[name].items()) told[key] = value;
    for (const char* key : {"unique_key", "primary_key"})
      if (!told.contains("unique_key") && config.contains(key)) told["unique_key"] = config[key];
    for (const std::string& column : TextsIn(told.value("unique_key", Json())))
      sql.add_unique_key(column);
    const Json said = told.value("on_schema_change", Json("ignore"));
    const std::string change = said.is_string() ? said.get<std::string>() : said.dump();
    if (change == "append_new_columns")
      sql.set_on_schema_change(v1::ON_SCHEMA_CHANGE_APPEND_NEW_COLUMNS);
    else if (change == "sync_all_columns")
      sql.set_on_schema_change(v1::ON_SCHEMA_CHANGE_SYNC_ALL_COLUMNS);
    else if (change != "ignore")
      return Error(Code::kInvalidArgument,
                   "{}: on_schema_change '{}' is none of ignore, append_new_columns, "
                   "sync_all_columns",
                   model.path, change);
    std::string delta = model.incremental_text;
    if (told.contains("delta_sql") && told["delta_sql"].is_string()) delta = told["delta_sql"];
    if (!delta.empty() && delta != model.text && !model.is_python)
      sql.set_delta_query(AddText(model.path + ".delta", delta, job));
    return Ok();
  }

  Status AddSeed(const FftSeed& seed) {
    if (seed.schema != project_.profile.schema)
      return Error(Code::kInvalidArgument,
                   "{}: its target is schema {}, and seeds are loaded into the project's own, {}",
                   seed.path.string(), seed.schema, project_.profile.schema);
    if (Status s = CheckName(seed.path.string(), seed.relation); !s.ok()) return s;
    v1::JobSpec& job = *graph_.spec.add_jobs();
    job.set_label(seed.relation);
    job.add_outputs(Literal(seed.relation));
    job.set_runner(v1::RUNNER_SQL);
    v1::SqlTask& sql = *job.mutable_sql();
    const auto digest = DigestFromHex(seed.content);
    v1::FrozenFile* file = job.add_files();
    file->set_path("seeds/" + seed.relation + ".csv");
    file->set_digest(std::string(digest->view()));
    file->set_size_bytes(seed.bytes);
    sql.set_csv(file->path());
    auto columns = ReadSeedColumns(seed.path, seed.types);
    if (!columns.ok()) return columns.status();
    for (const auto& [name, type] : *columns) {
      v1::SqlColumn& column = *sql.add_columns();
      column.set_name(name);
      column.set_type(type);
    }
    graph_.files.emplace(*digest, seed.path);
    return Ok();
  }

  const FftProject& project_;
  const FftPlace& place_;
  const FftModelsByName models_;
  std::set<std::string> seeds_;  // relations of seeds in the project's schema
  bool loads_seeds_ = false;     // by jobs of the same graph
  std::map<std::string, std::string> surroundings_;
  std::optional<FftContext> own_context_;
  std::optional<FftContext>* gathered_ = &own_context_;
  Digest context_;
  std::string environment_;
  FftGraph graph_;
};

}  // namespace

StatusOr<FftGraph> MakeModelGraph(const FftProject& project, const FftPlace& place) {
  return GraphMaker(project, place).MakeModels();
}

StatusOr<FftGraph> MakeCaseGraph(const FftProject& project, const FftPlace& place,
                                 std::optional<FftContext>* context) {
  return GraphMaker(project, place).MakeCase(context);
}

StatusOr<FftGraph> MakeSeedGraph(const FftProject& project, const FftPlace& place,
                                 const std::vector<std::string>& globs) {
  std::vector<const FftSeed*> chosen;
  for (const FftSeed& seed : project.seeds)
    if (globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
          return MatchesGlob(glob, seed.relation);
        }))
      chosen.push_back(&seed);
  if (chosen.empty() && !globs.empty())
    return Error(Code::kInvalidArgument, "no seed of {} matches {}", project.settings.name,
                 fmt::join(globs, " or "));
  return GraphMaker(project, place).MakeSeeds(chosen);
}

}  // namespace fft
