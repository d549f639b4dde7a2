#include "client/sql/warehouse.h"

#include <map>
#include <optional>

#include <libpq-fe.h>

#include "server/base/handle.h"
#include "server/base/percent.h"

namespace fft::sql {

namespace {

using Options = Handle<PQconninfoOption, PQconninfoFree>;
using Values = std::map<std::string, std::string>;

/// As a value of a connection string: 'it\'s'.
std::string Value(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

/// Values by keyword: of the environment, then of `dsn`.  None: it is no connection string.
std::optional<Values> ValuesOf(const std::string& dsn) {
  // libpq's message repeats what it did not understand, which may be a part of the password.
  const Options told(PQconninfoParse(dsn.c_str(), nullptr));
  if (told == nullptr) return std::nullopt;
  const Options defaults(PQconndefaults());
  Values values;
  for (const PQconninfoOption* o = defaults.get(); o != nullptr && o->keyword != nullptr; ++o) {
    // What everybody has by default need not be said.
    const bool is_told = o->val != nullptr && *o->val != '\0' &&
                         (o->compiled == nullptr || std::string(o->compiled) != o->val);
    if (is_told) values[o->keyword] = o->val;
  }
  for (const PQconninfoOption* o = told.get(); o->keyword != nullptr; ++o)
    if (o->val != nullptr && *o->val != '\0') values[o->keyword] = o->val;
  return values;
}

/// What a service file says goes below what `values` say; only a connection that is begun reads it.
void AddService(const std::string& dsn, Values* values) {
  const char* const keywords[] = {"dbname", nullptr};
  const char* const texts[] = {dsn.c_str(), nullptr};
  const Handle<PGconn, PQfinish> begun(PQconnectStartParams(keywords, texts, 1));
  const Options all(begun == nullptr ? nullptr : PQconninfo(begun.get()));
  for (const PQconninfoOption* o = all.get(); o != nullptr && o->keyword != nullptr; ++o) {
    const bool is_told = o->val != nullptr && *o->val != '\0' &&
                         (o->compiled == nullptr || std::string(o->compiled) != o->val);
    if (is_told) (*values)[o->keyword] = o->val;
  }
  values->erase("service");
}

}  // namespace

std::string Warehouse::Uri() const {
  return fmt::format("postgresql://{}:{}/{}", PercentEncoded(host), port, PercentEncoded(database));
}

std::string Warehouse::NamespaceOf(const std::string& schema) const {
  return fmt::format("{}:{}:{}:{}", PercentEncoded(host), port, PercentEncoded(database),
                     PercentEncoded(schema));
}

StatusOr<Warehouse> ReadWarehouse(const std::string& dsn) {
  auto read = ValuesOf(dsn);
  if (!read) return Error(Code::kInvalidArgument, "is no connection string of libpq");
  Values& values = *read;
  if (values.contains("service")) AddService(dsn, &values);
  if (!values.contains("host") && !values.contains("hostaddr")) values["host"] = "localhost";
  if (!values.contains("port")) values["port"] = "5432";
  if (!values.contains("dbname")) values["dbname"] = values["user"];
  // A password with a slash ends the host: what follows must not become a name.
  if (values["port"].find_first_not_of("0123456789,") != std::string::npos)
    return Error(Code::kInvalidArgument,
                 "has a port that is no number; a password with one of :/?#@ must be "
                 "percent-encoded");
  Warehouse warehouse{.host = values.contains("host") ? values["host"] : values["hostaddr"],
                      .port = values["port"],
                      .database = values["dbname"],
                      .conninfo = {}};
  for (const auto& [name, value] : values)
    if (!value.empty())
      warehouse.conninfo +=
          fmt::format("{}{}={}", warehouse.conninfo.empty() ? "" : " ", name, Value(value));
  return warehouse;
}

}  // namespace fft::sql
