#include "client/frontends/fastflowtransform/artifacts.h"

#include <algorithm>
#include <ctime>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/yaml/text_file.h"
#include "server/base/digest.h"

namespace fft {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

fs::path TargetOf(const FftProject& project) {
  return project.folder / ".fastflowtransform" / "target";
}

/// `2012-01-01T12:00:00.123Z`; null for never.
Json TimeOf(TimePoint at) {
  if (at == TimePoint{}) return nullptr;
  const std::int64_t ms = ToMillis(at);
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:03}Z", text, ms % 1000);
}

Json OrNull(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Status Write(const fs::path& path, const Json& json) {
  return WriteTextFile(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

/// Of what a model says itself: other models do not count.
std::string ChecksumOf(const FftModel& model) {
  return ToHex(Sha256(model.text + "\n" + model.incremental_text + "\n" + model.materialized));
}

Json BudgetsOf(const std::vector<Breach>& breaches) {
  Json budgets = {{"total", Json::array()}, {"models", Json::object()}, {"tags", Json::object()}};
  for (const Breach& breach : breaches) {
    const Json told = {{"metric", breach.metric},
                       {"level", breach.is_error ? "error" : "warn"},
                       {"value", breach.spent},
                       {"limit", breach.bound}};
    if (breach.name.empty())
      budgets["total"].push_back(told);
    else
      budgets[breach.scope][breach.name].push_back(told);
  }
  return budgets;
}

/// "" where there is no text: the file may be anybody's.
std::string TextAt(const Json& json, const char* key) {
  if (!json.is_object()) return "";
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Json ReadJson(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return file ? Json::parse(file, nullptr, /*allow_exceptions=*/false) : Json();
}

}  // namespace

Status WriteRunResults(const FftProject& project, const ProjectReport& report) {
  Json results = Json::array();
  std::vector<const ModelReport*> models;
  for (const ModelReport& model : report.models) models.push_back(&model);
  std::ranges::sort(models, {}, [](const ModelReport* model) { return model->name; });
  for (const ModelReport* model : models) {
    const bool has_run = model->started != TimePoint{};
    Json http = Json::parse(model->http, nullptr, /*allow_exceptions=*/false);
    results.push_back(
        {{"name", model->name},
         {"status", model->status},
         {"started_at", TimeOf(model->started)},
         {"finished_at", TimeOf(model->finished)},
         {"duration_ms", has_run ? ToMillis(model->finished) - ToMillis(model->started) : 0},
         {"message", model->message.empty() ? Json(nullptr) : Json(model->message)},
         {"http", http.is_discarded() ? Json(nullptr) : std::move(http)},
         {"bytes_scanned", OrNull(model->bytes_scanned)},
         {"rows", OrNull(model->rows)},
         {"query_duration_ms", OrNull(model->query_duration_ms)}});
  }
  return Write(TargetOf(project) / "run_results.json",
               {{"metadata", {{"tool", "fftctl"}, {"generated_at", TimeOf(report.finished)}}},
                {"run_started_at", TimeOf(report.started)},
                {"run_finished_at", TimeOf(report.finished)},
                {"results", std::move(results)},
                {"budgets", BudgetsOf(report.breaches)}});
}

Status WriteManifest(const FftProject& project) {
  Json nodes = Json::object();
  std::vector<const FftModel*> models;
  for (const FftModel& model : project.models) models.push_back(&model);
  std::ranges::sort(models, {}, [](const FftModel* model) { return model->name; });
  for (const FftModel* model : models) {
    std::vector<std::string> deps = model->deps;
    std::ranges::sort(deps);
    nodes[model->name] = {{"name", model->name},
                          {"kind", model->is_python ? "python" : "sql"},
                          {"path", model->path},
                          {"deps", std::move(deps)},
                          {"materialized", model->materialized},
                          {"relation", model->relation},
                          {"fingerprint", model->fingerprint},
                          {"checksum", ChecksumOf(*model)}};
  }
  Json macros = Json::array();
  for (const std::string& path : project.macros) macros.push_back(path);
  Json sources = Json::object();
  for (const auto& [source, tables] : project.sources)
    for (const auto& [table, relation] : tables)
      sources[source][table] = {{"schema", relation.schema}, {"identifier", relation.table}};
  return Write(TargetOf(project) / "manifest.json", {{"metadata",
                                                      {{"tool", "fftctl"},
                                                       {"project", project.settings.name},
                                                       {"version", project.settings.version}}},
                                                     {"nodes", std::move(nodes)},
                                                     {"macros", std::move(macros)},
                                                     {"sources", std::move(sources)}});
}

SelectionPast ReadPast(const FftProject& project) {
  SelectionPast past;
  const Json results = ReadJson(TargetOf(project) / "run_results.json");
  if (results.is_object() && results.contains("results"))
    for (const Json& result : results["results"])
      if (TextAt(result, "status") == "error") past.failed.insert(TextAt(result, "name"));
  const Json manifest = ReadJson(TargetOf(project) / "manifest.json");
  const Json nodes =
      manifest.is_object() && manifest.contains("nodes") ? manifest["nodes"] : Json();
  for (const FftModel& model : project.models) {
    const bool is_known = nodes.is_object() && nodes.contains(model.name);
    if (!is_known || TextAt(nodes[model.name], "checksum") != ChecksumOf(model))
      past.modified.insert(model.name);
  }
  return past;
}

}  // namespace fft
