#include "client/frontends/fastflowtransform/seeds.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <strings.h>

#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace {

namespace fs = std::filesystem;

/// Types as pandas calls them, and what they are in PostgreSQL; others stay as they are.
std::string TypeOf(const std::string& name) {
  static const std::map<std::string, std::string> kTypes = {{"int", "bigint"},
                                                            {"int64", "bigint"},
                                                            {"int32", "integer"},
                                                            {"Int64", "bigint"},
                                                            {"integer", "bigint"},
                                                            {"float", "double precision"},
                                                            {"float64", "double precision"},
                                                            {"double", "double precision"},
                                                            {"str", "text"},
                                                            {"string", "text"},
                                                            {"object", "text"},
                                                            {"bool", "boolean"},
                                                            {"boolean", "boolean"},
                                                            {"datetime", "timestamp"},
                                                            {"datetime64[ns]", "timestamp"}};
  const auto found = kTypes.find(name);
  return found == kTypes.end() ? name : found->second;
}

/// The entries of a map with any keys.
std::vector<std::pair<std::string, YAML::Node>> EntriesOf(const YAML::Node& node,
                                                          const std::string& what) {
  std::vector<std::pair<std::string, YAML::Node>> entries;
  if (node.IsNull()) return entries;
  if (!node.IsMap()) throw YamlError{node.Mark(), what + " is no map"};
  for (const auto& pair : node) entries.emplace_back(ScalarText(pair.first, what), pair.second);
  return entries;
}

std::string StemOf(const std::string& path) { return fs::path(path).stem().string(); }
std::string WithoutCsv(const std::string& path) {
  return path.ends_with(".csv") ? path.substr(0, path.size() - 4) : path;
}

template <class T>
T Find(const std::map<std::string, T>& of, const std::string& path) {
  for (const std::string& name : {path, WithoutCsv(path), StemOf(path)})
    if (const auto found = of.find(name); found != of.end()) return found->second;
  return {};
}

/// Reads records of CSV (RFC 4180) as PostgreSQL's COPY does: quotes may stand anywhere in a field.
class CsvReader {
 public:
  explicit CsvReader(std::istream& in) : in_(in) {}

  /// False at the end.  `quoted`: fields in which a quote stood are values even when empty.
  bool Next(std::vector<std::string>* fields, std::vector<char>* quoted) {
    fields->clear();
    quoted->clear();
    begin_ = line_;
    if (in_.peek() == std::istream::traits_type::eof()) return false;
    std::string field;
    bool is_inside = false, was_quoted = false;
    const auto end_field = [&] {
      fields->push_back(std::move(field));
      quoted->push_back(was_quoted ? 1 : 0);
      field.clear();
      was_quoted = false;
    };
    for (int c = in_.get(); c != std::istream::traits_type::eof(); c = in_.get()) {
      if (c == '\n') ++line_;
      if (is_inside && c == '"' && in_.peek() == '"') {
        field += static_cast<char>(in_.get());
      } else if (c == '"') {
        is_inside = !is_inside;
        was_quoted = true;
      } else if (!is_inside && c == ',') {
        end_field();
      } else if (!is_inside && c == '\n') {
        if (!field.empty() && field.back() == '\r') field.pop_back();
        end_field();
        return true;
      } else {
        field += static_cast<char>(c);
      }
    }
    is_open_ = is_inside;
    end_field();
    return true;
  }
  /// Where the last record began, from 1; whether it ended inside of quotes.
  int line() const { return begin_; }
  bool is_open() const { return is_open_; }

 private:
  std::istream& in_;
  int line_ = 1;
  int begin_ = 1;
  bool is_open_ = false;
};

/// What all values of a column still may be.
struct Guess {
  bool may_be_int = true, may_be_float = true, may_be_bool = true, has_value = false;

  void See(const std::string& text) {
    has_value = true;
    const char* const end = text.data() + text.size();
    if (std::int64_t whole = 0; may_be_int) {
      const auto read = std::from_chars(text.data(), end, whole);
      may_be_int = read.ec == std::errc() && read.ptr == end;
    }
    if (double real = 0; may_be_float) {
      const auto read = std::from_chars(text.data(), end, real);
      may_be_float = read.ec == std::errc() && read.ptr == end;
    }
    may_be_bool = may_be_bool && (::strcasecmp(text.c_str(), "true") == 0 ||
                                  ::strcasecmp(text.c_str(), "false") == 0);
  }
  std::string Type() const {
    if (!has_value) return "text";
    if (may_be_int) return "bigint";
    if (may_be_float) return "double precision";
    return may_be_bool ? "boolean" : "text";
  }
};

}  // namespace

SeedSchema::Target SeedSchema::TargetOf(const std::string& path) const {
  return Find(targets, path);
}

std::map<std::string, std::string> SeedSchema::TypesOf(const std::string& path) const {
  return Find(types, path);
}

StatusOr<SeedSchema> ReadSeedSchema(const std::string& file, const std::string& text,
                                    const std::string& engine) {
  SeedSchema schema;
  const Status read = ReadYaml(file, text, [&](const YAML::Node& node) {
    if (node.IsNull()) return;
    const YamlMap map(node, "the schema of seeds", {"targets", "dtypes", "columns"});
    if (map.Has("targets"))
      for (const auto& [seed, told] : EntriesOf(map.At("targets"), "'targets'")) {
        const YamlMap target(told, "target '" + seed + "'",
                             {"schema", "table", "schema_by_engine"});
        std::string place = target.Text("schema", "");
        if (target.Has("schema_by_engine"))
          for (const auto& [name, of] : target.Pairs("schema_by_engine"))
            if (name == engine) place = of;
        schema.targets[seed] = {place, target.Text("table", "")};
      }
    for (const std::string_view key : {"dtypes", "columns"})
      if (map.Has(key))
        for (const auto& [seed, told] : EntriesOf(map.At(key), std::string(key)))
          for (const auto& [column, type] : EntriesOf(told, "the columns of '" + seed + "'"))
            schema.types[seed][column] = TypeOf(ScalarText(type, "the type of " + column));
  });
  if (!read.ok()) return read;
  return schema;
}

StatusOr<std::vector<std::pair<std::string, std::string>>> ReadSeedColumns(
    const fs::path& file, const std::map<std::string, std::string>& types) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error(Code::kInvalidArgument, "{}: cannot be read", file.string());
  CsvReader reader(in);
  std::vector<std::string> names, fields;
  std::vector<char> quoted;
  const auto wrong = [&](const std::string& what) {
    return Error(Code::kInvalidArgument, "{}:{}: {}", file.string(), reader.line(), what);
  };
  if (!reader.Next(&names, &quoted)) return wrong("is empty: a header is expected");
  if (!names.front().empty() && names.front().starts_with("\xEF\xBB\xBF"))
    return wrong("begins with a byte order mark: save it as plain UTF-8");
  if (std::set<std::string>(names.begin(), names.end()).size() < names.size())
    return wrong("two columns have the same name");
  for (const auto& [name, type] : types)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return wrong(fmt::format("there is no column '{}', whose type schema.yml tells", name));
  std::vector<Guess> guesses(names.size());
  while (reader.Next(&fields, &quoted)) {
    if (reader.is_open()) return wrong("a quote is not closed");
    if (fields.size() != names.size())
      return wrong(fmt::format("{} fields, the header has {}", fields.size(), names.size()));
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (!fields[i].empty() || quoted[i] != 0) guesses[i].See(fields[i]);
  }
  std::vector<std::pair<std::string, std::string>> columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty())
      return Error(Code::kInvalidArgument, "{}:1: a column has no name", file.string());
    const auto told = types.find(names[i]);
    columns.emplace_back(names[i], told == types.end() ? guesses[i].Type() : told->second);
  }
  return columns;
}

}  // namespace fft
