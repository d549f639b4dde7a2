#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/fastflowtransform/unit_tests.h"
#include "client/frontends/yaml/text_file.h"
#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_json.h"
#include "client/frontends/yaml/yaml_map.h"

// Unit tests as they stand in their files.

namespace fft {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json JsonOf(const YAML::Node& node) { return Json::parse(YamlToJson(node)); }

/// Throws unless the value at `key`, where there is one, is a `what`.
void Check(const YamlMap& map, std::string_view key, const char* what, bool (*fits)(const Json&)) {
  if (map.Has(key) && !fits(JsonOf(map.At(key))))
    map.Fail(key, fmt::format("'{}' is no {}", key, what));
}

bool IsText(const Json& value) { return value.is_string() && value != ""; }
bool IsBool(const Json& value) { return value.is_boolean(); }
bool IsTexts(const Json& value) {
  return value.is_string() || (value.is_array() && std::all_of(value.begin(), value.end(), IsText));
}
bool IsMapOfTexts(const Json& value) {
  return value.is_object() && std::all_of(value.begin(), value.end(), IsText);
}
bool IsApprox(const Json& value) {
  if (!value.is_object()) return value.is_number();
  return std::all_of(value.begin(), value.end(), [](const Json& each) { return each.is_number(); });
}

bool IsPathBelow(const Json& value) {
  if (!IsText(value)) return false;
  const fs::path path = value.get<std::string>();
  return path.is_relative() && *path.lexically_normal().begin() != "..";
}

void CheckRows(const YamlMap& map) {
  for (const YAML::Node& row : map.List("rows"))
    if (!row.IsMap())
      throw YamlError{row.Mark(), fmt::format("{}: {} is no row: a map of columns", map.what(),
                                              JsonOf(row).dump())};
}

void CheckInputs(const YamlMap& map) {
  if (!map.Has("inputs")) return;
  const YAML::Node inputs = map.At("inputs");
  if (!inputs.IsMap()) map.Fail("inputs", "'inputs' is no map");
  for (const auto& pair : inputs) {
    if (pair.second.IsNull()) continue;  // not what the defaults give
    const std::string what = fmt::format("{}: input {}", map.what(), ScalarText(pair.first, "it"));
    const YamlMap input(pair.second, what, {"rows", "csv", "columns"});
    CheckRows(input);
    Check(input, "csv", "path below the project", IsPathBelow);
    Check(input, "columns", "map of columns to their types", IsMapOfTexts);
    if (input.Has("csv") && input.Has("rows"))
      input.Fail("csv", "'csv' is a path, and there are no rows beside it");
  }
}

/// What there is of a case, or of the defaults, has its shape.
void CheckCase(const YAML::Node& node, const std::string& what) {
  const YamlMap map(node, what, {"name", "inputs", "expect"});
  Check(map, "name", "text", IsText);
  CheckInputs(map);
  if (!map.Has("expect")) return;
  const YamlMap expect(
      map.At("expect"), what + ": expect",
      {"relation", "rows", "order_by", "any_order", "ignore_columns", "subset", "approx"});
  CheckRows(expect);
  Check(expect, "relation", "text", IsText);
  Check(expect, "subset", "true or false", IsBool);
  Check(expect, "any_order", "true or false", IsBool);
  Check(expect, "order_by", "list of columns", IsTexts);
  Check(expect, "ignore_columns", "list of columns", IsTexts);
  Check(expect, "approx", "number, and no map of such (0.01 or 1.0e-6, with a dot)", IsApprox);
}

/// A case that gives rows replaces a file that the defaults give, and the other way round.
void PreferCase(const Json& test, Json* defaults) {
  if (!defaults->contains("inputs") || !test.contains("inputs")) return;
  Json& inputs = (*defaults)["inputs"];
  for (const auto& [relation, input] : test["inputs"].items()) {
    if (!inputs.contains(relation) || !input.is_object()) continue;
    if (input.contains("rows")) inputs[relation].erase("csv");
    if (input.contains("csv")) inputs[relation].erase("rows");
  }
}

/// `test`, with what the defaults say where it says nothing.  Throws where neither says enough.
Json Completed(const Json& defaults, const YAML::Node& test, const std::string& what) {
  const Json own = JsonOf(test);
  Json all = Json::object();
  all.merge_patch(defaults);  // without what is null
  PreferCase(own, &all);
  all.merge_patch(own);
  const auto need = [&](bool has, const char* key) {
    if (!has) throw YamlError{test.Mark(), fmt::format("{}: '{}' is missing", what, key)};
  };
  need(all.contains("name"), "name");
  need(all.contains("expect"), "expect");
  need(all["expect"].contains("rows"), "expect: rows");
  return all;
}

void Read(const std::string& file, const YAML::Node& node, std::vector<UnitCase>* cases) {
  const YamlMap map(node, "the tests", {"model", "defaults", "cases", "engine"});
  const std::string model = map.RequiredText("model"), engine = map.Text("engine", "");
  const YAML::Node defaults = map.At("defaults");
  const bool has_defaults = map.Has("defaults") && !defaults.IsNull();
  if (has_defaults) CheckCase(defaults, "the defaults");
  if (!map.Has("cases")) map.Fail("cases", "'cases' is missing");
  std::set<std::string> names;
  for (const YAML::Node& test : map.List("cases")) {
    const std::string what = fmt::format("case {}", names.size() + 1);
    CheckCase(test, what);
    const Json all = Completed(has_defaults ? JsonOf(defaults) : Json::object(), test, what);
    if (!names.insert(all["name"]).second)
      throw YamlError{test.Mark(),
                      fmt::format("two cases are called {}", all["name"].get<std::string>())};
    cases->push_back({file, model, engine, all["name"], all.value("inputs", Json::object()).dump(),
                      all["expect"].dump()});
  }
}

}  // namespace

StatusOr<std::vector<UnitCase>> ReadUnitTests(const fs::path& project) {
  const auto files = FilesBelow(project / "tests/unit", project);
  if (!files.ok()) return files.status();
  std::vector<UnitCase> cases;
  for (const std::string& file : *files) {
    if (!file.ends_with(".yml") && !file.ends_with(".yaml")) continue;
    const auto text = ReadTextFile(project / file);
    if (!text.ok()) return text.status();
    const Status read =
        ReadYaml(file, *text, [&](const YAML::Node& node) { Read(file, node, &cases); });
    if (!read.ok()) return read;
  }
  return cases;
}

}  // namespace fft
