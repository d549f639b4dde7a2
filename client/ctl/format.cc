#include "client/ctl/format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include "server/base/error_details.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr std::size_t kLineBytesMax = 200;

std::string WithoutPrefix(const std::string& name, std::size_t prefix) {
  if (name.size() <= prefix || name.ends_with("_UNSPECIFIED")) return "unknown";
  std::string text = name.substr(prefix);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// How many columns UTF-8 text takes, taking each character for one.
std::size_t Width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// At most kLineBytesMax bytes, not ending within a character.
std::string_view Cut(std::string_view line) {
  if (line.size() <= kLineBytesMax) return line;
  std::size_t end = kLineBytesMax;
  while (end > 0 && (line[end] & 0xC0) == 0x80) --end;
  return line.substr(0, end);
}

}  // namespace

std::string StateName(v1::BuildState state) { return WithoutPrefix(v1::BuildState_Name(state), 6); }
std::string StateName(v1::NodeState state) { return WithoutPrefix(v1::NodeState_Name(state), 5); }
std::string StateName(v1::PartitionState state) {
  return WithoutPrefix(v1::PartitionState_Name(state), 10);
}
std::string OutcomeName(v1::Outcome outcome) { return WithoutPrefix(v1::Outcome_Name(outcome), 8); }

std::string FormatDuration(Duration length) {
  const std::int64_t ms = length.count();
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  const std::int64_t seconds = ms / 1000;
  if (seconds < 3'600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3'600, seconds / 60 % 60);
}

std::string FormatBytes(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 0) return "-";
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

TimePoint ToTimePoint(const google::protobuf::Timestamp& time) {
  return FromMillis(time.seconds() * 1000 + time.nanos() / 1'000'000);
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "-";
  const std::time_t seconds = time.seconds();
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

std::string Count(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string FormatOutputs(const google::protobuf::RepeatedPtrField<std::string>& outputs) {
  if (outputs.empty()) return "-";
  if (outputs.size() == 1) return outputs.Get(0);
  return fmt::format("{} +{}", outputs.Get(0), outputs.size() - 1);
}

std::string FirstLines(std::string_view text, std::size_t lines_max, std::string_view indent) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::string out;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == lines_max) {
      const auto more = std::count(text.begin(), text.end(), '\n') + 1;
      return out + fmt::format("{}... and {}\n", indent, Count(more, "more line"));
    }
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{}{}{}\n", indent, Cut(text.substr(0, end)),
                       end > kLineBytesMax ? " ..." : "");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
  }
  return out;
}

std::string ErrorJson(const Status& status) {
  const ErrorDetails details = DetailsOf(status);
  nlohmann::json fields = nlohmann::json::array();
  for (const auto& [field, what] : details.fields)
    fields.push_back({{"field", field}, {"description", what}});
  const nlohmann::json json = {{"error",
                                {{"code", absl::StatusCodeToString(status.code())},
                                 {"message", Message(status)},
                                 {"reason", details.reason},
                                 {"metadata", details.metadata},
                                 {"fields", fields}}}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  return status.ok() ? text : fmt::format("{{\"error\":\"{}\"}}", "the answer has no JSON form");
}

std::string FormatAccounts(const build::v1::Accounts& accounts) {
  std::string text;
  if (accounts.spent_ms() > 0) text = FormatDuration(Duration(accounts.spent_ms())) + " of compute";
  std::string saved;
  const auto add = [&](std::int64_t ms, const char* by) {
    if (ms > 0) saved += (saved.empty() ? "" : ", ") + FormatDuration(Duration(ms)) + " by " + by;
  };
  add(accounts.saved_by_cache_ms(), "the cache");
  add(accounts.saved_by_joining_ms(), "joining");
  add(accounts.saved_by_cut_off_ms(), "cut-off");
  if (saved.empty()) return text;
  return text + (text.empty() ? "" : "; ") + "saved " + saved;
}

}  // namespace fft
