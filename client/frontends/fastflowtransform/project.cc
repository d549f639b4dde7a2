#include "client/frontends/fastflowtransform/project.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/fastflowtransform/fingerprint.h"
#include "client/frontends/fastflowtransform/ordering.h"
#include "client/frontends/fastflowtransform/python_process.h"
#include "client/frontends/yaml/text_file.h"
#include "server/base/content.h"

namespace fft {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// What was learned of templates; below the folder of a project.
constexpr char kTemplateCache[] = ".fastflowtransform/cache/jinja.bin";

/// "" when it is not there.
StatusOr<std::string> ReadIfThere(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) ? ReadTextFile(path) : std::string();
}

std::string Told(const fs::path& folder, const Json& error) {
  const std::string path = error.at("path").get<std::string>();
  const int line = error.at("line").get<int>();
  return fmt::format("{}{}: {}", (folder / path).string(),
                     line > 0 ? fmt::format(":{}", line) : std::string(),
                     error.at("message").get<std::string>());
}

/// `shop` of postgresql://u@h/shop?x=y.
std::string DatabaseOf(const std::string& uri) {
  const std::size_t slash = uri.find('/', uri.find("://") + 3);
  if (slash == std::string::npos) return "";
  return uri.substr(slash + 1, uri.find('?', slash) - slash - 1);
}

/// Reads one project; its faults are gathered, so that all are told at once.
class Loader {
 public:
  explicit Loader(const ProjectRequest& request) : request_(request) {}

  StatusOr<FftProject> Load() {
    for (const auto step : {&Loader::ReadSettings, &Loader::ReadSurroundings, &Loader::ReadSeeds})
      if (Status s = (this->*step)(); !s.ok()) return s;
    if (request_.is_for_seeds) return std::move(project_);
    // What Python models there are must be known where templates name them.
    for (const auto step :
         {&Loader::LoadPython, &Loader::PartSources, &Loader::RenderSql, &Loader::Resolve})
      if (Status s = (this->*step)(); !s.ok()) return s;
    if (!faults_.empty()) return Error(Code::kInvalidArgument, "{}", faults_);
    if (Status ordered = OrderModels(project_.models); !ordered.ok()) return ordered;
    Fingerprint();
    NoteLeftOut();
    return std::move(project_);
  }

 private:
  Status ReadSettings() {
    const fs::path path = request_.folder / "project.yml";
    const auto text = ReadTextFile(path);
    if (!text.ok()) return text.status();
    auto settings = ReadProjectSettings(path.string(), *text);
    if (!settings.ok()) return settings.status();
    project_.settings = *std::move(settings);
    project_.warnings = project_.settings.left_out;
    auto variables = ReadDotenv(request_.folder, request_.env, request_.environment);
    if (!variables.ok()) return variables.status();
    project_.variables = *std::move(variables);
    project_.folder = request_.folder;
    const auto declared = ReadDotenv(request_.folder, request_.env, {});
    if (!declared.ok()) return declared.status();
    for (const auto& [name, value] : *declared) project_.declared.insert(name);
    auto process = PythonProcess::Start(request_.python, request_.packages, "fft_render");
    if (!process.ok()) return process.status();
    python_ = *std::move(process);
    return Ok();
  }

  /// The answer to `question`; its "error" as a status.
  StatusOr<Json> Ask(const Json& question) {
    const auto text =
        python_->Ask(question.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace));
    if (!text.ok()) return text.status();
    Json answer = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) return Error(Code::kInternal, "the Python process answered no JSON");
    if (answer.contains("error"))
      return Error(Code::kInvalidArgument, "{}", Told(request_.folder, answer["error"]));
    return answer;
  }

  Status ReadSurroundings() {
    const fs::path profiles = request_.folder / "profiles.yml";
    const auto text = ReadIfThere(profiles);
    if (!text.ok()) return text.status();
    const auto rendered = Ask({{"do", "text"},
                               {"path", "profiles.yml"},
                               {"text", *text},
                               {"project_dir", fs::absolute(request_.folder).string()},
                               {"env", project_.variables}});
    if (!rendered.ok()) return rendered.status();
    auto profile = ReadProfile(profiles.string(), rendered->at("text").get<std::string>(),
                               request_.env, project_.variables);
    if (!profile.ok()) return profile.status();
    project_.profile = *std::move(profile);
    if (!request_.schema.empty()) project_.profile.schema = request_.schema;
    const fs::path file = request_.folder / "sources.yml";
    const auto sources_text = ReadIfThere(file);
    if (!sources_text.ok()) return sources_text.status();
    auto sources =
        ReadSources(file.string(), *sources_text, project_.profile.engine, project_.profile.schema);
    if (!sources.ok()) return sources.status();
    project_.sources = *std::move(sources);
    return ReadLimits();
  }

  Status ReadLimits() {
    const fs::path file = request_.folder / "budgets.yml";
    const auto text = ReadIfThere(file);
    if (!text.ok()) return text.status();
    auto budgets = ReadBudgets(file.string(), *text, project_.profile.engine);
    if (!budgets.ok()) return budgets.status();
    project_.budgets = *std::move(budgets);
    const auto set = project_.variables.find("FF_PG_MAX_BYTES");
    if (set == project_.variables.end() || set->second.empty()) return Ok();
    const auto limit = ReadQuantity(set->second, QuantityOf::kBytes);
    if (!limit)
      return Error(Code::kInvalidArgument, "FF_PG_MAX_BYTES: '{}' is no size such as 500m or 5GB",
                   set->second);
    project_.budgets.query_bytes_max = *limit;
    return Ok();
  }

  Status ReadSeeds() {
    const auto replaced = project_.variables.find("FFT_SEEDS_DIR");
    fs::path folder = request_.folder / "seeds";
    if (replaced != project_.variables.end() && !replaced->second.empty())
      folder = request_.folder / replaced->second;
    auto files = FindProjectFiles(request_.folder, folder);
    if (!files.ok()) return files.status();
    files_ = *std::move(files);
    for (const ProjectFile& macro : files_.macros) project_.macros.push_back(macro.path);
    const auto schema_text = ReadIfThere(folder / "schema.yml");
    if (!schema_text.ok()) return schema_text.status();
    const auto schema =
        ReadSeedSchema((folder / "schema.yml").string(), *schema_text, project_.profile.engine);
    if (!schema.ok()) return schema.status();
    for (const std::string& path : files_.seeds) {
      const SeedSchema::Target target = schema->TargetOf(path);
      FftSeed seed{.relation = target.table.empty() ? fs::path(path).stem().string() : target.table,
                   .schema = target.schema.empty() || !request_.schema.empty()
                                 ? project_.profile.schema
                                 : target.schema,
                   .path = folder / path,
                   .content = {},
                   .types = schema->TypesOf(path)};
      const auto content = ContentOfFile(seed.path.string(), &seed.bytes);
      if (!content.ok()) return content.status();
      seed.content = ToHex(*content);
      if (!seeds_.emplace(seed.relation, seed.content).second)
        return Error(Code::kInvalidArgument, "{}: another seed is called {}, too",
                     seed.path.string(), seed.relation);
      project_.seeds.push_back(std::move(seed));
    }
    std::ranges::sort(project_.seeds, {}, &FftSeed::relation);
    return Ok();
  }

  const FftSeed* FindSeed(const std::string& relation) const {
    const auto at = std::ranges::lower_bound(project_.seeds, relation, {}, &FftSeed::relation);
    return at != project_.seeds.end() && at->relation == relation ? &*at : nullptr;
  }

  static Json FilesAsJson(const std::vector<ProjectFile>& files) {
    Json list = Json::array();
    for (const ProjectFile& file : files)
      list.push_back({{"path", file.path}, {"text", file.text}});
    return list;
  }

  Json Context() const {
    Json vars = Json::parse(project_.settings.vars);
    for (const auto& [name, value] : request_.vars) vars[name] = value;
    Json sources = Json::object(), tables = Json::object();
    for (const auto& [source, its] : project_.sources)
      for (const auto& [table, relation] : its)
        sources[source][table] = {relation.schema, relation.table};
    for (const FftSeed& seed : project_.seeds) tables[seed.relation] = {seed.schema, seed.relation};
    for (const FftModel& model : project_.models)  // of Python: the others are in the question
      tables[model.relation] = {project_.profile.schema, model.relation};
    return {{"do", "models"},
            {"engine", project_.profile.engine},
            {"schema", project_.profile.schema},
            {"cache", (fs::absolute(request_.folder) / kTemplateCache).string()},
            {"database", DatabaseOf(project_.profile.dsn)},
            {"env", project_.variables},
            {"vars", std::move(vars)},
            {"sources", std::move(sources)},
            {"tables", std::move(tables)},
            {"macros", FilesAsJson(files_.macros)},
            {"functions", FilesAsJson(files_.functions)}};
  }

  Status RenderSql() {
    Json question = Context();
    Json& models = question["models"] = Json::array();
    for (const ProjectFile& file : files_.sql_models) {
      const std::string relation = RelationOf(file.path);
      models.push_back({{"name", relation + ".ff"},
                        {"relation", relation},
                        {"path", file.path},
                        {"text", file.text}});
    }
    const auto answer = Ask(question);
    if (!answer.ok()) return answer.status();
    for (std::size_t i = 0; i < files_.sql_models.size(); ++i) {
      const Json& told = answer->at("models").at(i);
      if (told.contains("error")) {
        Wrong(Told(request_.folder, told["error"]));
        continue;
      }
      FftModel& model = project_.models.emplace_back();
      model.name = told["name"];
      model.relation = RelationOfName(model.name);
      model.path = files_.sql_models[i].path;
      model.materialized = told["config"].value("materialized", "table");
      model.config = told["config"].dump();
      model.text = told["sql"];
      model.incremental_text = told.value("incremental_sql", "");
      for (const Json& ref : told["refs"]) model.deps.push_back(ref);
      for (const Json& source : told["sources"]) AddSource(source, model);
      for (const Json& warning : told["warnings"])
        project_.warnings.push_back(
            fmt::format("{}:{}: {}", (request_.folder / model.path).string(),
                        warning["line"].get<int>(), warning["message"].get<std::string>()));
    }
    return Ok();
  }

  void AddSource(const Json& source, FftModel& model) const {
    const auto& tables = project_.sources.at(source.at(0));
    const SourceRelation& relation = tables.at(source.at(1));
    model.sources.push_back(relation);
    const FftSeed* seed = FindSeed(relation.table);
    if (seed != nullptr && seed->schema == relation.schema) model.seeds.push_back(seed->relation);
  }

  /// All are said to be in one schema, where two may have one name: the later is SOURCE.TABLE.
  Status PartSources() {
    if (request_.schema.empty()) return Ok();
    std::set<std::string> taken;
    for (const FftModel& model : project_.models) taken.insert(model.relation);
    for (const ProjectFile& file : files_.sql_models) taken.insert(RelationOf(file.path));
    for (auto& [source, tables] : project_.sources)
      for (auto& [table, relation] : tables) {
        relation.schema = request_.schema;
        if (!taken.insert(relation.table).second) relation.table = source + "." + table;
      }
    return Ok();
  }

  Status LoadPython() {
    const auto answer = Ask({{"do", "python_models"},
                             {"project_dir", fs::absolute(request_.folder).string()},
                             {"engine", project_.profile.engine},
                             {"env", project_.variables},
                             {"files", FilesAsJson(files_.python_models)}});
    if (!answer.ok()) return answer.status();
    for (const Json& file : answer->at("files")) {
      if (file.contains("error")) {
        Wrong(Told(request_.folder, file["error"]));
        continue;
      }
      for (const Json& told : file["models"]) {
        FftModel& model = project_.models.emplace_back();
        model.name = told["name"];
        model.relation = RelationOfName(model.name);
        model.path = file["path"];
        model.is_python = true;
        model.materialized = told["materialized"];
        const std::string where = (request_.folder / model.path).string();
        if (model.materialized == "view")
          project_.warnings.push_back(
              fmt::format("{}: {} is no query that a view could hold: its rows become a table",
                          where, model.name));
        else if (model.materialized != "table" && model.materialized != "incremental")
          Wrong(fmt::format("{}: a Python model can't be {} as {} is", where, model.materialized,
                            model.name));
        model.config = Json{
            {"require", told["require"]},
            {"tags", told["tags"]},
            {"materialized", told["materialized"]},
            {"meta",
             told["meta"]}}.dump();
        model.text = told["source"];
        model.function = told["function"];
        for (const Json& dep : told["deps"]) model.deps.push_back(dep);
      }
    }
    return Ok();
  }

  /// Dependencies by the names of models; those on seeds become that.
  Status Resolve() {
    std::map<std::string, std::string> names;  // relation -> model
    for (const FftModel& model : project_.models) names.emplace(model.relation, model.name);
    for (FftModel& model : project_.models) {
      std::vector<std::string> deps;
      for (const std::string& dep : model.deps) {
        const std::string relation = RelationOfName(dep);
        if (model.is_python) model.arguments.push_back(relation);
        if (const auto at = names.find(relation); at != names.end())
          deps.push_back(at->second);
        else if (seeds_.contains(relation))
          model.seeds.push_back(relation);
        else
          deps.push_back(dep);
      }
      model.deps = std::move(deps);
      std::sort(model.seeds.begin(), model.seeds.end());
      model.seeds.erase(std::unique(model.seeds.begin(), model.seeds.end()), model.seeds.end());
    }
    return Ok();
  }

  void NoteLeftOut() {
    for (const FftModel& model : project_.models)
      if (model.is_left_out())
        project_.warnings.push_back(fmt::format("{}: materialized='snapshot' is left out",
                                                (request_.folder / model.path).string()));
  }

  void Fingerprint() {
    const Fingerprints fingerprints({.engine = project_.profile.engine,
                                     .profile = project_.profile.name,
                                     .variables = project_.variables,
                                     .sources = SourcesJson(project_.sources)});
    std::map<std::string, std::string> known;
    for (FftModel& model : project_.models) {  // dependencies come first
      ModelFacts facts{.node = model.name,
                       .relation = model.relation,
                       .is_python = model.is_python,
                       .text = model.text + model.incremental_text,  // what either says counts
                       .deps = {}};
      for (const std::string& dep : model.deps) facts.deps.emplace_back(dep, known.at(dep));
      for (const std::string& seed : model.seeds) facts.deps.emplace_back(seed, seeds_.at(seed));
      known[model.name] = model.fingerprint = fingerprints.Of(facts);
    }
  }

  /// What several models have of one macro is told once.
  void Wrong(const std::string& fault) {
    if (told_.insert(fault).second) faults_ += (faults_.empty() ? "" : "\n") + fault;
  }

  const ProjectRequest& request_;
  FftProject project_;
  std::optional<PythonProcess> python_;
  ProjectFiles files_;
  std::map<std::string, std::string> seeds_;  // relation -> content digest
  std::string faults_;
  std::set<std::string> told_;
};

}  // namespace

std::string RelationOfName(const std::string& name) {
  return name.ends_with(".ff") ? name.substr(0, name.size() - 3) : name;
}

StatusOr<FftProject> LoadFftProject(const ProjectRequest& request) {
  return Loader(request).Load();
}

}  // namespace fft
