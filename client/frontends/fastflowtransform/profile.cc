#include "client/frontends/fastflowtransform/profile.h"

#include <optional>

#include <fmt/format.h>

#include "client/frontends/fastflowtransform/fingerprint.h"
#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace {

constexpr char kPostgres[] = "postgres";
constexpr char kDefault[] = "default";

std::string Of(const Variables& variables, const std::string& name) {
  const auto at = variables.find(name);
  return at == variables.end() ? "" : at->second;
}

/// The entry of `name` in the map `node`; none when it has none.
std::optional<YAML::Node> EntryOf(const YAML::Node& node, const std::string& name) {
  if (node.IsNull()) return std::nullopt;
  if (!node.IsMap()) throw YamlError{node.Mark(), "environments by name are expected"};
  for (const auto& pair : node)
    if (pair.first.IsScalar() && pair.first.Scalar() == name) return pair.second;
  return std::nullopt;
}

std::string NamesIn(const YAML::Node& node) {
  std::string names;
  for (const auto& pair : node)
    if (pair.first.IsScalar()) names += (names.empty() ? "" : ", ") + pair.first.Scalar();
  return names.empty() ? "none" : names;
}

void ReadEnvironment(const YAML::Node& environments, const Variables& variables, Profile& profile) {
  auto environment = EntryOf(environments, profile.name);
  if (!environment) environment = EntryOf(environments, kDefault);
  if (!environment && profile.name.empty() && environments.IsMap() && environments.size() > 0)
    environment = environments.begin()->second;
  if (!environment) {
    if (!Of(variables, "FF_ENGINE").empty() && !Of(variables, "FF_PG_DSN").empty()) return;
    throw YamlError{environments.Mark(),
                    fmt::format("there is no environment '{}' and no 'default'; there are: {}",
                                profile.name, NamesIn(environments))};
  }
  const YamlMap map(
      *environment, fmt::format("environment '{}'", profile.name),
      {"engine", kPostgres, "duckdb", "databricks_spark", "bigquery", "snowflake_snowpark"});
  if (profile.engine.empty()) profile.engine = map.RequiredText("engine");
  if (profile.engine != kPostgres)
    map.Fail("engine",
             fmt::format("engine '{}' is not offered: it is one of {}", profile.engine, kPostgres));
  if (!map.Has(kPostgres)) return;
  const YamlMap postgres(map.At(kPostgres), fmt::format("'{}' of {}", kPostgres, map.what()),
                         {"dsn", "db_schema"});
  profile.dsn = postgres.Text("dsn", "");
  profile.schema = postgres.Text("db_schema", profile.schema);
}

}  // namespace

StatusOr<std::string> LibpqUri(const std::string& dsn) {
  const std::size_t end = dsn.find("://");
  const std::string scheme = dsn.substr(0, end);
  const std::string dialect = scheme.substr(0, scheme.find('+'));
  if (end == std::string::npos || (dialect != "postgresql" && dialect != "postgres"))
    return end == std::string::npos
               ? Error(Code::kInvalidArgument, "it is no postgresql://USER@HOST/DATABASE")
               : Error(Code::kInvalidArgument, "'{}' is no postgresql://USER@HOST/DATABASE",
                       WithoutPasswords(dsn));
  return "postgresql" + dsn.substr(end);
}

StatusOr<Profile> ReadProfile(const std::string& file, const std::string& text,
                              const std::string& name, const Variables& variables) {
  Profile profile{.name = name, .engine = Of(variables, "FF_ENGINE"), .dsn = {}};
  if (!profile.engine.empty() && profile.engine != kPostgres)
    return Error(Code::kInvalidArgument, "FF_ENGINE: engine '{}' is not offered: it is one of {}",
                 profile.engine, kPostgres);
  const Status read = ReadYaml(file, text, [&](const YAML::Node& environments) {
    ReadEnvironment(environments, variables, profile);
  });
  if (!read.ok()) return read;
  std::string origin = fmt::format("{}: dsn of environment '{}'", file, name);
  if (std::string dsn = Of(variables, "FF_PG_DSN"); !dsn.empty()) {
    profile.dsn = std::move(dsn);
    origin = "FF_PG_DSN";
  }
  if (std::string schema = Of(variables, "FF_PG_SCHEMA"); !schema.empty())
    profile.schema = std::move(schema);
  if (profile.dsn.empty())
    return Error(Code::kInvalidArgument,
                 "{}: environment '{}' has no {}.dsn, and FF_PG_DSN is not set", file, name,
                 kPostgres);
  auto uri = LibpqUri(profile.dsn);
  if (!uri.ok()) return Error(Code::kInvalidArgument, "{}: {}", origin, Message(uri.status()));
  profile.dsn = *std::move(uri);
  return profile;
}

}  // namespace fft
