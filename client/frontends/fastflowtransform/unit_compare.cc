#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/fastflowtransform/unit_tests.h"
#include "client/frontends/yaml/json_texts.h"

namespace fft {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kToldMax = 5;

/// PostgreSQL writes times in JSON as `2024-01-31T08:00:00`.
std::string AsWritten(std::string text) {
  if (text.size() > 10 && text[4] == '-' && text[7] == '-' && text[10] == 'T') text[10] = ' ';
  return text;
}

class Comparison {
 public:
  explicit Comparison(const std::string& expect) : expect_(Json::parse(expect)) {
    for (const std::string& column : TextsIn(expect_.value("ignore_columns", Json())))
      ignored_.insert(column);
    for (const Json& row : expect_.at("rows")) expected_.push_back(Without(row));
  }

  std::vector<std::string> Compare(const std::vector<std::string>& rows) {
    std::vector<Json> left;
    for (const std::string& row : rows)
      left.push_back(Without(Json::parse(row, nullptr, /*allow_exceptions=*/false)));
    if (!left.empty() && !expected_.empty()) FindColumns(left.front());
    if (!wrong_.empty()) return wrong_;
    std::vector<Json> missing;
    for (const Json& wanted : expected_) {
      const auto at = std::find_if(left.begin(), left.end(),
                                   [&](const Json& row) { return IsSameRow(wanted, row); });
      if (at == left.end())
        missing.push_back(wanted);
      else
        left.erase(at);
    }
    Tell("missing", missing);
    if (!expect_.value("subset", false)) Tell("unexpected", left);
    return wrong_;
  }

 private:
  Json Without(const Json& row) const {
    Json kept = Json::object();
    for (const auto& [column, value] : row.items())
      if (!ignored_.contains(column)) kept[column] = value;
    return kept;
  }

  void FindColumns(const Json& row) {
    std::set<std::string> wanted;
    for (const Json& each : expected_)
      for (const auto& [column, value] : each.items()) wanted.insert(column);
    for (const std::string& column : wanted)
      if (!row.contains(column)) wrong_.push_back(fmt::format("column {} is not there", column));
    for (const auto& [column, value] : row.items())
      if (!wanted.contains(column))
        wrong_.push_back(fmt::format("column {} is not expected", column));
  }

  /// How far a number may be off.
  double Tolerance(const std::string& column) const {
    const Json approx = expect_.value("approx", Json());
    const Json told = approx.is_object() ? approx.value(column, Json()) : approx;
    return told.is_number() ? told.get<double>() : 0;
  }

  bool IsSameRow(const Json& wanted, const Json& row) const {
    for (const auto& [column, value] : row.items())
      if (!IsSame(wanted.value(column, Json()), value, Tolerance(column))) return false;
    return true;
  }

  static bool IsSame(const Json& wanted, const Json& found, double tolerance) {
    if (wanted.is_number() && found.is_number()) {
      if (wanted == found) return true;
      const double a = wanted.get<double>(), b = found.get<double>();
      const bool is_whole = wanted.is_number_integer() && found.is_number_integer();
      const double noise = is_whole ? 0 : 1e-12 * std::max(std::abs(a), std::abs(b));
      return std::abs(a - b) <= std::max(tolerance, noise);
    }
    if (wanted.is_string() && found.is_string())
      return wanted == found || AsWritten(wanted) == AsWritten(found);
    if (wanted.is_string() && found.is_number()) return wanted == found.dump();
    return wanted == found;
  }

  void Tell(const std::string& what, const std::vector<Json>& rows) {
    for (std::size_t i = 0; i < std::min(rows.size(), kToldMax); ++i)
      wrong_.push_back(fmt::format("{}: {}", what, rows[i].dump()));
    if (rows.size() > kToldMax)
      wrong_.push_back(fmt::format("{}: {} more rows", what, rows.size() - kToldMax));
  }

  const Json expect_;
  std::set<std::string> ignored_;
  std::vector<Json> expected_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> CompareRows(const std::string& expect,
                                     const std::vector<std::string>& rows) {
  return Comparison(expect).Compare(rows);
}

}  // namespace fft
