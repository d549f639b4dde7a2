#include <algorithm>
#include <cmath>
#include <cstdint>
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
    // Near rows are near several: one that is taken may take another in its place.
    std::vector<std::size_t> taken_by(left.size(), kNobody);
    std::vector<Json> missing, unexpected;
    for (std::size_t wanted = 0; wanted < expected_.size(); ++wanted) {
      std::vector<char> is_asked(left.size(), 0);
      if (!Take(wanted, left, &taken_by, &is_asked)) missing.push_back(expected_[wanted]);
    }
    for (std::size_t i = 0; i < left.size(); ++i)
      if (taken_by[i] == kNobody) unexpected.push_back(left[i]);
    Tell("missing", missing);
    if (!expect_.value("subset", false)) Tell("unexpected", unexpected);
    return wrong_;
  }

 private:
  static constexpr std::size_t kNobody = SIZE_MAX;

  /// Whether there is a row for `wanted`, when others move to rows that fit them as well.
  bool Take(std::size_t wanted, const std::vector<Json>& rows, std::vector<std::size_t>* taken_by,
            std::vector<char>* is_asked) const {
    for (const bool moves : {false, true})
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t other = (*taken_by)[i];
        if ((other == kNobody) == moves || (*is_asked)[i] != 0 ||
            !IsSameRow(expected_[wanted], rows[i]))
          continue;
        (*is_asked)[i] = 1;
        if (moves && !Take(other, rows, taken_by, is_asked)) continue;
        (*taken_by)[i] = wanted;
        return true;
      }
    return false;
  }

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
    if (wanted.is_string() && found.is_number()) {  // 2.50, as SQL writes it
      const Json number = Json::parse(wanted.get<std::string>(), nullptr, false);
      return number.is_number() && IsSame(number, found, tolerance);
    }
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
