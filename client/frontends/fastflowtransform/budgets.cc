#include "client/frontends/fastflowtransform/budgets.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "client/frontends/yaml/yaml_file.h"
#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace {

constexpr char kMetrics[][20] = {"bytes_scanned", "rows", "query_duration_ms"};

std::int64_t Of(const Spending& spent, const std::string& metric) {
  if (metric == kMetrics[0]) return spent.bytes_scanned;
  return metric == kMetrics[1] ? spent.rows : spent.query_duration_ms;
}

void Add(const Spending& spent, Spending* to) {
  to->bytes_scanned += spent.bytes_scanned;
  to->rows += spent.rows;
  to->query_duration_ms += spent.query_duration_ms;
}

std::optional<std::int64_t> QuantityAt(const YamlMap& map, const char* key, QuantityOf of) {
  if (!map.Has(key)) return std::nullopt;
  const auto value = ReadQuantity(map.RequiredText(key), of);
  if (!value)
    map.Fail(key, fmt::format("'{}' of {} is no number, size or duration", key, map.what()));
  return value;
}

QuantityOf OfMetric(const std::string& metric) {
  if (metric == kMetrics[0]) return QuantityOf::kBytes;
  return metric == kMetrics[1] ? QuantityOf::kNumber : QuantityOf::kTime;
}

Budgets::Bounds BoundsOf(const YAML::Node& node, const std::string& what) {
  Budgets::Bounds bounds;
  if (node.IsNull()) return bounds;
  const YamlMap map(node, what, {kMetrics[0], kMetrics[1], kMetrics[2]});
  for (const char* metric : kMetrics) {
    if (!map.Has(metric)) continue;
    const YamlMap bound(map.At(metric), fmt::format("{} of {}", metric, what), {"warn", "error"});
    const QuantityOf of = OfMetric(metric);
    bounds[metric] = {QuantityAt(bound, "warn", of), QuantityAt(bound, "error", of)};
  }
  return bounds;
}

std::map<std::string, Budgets::Bounds> BoundsByName(const YamlMap& map, const char* key) {
  std::map<std::string, Budgets::Bounds> all;
  if (!map.Has(key) || map.At(key).IsNull()) return all;
  const YAML::Node node = map.At(key);
  if (!node.IsMap()) map.Fail(key, fmt::format("'{}' is no map of names", key));
  for (const auto& pair : node) {
    const std::string name = ScalarText(pair.first, key);
    all[name] = BoundsOf(pair.second, fmt::format("'{}' of {}", name, key));
  }
  return all;
}

std::int64_t QueryLimitOf(const YamlMap& map, const std::string& engine) {
  if (!map.Has("query_limits") || map.At("query_limits").IsNull()) return 0;
  const YAML::Node node = map.At("query_limits");
  if (!node.IsMap()) map.Fail("query_limits", "'query_limits' is no map of engines");
  for (const auto& pair : node) {
    const YamlMap limits(pair.second, "'query_limits'", {"max_bytes"});
    if (ScalarText(pair.first, "query_limits") == engine)
      return QuantityAt(limits, "max_bytes", QuantityOf::kBytes).value_or(0);
  }
  return 0;
}

void Compare(const Budgets::Bounds& bounds, const char* scope, const std::string& name,
             const Spending& spent, std::vector<Breach>* breaches) {
  for (const auto& [metric, bound] : bounds) {
    const std::int64_t value = Of(spent, metric);
    if (bound.error && value > *bound.error)
      breaches->push_back({scope, name, metric, value, *bound.error, true});
    else if (bound.warn && value > *bound.warn)
      breaches->push_back({scope, name, metric, value, *bound.warn, false});
  }
}

}  // namespace

std::optional<std::int64_t> ReadQuantity(const std::string& text, QuantityOf of) {
  using Units = std::map<std::string, std::int64_t>;
  static const Units kNumbers = {{"", 1}};
  static const Units kSizes = {
      {"", 1},           {"b", 1},         {"k", 1LL << 10},  {"kb", 1LL << 10}, {"m", 1LL << 20},
      {"mb", 1LL << 20}, {"g", 1LL << 30}, {"gb", 1LL << 30}, {"t", 1LL << 40},  {"tb", 1LL << 40}};
  static const Units kTimes = {{"", 1},       {"ms", 1},       {"s", 1000},
                               {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}};
  const Units& units = of == QuantityOf::kBytes  ? kSizes
                       : of == QuantityOf::kTime ? kTimes
                                                 : kNumbers;
  std::string digits, unit;
  for (const char c : text) {
    if (c == '_' || c == ',' || c == ' ') continue;
    const bool is_number = std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.';
    if (is_number && !unit.empty()) return std::nullopt;
    (is_number ? digits : unit) += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const auto factor = units.find(unit);
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (factor == units.end() || read.ec != std::errc() || read.ptr != digits.data() + digits.size())
    return std::nullopt;
  value *= static_cast<double>(factor->second);
  if (value > 9e18) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

StatusOr<Budgets> ReadBudgets(const std::string& file, const std::string& text,
                              const std::string& engine) {
  Budgets budgets;
  const Status read = ReadYaml(file, text, [&](const YAML::Node& node) {
    if (node.IsNull()) return;
    const YamlMap map(node, "the budgets", {"version", "total", "models", "tags", "query_limits"});
    if (map.Has("total")) budgets.total = BoundsOf(map.At("total"), "'total'");
    budgets.models = BoundsByName(map, "models");
    budgets.tags = BoundsByName(map, "tags");
    budgets.query_bytes_max = QueryLimitOf(map, engine);
  });
  if (!read.ok()) return read;
  return budgets;
}

std::string Breach::Line() const {
  return fmt::format("[BUDGET] {}: {}{}{} {}: {} > {}", is_error ? "error" : "warning", scope,
                     name.empty() ? "" : " ", name, metric, spent, bound);
}

std::vector<Breach> FindBreaches(const Budgets& budgets, const std::vector<ModelSpending>& models) {
  Spending total;
  std::map<std::string, Spending> by_model, by_tag;
  for (const ModelSpending& model : models) {
    Add(model.spent, &total);
    Add(model.spent, &by_model[model.name]);
    for (const std::string& tag : model.tags) Add(model.spent, &by_tag[tag]);
  }
  std::vector<Breach> breaches;
  Compare(budgets.total, "total", "", total, &breaches);
  for (const auto& [name, bounds] : budgets.models)
    Compare(bounds, "models", name, by_model[name], &breaches);
  for (const auto& [name, bounds] : budgets.tags)
    Compare(bounds, "tags", name, by_tag[name], &breaches);
  return breaches;
}

}  // namespace fft
