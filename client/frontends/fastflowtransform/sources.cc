#include "client/frontends/fastflowtransform/sources.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace {

/// What `engine` overrides of a source or table.
struct Override {
  std::string schema;
  std::string identifier;
};

Override OverrideOf(const YamlMap& map, const std::string& engine) {
  Override found;
  if (!map.Has("overrides")) return found;
  const YAML::Node overrides = map.At("overrides");
  if (!overrides.IsMap()) map.Fail("overrides", "'overrides' must be a map by engine");
  for (const auto& pair : overrides) {
    if (ScalarText(pair.first, "an engine") != engine) continue;
    const YamlMap own(pair.second, fmt::format("'overrides' of {} for {}", map.what(), engine),
                      {"schema", "identifier", "database", "catalog", "location", "format"});
    found.schema = own.Text("schema", "");
    found.identifier = own.Text("identifier", "");
  }
  return found;
}

void ReadTable(const YAML::Node& node, const std::string& source, const std::string& engine,
               std::string schema, std::map<std::string, SourceRelation>& tables) {
  YamlMap table(node, "a table of source " + source,
                {"name", "identifier", "overrides", "freshness", "description", "columns", "meta"});
  const std::string name = table.RequiredText("name");
  table.Rename(fmt::format("table {} of source {}", name, source));
  const Override own = OverrideOf(table, engine);
  std::string identifier = table.Text("identifier", name);
  if (!own.identifier.empty()) identifier = own.identifier;
  if (!own.schema.empty()) schema = own.schema;
  if (!tables.try_emplace(name, SourceRelation{std::move(schema), std::move(identifier)}).second)
    table.Fail("name", "it is declared twice");
}

}  // namespace

StatusOr<Sources> ReadSources(const std::string& file, const std::string& text,
                              const std::string& engine, const std::string& schema) {
  Sources sources;
  const Status read = ReadYaml(file, text, [&](const YAML::Node& node) {
    if (node.IsNull()) return;
    const YamlMap map(node, "the file", {"version", "sources"});
    map.Choice("version", 0, {"2"});
    if (!map.Has("version")) map.Fail("version", "'version' is missing: it is 2");
    for (const YAML::Node& entry : map.List("sources")) {
      YamlMap source(entry, "a source",
                     {"name", "schema", "overrides", "freshness", "tables", "description", "meta"});
      const std::string name = source.RequiredText("name");
      source.Rename("source " + name);
      const auto [at, is_new] = sources.try_emplace(name);
      if (!is_new) source.Fail("name", "it is declared twice");
      const Override own = OverrideOf(source, engine);
      const std::string where = own.schema.empty() ? source.Text("schema", schema) : own.schema;
      for (const YAML::Node& table : source.List("tables"))
        ReadTable(table, name, engine, where, at->second);
    }
  });
  if (!read.ok()) return read;
  return sources;
}

std::string SourcesJson(const Sources& sources) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, tables] : sources) {
    nlohmann::json& places = json[name] = nlohmann::json::object();
    for (const auto& [table, relation] : tables) places[table] = {relation.schema, relation.table};
  }
  return json.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

}  // namespace fft
