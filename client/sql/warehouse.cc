#include "client/sql/warehouse.h"

#include <map>

#include <libpq-fe.h>

#include "server/base/handle.h"
#include "server/base/percent.h"

namespace fft::sql {

namespace {

using Options = Handle<PQconninfoOption, PQconninfoFree>;

/// As a value of a connection string: 'it\'s'.
std::string Value(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
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
  char* error = nullptr;
  const Options told(PQconninfoParse(dsn.c_str(), &error));
  const Handle<char, PQfreemem> text(error);
  // libpq's message repeats what it did not understand, which may be a part of the password.
  if (told == nullptr) return Error(Code::kInvalidArgument, "is no connection string of libpq");
  const Options defaults(PQconndefaults());
  std::map<std::string, std::string> values;
  for (const PQconninfoOption* o = defaults.get(); o != nullptr && o->keyword != nullptr; ++o) {
    // What everybody has by default need not be said.
    const bool is_told = o->val != nullptr && *o->val != '\0' &&
                         (o->compiled == nullptr || std::string(o->compiled) != o->val);
    if (is_told) values[o->keyword] = o->val;
  }
  for (const PQconninfoOption* o = told.get(); o->keyword != nullptr; ++o)
    if (o->val != nullptr && *o->val != '\0') values[o->keyword] = o->val;
  if (!values.contains("host") && !values.contains("hostaddr")) values["host"] = "localhost";
  if (!values.contains("port")) values["port"] = "5432";
  if (!values.contains("dbname")) values["dbname"] = values["user"];
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
