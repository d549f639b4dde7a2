#include "server/store/warehouse_prober.h"

#include <utility>

#include "server/base/error_details.h"
#include "server/base/percent.h"
#include "server/domain/sql_task.h"

namespace fft {

namespace {

constexpr char kLook[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = t.s AND c.relname = t.r "
    "AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) "
    "FROM unnest($1, $2) WITH ORDINALITY t(s, r, place) ORDER BY t.place";

constexpr char kPatience[] = "SET statement_timeout = '10s'";
constexpr char kNoConnectionString[] = "its secret is no connection string of libpq";

/// libpq repeats what it did not understand: perhaps a part of the password.
bool IsMisread(const std::string& conninfo, const std::string& why) {
  const Handle<PQconninfoOption, PQconninfoFree> parsed(PQconninfoParse(conninfo.c_str(), nullptr));
  return parsed == nullptr || why.find(": invalid ") != std::string::npos;
}

Status Unreachable(const std::string& warehouse, const std::string& why) {
  return WithDetails(
      Error(Code::kFailedPrecondition, "{}: {}", warehouse, why),
      {.reason = "WAREHOUSE_UNREACHABLE", .metadata = {{"warehouse", warehouse}}, .fields = {}});
}

}  // namespace

StatusOr<WarehouseProber::Session> WarehouseProber::Take(const std::string& warehouse,
                                                         bool may_be_old) {
  std::string conninfo = connection_of_(warehouse);
  if (conninfo.empty())
    return Unreachable(warehouse, "no secret of this name says how to connect; see SetSecret");
  Session session;
  {
    const std::lock_guard lock(mutex_);
    session = std::exchange(idle_[warehouse], {});
  }
  if (may_be_old && session.conninfo == conninfo && session.connection.IsAlive()) return session;
  auto opened = pg::Connection::Open(conninfo, "fftd probe");
  if (!opened.ok()) {
    const std::string why = Message(opened.status());
    return Unreachable(warehouse, IsMisread(conninfo, why) ? kNoConnectionString : why);
  }
  if (Status set = opened->Run(kPatience, "set up the session"); !set.ok())
    return Unreachable(warehouse, Message(set));
  return Session{std::move(conninfo), *std::move(opened)};
}

Status WarehouseProber::Look(const std::string& warehouse, const std::vector<std::string>& uris,
                             const std::vector<std::size_t>& places, std::vector<char>* found) {
  std::vector<std::string> schemas;
  std::vector<std::string> relations;
  for (const std::size_t place : places) {
    const std::string_view path = std::string_view(uris[place]).substr(warehouse.size() + 1);
    const std::size_t slash = std::min(path.find('/'), path.size());
    schemas.push_back(PercentDecoded(path.substr(0, slash)));
    relations.emplace_back(path.substr(std::min(slash + 1, path.size())));
  }
  const auto params = pg::Params().Texts(schemas).Texts(relations);
  auto session = Take(warehouse, /*may_be_old=*/true);
  if (!session.ok()) return session.status();
  auto rows = session->connection.Query(kLook, params, "look for relations");
  if (rows.status().code() == Code::kUnavailable) {  // it broke while nobody looked
    session = Take(warehouse, /*may_be_old=*/false);
    if (!session.ok()) return session.status();
    rows = session->connection.Query(kLook, params, "look for relations");
  }
  if (!rows.ok()) return Unreachable(warehouse, Message(rows.status()));
  std::size_t next = 0;
  rows->ForEach([&](pg::Row& row) { (*found)[places[next++]] = row.Bool() ? 1 : 0; });
  const std::lock_guard lock(mutex_);
  idle_[warehouse] = *std::move(session);
  return Ok();
}

StatusOr<std::vector<char>> WarehouseProber::Exist(const std::vector<std::string>& uris) {
  std::map<std::string, std::vector<std::size_t>> by_warehouse;
  for (std::size_t i = 0; i < uris.size(); ++i) by_warehouse[WarehouseOf(uris[i])].push_back(i);
  std::vector<char> found(uris.size(), 0);
  for (const auto& [warehouse, places] : by_warehouse)
    if (Status looked = Look(warehouse, uris, places, &found); !looked.ok()) return looked;
  return found;
}

}  // namespace fft
