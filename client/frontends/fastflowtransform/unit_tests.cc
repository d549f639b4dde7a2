#include "client/frontends/fastflowtransform/unit_tests.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/yaml/text_file.h"
#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_json.h"
#include "server/base/content.h"

namespace fft {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Status CheckKeys(const std::string& where, const Json& map, std::set<std::string> known) {
  if (!map.is_object()) return Error(Code::kInvalidArgument, "{} is no map", where);
  for (const auto& [key, value] : map.items())
    if (!known.contains(key))
      return Error(Code::kInvalidArgument, "{}: unknown key '{}'; known are {}", where, key,
                   fmt::join(known, ", "));
  return Ok();
}

Status CheckCase(const std::string& where, const Json& found) {
  Status s = CheckKeys(where, found, {"name", "inputs", "expect"});
  if (!s.ok()) return s;
  if (!found.contains("name") || !found["name"].is_string() || found["name"] == "")
    return Error(Code::kInvalidArgument, "{}: it has no name", where);
  const Json inputs = found.value("inputs", Json::object());
  if (!inputs.is_object()) return Error(Code::kInvalidArgument, "{}: inputs is no map", where);
  for (const auto& [relation, input] : inputs.items())
    if (s = CheckKeys(where + ": input " + relation, input, {"rows", "csv", "columns"}); !s.ok())
      return s;
  const std::string expect = where + ": expect";
  if (!found.contains("expect")) return Error(Code::kInvalidArgument, "{} is missing", expect);
  s = CheckKeys(
      expect, found["expect"],
      {"relation", "rows", "order_by", "any_order", "ignore_columns", "subset", "approx"});
  if (!s.ok()) return s;
  const Json& told = found["expect"];
  const auto check = [&](const char* key, const char* what, bool (*fits)(const Json&)) {
    if (s.ok() && told.contains(key) && !fits(told[key]))
      s = Error(Code::kInvalidArgument, "{}: {} is no {}", expect, key, what);
  };
  constexpr auto kIsBool = [](const Json& value) { return value.is_boolean(); };
  constexpr auto kIsList = [](const Json& value) { return value.is_string() || value.is_array(); };
  check("relation", "text", [](const Json& value) { return value.is_string(); });
  check("subset", "true or false", kIsBool);
  check("any_order", "true or false", kIsBool);
  check("order_by", "list of columns", kIsList);
  check("ignore_columns", "list of columns", kIsList);
  check("approx", "number, and no map of such (0.01 or 1.0e-6, with a dot)", [](const Json& value) {
    if (!value.is_object()) return value.is_number();
    return std::all_of(value.begin(), value.end(),
                       [](const Json& each) { return each.is_number(); });
  });
  if (!s.ok()) return s;
  const Json rows = told.value("rows", Json());
  if (!rows.is_array()) return Error(Code::kInvalidArgument, "{}: rows is no list", expect);
  for (const Json& row : rows)
    if (!row.is_object())
      return Error(Code::kInvalidArgument, "{}: {} is no row: a map of columns", expect,
                   row.dump());
  return Ok();
}

/// A case that gives rows replaces a file that the defaults give, and the other way round.
void PreferCase(const Json& test, Json* defaults) {
  if (!test.is_object() || !defaults->contains("inputs") || !test.contains("inputs")) return;
  Json& inputs = (*defaults)["inputs"];
  if (!inputs.is_object() || !test["inputs"].is_object()) return;
  for (const auto& [relation, input] : test["inputs"].items()) {
    if (!inputs.contains(relation) || !inputs[relation].is_object() || !input.is_object()) continue;
    if (input.contains("rows")) inputs[relation].erase("csv");
    if (input.contains("csv")) inputs[relation].erase("rows");
  }
}

Status ReadFile(const fs::path& project, const std::string& file, std::vector<UnitCase>* cases) {
  const auto text = ReadTextFile(project / file);
  if (!text.ok()) return text.status();
  Json found;
  Status s =
      ReadYaml(file, *text, [&](const YAML::Node& node) { found = Json::parse(YamlToJson(node)); });
  if (s.ok()) s = CheckKeys(file, found, {"model", "defaults", "cases", "engine"});
  if (!s.ok()) return s;
  if (!found.contains("model") || !found["model"].is_string())
    return Error(Code::kInvalidArgument, "{}: it names no model", file);
  if (found.contains("engine") && !found["engine"].is_string())
    return Error(Code::kInvalidArgument, "{}: engine is no text", file);
  const Json list = found.value("cases", Json());
  if (!list.is_array()) return Error(Code::kInvalidArgument, "{}: cases is no list", file);
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Json merged = found.value("defaults", Json::object());
    if (!merged.is_object()) return Error(Code::kInvalidArgument, "{}: defaults is no map", file);
    PreferCase(list[i], &merged);
    merged.merge_patch(list[i]);
    if (s = CheckCase(fmt::format("{}: case {}", file, i + 1), merged); !s.ok()) return s;
    UnitCase& test = cases->emplace_back(
        UnitCase{file, found["model"], found.value("engine", ""), merged["name"],
                 merged.value("inputs", Json::object()).dump(), merged["expect"].dump()});
    if (!names.insert(test.name).second)
      return Error(Code::kInvalidArgument, "{}: two cases are called {}", file, test.name);
  }
  return Ok();
}

/// In quotes; those inside are doubled.
std::string QuotedBy(char quote, const std::string& text) {
  std::string quoted(1, quote);
  for (const char c : text) quoted.append(c == quote ? 2 : 1, c);
  return quoted + quote;
}

/// A value as SQL, of the type of its column.
std::string Literal(const Json& value, const std::string& type) {
  if (value.is_null()) return fmt::format("CAST(NULL AS {})", type);
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  return fmt::format("CAST({} AS {})", QuotedBy('\'', text), type);
}

/// As a seed's column would be: by all of its values.
std::string TypeOf(const std::vector<Json>& values) {
  const auto all = [&](bool (*is_it)(const Json&)) {
    return std::all_of(values.begin(), values.end(),
                       [&](const Json& value) { return value.is_null() || is_it(value); });
  };
  if (std::all_of(values.begin(), values.end(), [](const Json& v) { return v.is_null(); }))
    return "text";
  if (all([](const Json& v) { return v.is_number_integer(); })) return "bigint";
  if (all([](const Json& v) { return v.is_number(); })) return "double precision";
  if (all([](const Json& v) { return v.is_boolean(); })) return "boolean";
  if (all([](const Json& v) { return v.is_structured(); })) return "jsonb";
  return "text";
}

/// A query that gives the rows of an input.
StatusOr<std::string> QueryOf(const std::string& where, const Json& input) {
  const Json rows = input.value("rows", Json::array());
  const Json said = input.value("columns", Json::object());
  if (!rows.is_array() || !said.is_object())
    return Error(Code::kInvalidArgument, "{}: rows is no list, or columns no map", where);
  std::vector<std::string> columns;  // in the order of their names
  for (const Json& row : rows) {
    if (!row.is_object())
      return Error(Code::kInvalidArgument, "{}: {} is no row: a map of columns", where, row.dump());
    for (const auto& [name, value] : row.items()) columns.push_back(name);
  }
  for (const auto& [name, type] : said.items()) {
    if (!type.is_string())
      return Error(Code::kInvalidArgument, "{}: the type of column {} is no text", where, name);
    columns.push_back(name);
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  if (columns.empty())
    return Error(Code::kInvalidArgument, "{}: neither rows nor columns are given", where);
  std::vector<std::string> types, names;
  for (const std::string& column : columns) {
    std::vector<Json> values;
    for (const Json& row : rows) values.push_back(row.value(column, Json()));
    types.push_back(said.contains(column) ? said[column].get<std::string>() : TypeOf(values));
    names.push_back(QuotedBy('"', column));
  }
  std::vector<std::string> lines;
  const auto add = [&](const Json& row) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < columns.size(); ++i)
      cells.push_back(Literal(row.value(columns[i], Json()), types[i]));
    lines.push_back(fmt::format("({})", fmt::join(cells, ", ")));
  };
  for (const Json& row : rows) add(row);
  if (rows.empty()) add(Json::object());
  return fmt::format("SELECT * FROM (VALUES\n  {}) AS given ({}){}", fmt::join(lines, ",\n  "),
                     fmt::join(names, ", "), rows.empty() ? " WHERE false" : "");
}

/// What `model` reads, by relation, ephemeral models' reads in their places.
void AddReads(const FftProject& project, const FftModel& model, std::set<std::string>* relations) {
  relations->insert(model.seeds.begin(), model.seeds.end());
  for (const std::string& dep : model.deps)
    for (const FftModel& read : project.models) {
      if (read.name != dep) continue;
      if (read.is_inlined())
        AddReads(project, read, relations);
      else
        relations->insert(read.relation);
    }
}

std::string InSchema(std::string text, const std::string& schema) {
  const std::string placeholder = kUnitTestSchema;
  for (std::size_t at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + schema.size()))
    text.replace(at, placeholder.size(), schema);
  return text;
}

}  // namespace

StatusOr<std::vector<UnitCase>> ReadUnitTests(const fs::path& project) {
  const auto files = FilesBelow(project / "tests/unit", project,
                                [](const std::string& name) { return name.starts_with("."); });
  if (!files.ok()) return files.status();
  std::vector<UnitCase> cases;
  for (const std::string& file : *files)
    if (file.ends_with(".yml") || file.ends_with(".yaml"))
      if (Status s = ReadFile(project, file, &cases); !s.ok()) return s;
  return cases;
}

StatusOr<FftProject> ProjectOfCase(const FftProject& project, const UnitCase& test,
                                   const std::string& schema) {
  const std::string where = fmt::format("{}: case {}", test.file, test.name);
  const std::string relation = RelationOfName(test.model);
  const auto model = std::find_if(project.models.begin(), project.models.end(), [&](const auto& m) {
    return m.name == test.model || m.relation == relation;
  });
  if (model == project.models.end())
    return Error(Code::kInvalidArgument, "{}: there is no model {}", where, test.model);
  if (model->is_left_out())
    return Error(Code::kInvalidArgument, "{}: {} is a snapshot, which is left out", where,
                 test.model);
  if (const std::string told = Json::parse(test.expect).value("relation", model->relation);
      RelationOfName(told) != model->relation)
    return Error(Code::kInvalidArgument, "{}: {} leaves {}, not {}", where, test.model,
                 model->relation, told);
  FftProject made = project;
  made.profile.schema = schema;
  made.seeds.clear();
  std::set<std::string> missing;
  AddReads(project, *model, &missing);
  for (const auto& [source, tables] : project.sources)
    for (const auto& [table, read] : tables)
      if (const std::string name = QuotedBy('"', read.schema) + "." + QuotedBy('"', read.table);
          !model->is_python && model->text.find(name) != std::string::npos)
        missing.insert(read.table);
  FftModel tested = *model;
  tested.deps.clear();
  tested.seeds.clear();
  tested.text = InSchema(tested.text, schema);
  tested.incremental_text = InSchema(tested.incremental_text, schema);
  // Of an incremental model the first run.
  if (tested.is_inlined() || tested.materialized == "incremental") tested.materialized = "table";
  Json config = Json::parse(tested.config);
  for (const char* hook : {"pre_hook", "post_hook"}) config.erase(hook);
  tested.config = config.dump();
  made.models.clear();
  std::set<std::string> known;
  const Json inputs = Json::parse(test.inputs);
  for (const auto& [name, input] : inputs.items()) {
    FftModel given{
        .name = RelationOfName(name), .relation = RelationOfName(name), .path = test.file};
    given.materialized = "table";
    missing.erase(given.relation);
    const std::string which = fmt::format("{}: input {}", where, name);
    if (!known.insert(given.relation).second)
      return Error(Code::kInvalidArgument, "{} is given twice", which);
    if (given.relation == tested.relation)
      return Error(Code::kInvalidArgument, "{} is what the model leaves", which);
    if (input.contains("csv")) {
      if (!input["csv"].is_string() || input.contains("rows"))
        return Error(Code::kInvalidArgument, "{}: csv is a path, and no rows beside it", which);
      FftSeed seed{.relation = given.relation,
                   .schema = schema,
                   .path = project.folder / input["csv"].get<std::string>(),
                   .content = {}};
      const auto content = ContentOfFile(seed.path.string(), &seed.bytes);
      if (!content.ok())
        return Error(Code::kInvalidArgument, "{}: {}", which, Message(content.status()));
      seed.content = ToHex(*content);
      const Json columns = input.value("columns", Json::object());
      for (const auto& [column, type] : columns.items())
        if (type.is_string()) seed.types[column] = type;
      made.seeds.push_back(std::move(seed));
      tested.seeds.push_back(given.relation);
      continue;
    }
    auto query = QueryOf(which, input);
    if (!query.ok()) return query.status();
    given.text = *std::move(query);
    tested.deps.push_back(given.name);
    made.models.push_back(std::move(given));
  }
  if (!missing.empty())
    return Error(Code::kInvalidArgument, "{}: {} reads {}, which the case does not give", where,
                 test.model, fmt::join(missing, ", "));
  std::sort(tested.seeds.begin(), tested.seeds.end());
  made.models.push_back(std::move(tested));
  return made;
}

}  // namespace fft
