#include "client/frontends/fastflowtransform/unit_tests.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/fastflowtransform/reads.h"
#include "server/base/content.h"

namespace fft {

namespace {

using Json = nlohmann::json;

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

/// A query that gives the rows of an input; "" where it says too little for one.
std::string QueryOf(const Json& input) {
  const Json rows = input.value("rows", Json::array());
  const Json said = input.value("columns", Json::object());
  std::set<std::string> columns;
  for (const Json& row : rows)
    for (const auto& [name, value] : row.items()) columns.insert(name);
  for (const auto& [name, type] : said.items()) columns.insert(name);
  if (columns.empty()) return "";
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
    for (const std::string& column : columns)
      cells.push_back(Literal(row.value(column, Json()), types[cells.size()]));
    lines.push_back(fmt::format("({})", fmt::join(cells, ", ")));
  };
  for (const Json& row : rows) add(row);
  if (rows.empty()) add(Json::object());
  return fmt::format("SELECT * FROM (VALUES\n  {}) AS given ({}){}", fmt::join(lines, ",\n  "),
                     fmt::join(names, ", "), rows.empty() ? " WHERE false" : "");
}

std::string InSchema(std::string text, const std::string& schema) {
  const std::string placeholder = kUnitTestSchema;
  for (std::size_t at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + schema.size()))
    text.replace(at, placeholder.size(), schema);
  return text;
}

/// Of an incremental model the first run; hooks are about other relations.
FftModel Tested(const FftModel& model, const std::string& schema) {
  FftModel tested = model;
  tested.deps.clear();
  tested.seeds.clear();
  tested.sources.clear();
  tested.text = InSchema(model.text, schema);
  tested.incremental_text.clear();
  if (tested.is_inlined() || tested.materialized == "incremental") tested.materialized = "table";
  Json config = Json::parse(tested.config);
  for (const char* hook : {"pre_hook", "post_hook"}) config.erase(hook);
  tested.config = config.dump();
  return tested;
}

/// A file in the place of an input.
StatusOr<FftSeed> SeedOf(const FftProject& project, const std::string& relation,
                         const std::string& schema, const Json& input) {
  FftSeed seed{.relation = relation,
               .schema = schema,
               .path = project.folder / input["csv"].get<std::string>(),
               .content = {}};
  const auto content = ContentOfFile(seed.path.string(), &seed.bytes);
  if (!content.ok()) return content.status();
  seed.content = ToHex(*content);
  const Json columns = input.value("columns", Json::object());
  for (const auto& [column, type] : columns.items()) seed.types[column] = type;
  return seed;
}

/// Adds what `test` gives for `tested` to read.
Status AddInputs(const UnitCase& test, const std::string& where, FftProject* made,
                 FftModel* tested) {
  std::set<std::string> known;
  const Json inputs = Json::parse(test.inputs);
  for (const auto& [name, input] : inputs.items()) {
    const std::string relation = RelationOfName(name);
    const std::string which = fmt::format("{}: input {}", where, name);
    if (!known.insert(relation).second)
      return Error(Code::kInvalidArgument, "{} is given twice", which);
    if (relation == tested->relation)
      return Error(Code::kInvalidArgument, "{} is what the model leaves", which);
    if (input.contains("csv")) {
      auto seed = SeedOf(*made, relation, made->profile.schema, input);
      if (!seed.ok()) return Error(Code::kInvalidArgument, "{}: {}", which, Message(seed.status()));
      made->seeds.push_back(*std::move(seed));
      tested->seeds.push_back(relation);
      continue;
    }
    FftModel given{.name = relation, .relation = relation, .path = test.file};
    given.materialized = "table";
    given.text = QueryOf(input);
    if (given.text.empty())
      return Error(Code::kInvalidArgument, "{}: neither rows nor columns are given", which);
    tested->deps.push_back(relation);
    made->models.push_back(std::move(given));
  }
  std::sort(tested->seeds.begin(), tested->seeds.end());
  return Ok();
}

}  // namespace

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
  FftProject made{.folder = project.folder,
                  .settings = project.settings,
                  .profile = project.profile,
                  .variables = project.variables,
                  .declared = project.declared,
                  .sources = project.sources,
                  .budgets = project.budgets};
  made.profile.schema = schema;
  FftModel tested = Tested(*model, schema);
  if (Status s = AddInputs(test, where, &made, &tested); !s.ok()) return s;
  const FftReads reads = ReadsOf(*model, ByName(project));
  std::set<std::string> missing = reads.seeds;
  for (const auto& [read, by] : reads.models) missing.insert(read);
  for (const SourceRelation& source : reads.sources) missing.insert(source.table);
  for (const FftModel& given : made.models) missing.erase(given.relation);
  for (const FftSeed& given : made.seeds) missing.erase(given.relation);
  if (!missing.empty())
    return Error(Code::kInvalidArgument, "{}: {} reads {}, which the case does not give", where,
                 test.model, fmt::join(missing, ", "));
  made.models.push_back(std::move(tested));
  return made;
}

}  // namespace fft
