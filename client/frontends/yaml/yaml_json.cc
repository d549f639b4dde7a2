#include "client/frontends/yaml/yaml_json.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace {

using Json = nlohmann::json;

constexpr int kDepthMax = 100;

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kSpaced = "0123456789_";

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// Not empty, and of these characters alone.
bool IsOf(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// Digits, of which the first is no underscore.
bool IsSpaced(std::string_view text) { return IsOf(text, kSpaced) && text.front() != '_'; }

std::string_view WithoutSign(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text;
}

/// Of `1:30:00` all after the first colon: each part one or two digits, below 60.
bool AreSixtieths(std::string_view parts) {
  while (true) {
    const std::size_t colon = parts.find(':');
    const std::string_view part = parts.substr(0, colon);
    if (!IsOf(part, kDigits) || part.size() > 2 || (part.size() == 2 && part.front() > '5'))
      return false;
    if (colon == std::string_view::npos) return true;
    parts.remove_prefix(colon + 1);
  }
}

bool IsInteger(std::string_view scalar) {
  const std::string_view text = WithoutSign(scalar);
  if (text.starts_with("0b")) return IsOf(text.substr(2), "01_");
  if (text.starts_with("0x")) return IsOf(text.substr(2), "0123456789abcdefABCDEF_");
  if (text.starts_with('0')) return text.size() == 1 || IsOf(text.substr(1), "01234567_");
  const std::size_t colon = text.find(':');
  if (!IsSpaced(text.substr(0, colon))) return false;
  return colon == std::string_view::npos || AreSixtieths(text.substr(colon + 1));
}

bool IsFloat(std::string_view scalar) {
  std::string_view text = WithoutSign(scalar);
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    const std::string_view exponent = text.substr(e + 1);
    if (exponent.empty() || kDigits.find(exponent.front()) != std::string_view::npos ||
        !IsOf(WithoutSign(exponent), kDigits))
      return false;  // YAML 1.1 wants its sign
    text = text.substr(0, e);
  }
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view whole = text.substr(0, dot), part = text.substr(dot + 1);
  if (whole.empty()) return scalar.front() == '.' && IsSpaced(part);  // PyYAML: with no sign
  if (!part.empty() && !IsOf(part, kSpaced)) return false;
  const std::size_t colon = whole.find(':');
  return IsSpaced(whole.substr(0, colon)) &&
         (colon == std::string_view::npos || AreSixtieths(whole.substr(colon + 1)));
}

std::string WithoutUnderscores(std::string text) {
  std::erase(text, '_');
  return text;
}

// Numbers with colons are in base 60: 1:30 is 90.
double BaseSixty(const std::string& text) {
  const bool is_negative = text.front() == '-';
  double number = 0;
  std::size_t at = text.find_first_of("0123456789");
  while (at != std::string::npos) {
    const std::size_t colon = text.find(':', at);
    number = number * 60 + std::strtod(text.substr(at, colon - at).c_str(), nullptr);
    at = colon == std::string::npos ? colon : colon + 1;
  }
  return is_negative ? -number : number;
}

Json IntegerOf(const std::string& scalar) {
  const std::string text = WithoutUnderscores(scalar);
  if (text.find(':') != std::string::npos) return Json(static_cast<std::int64_t>(BaseSixty(text)));
  const bool is_signed = text.front() == '-' || text.front() == '+';
  std::string digits = is_signed ? text.substr(1) : text;
  int base = 10;
  if (digits.starts_with("0b") || digits.starts_with("0x")) {
    base = digits[1] == 'b' ? 2 : 16;
    digits = digits.substr(2);
  } else if (digits.size() > 1 && digits.front() == '0') {
    base = 8;
  }
  errno = 0;
  const unsigned long long number = std::strtoull(digits.c_str(), nullptr, base);
  if (errno != 0) return Json(std::strtod(text.c_str(), nullptr));
  if (text.front() != '-') return Json(number);
  if (number > static_cast<unsigned long long>(std::numeric_limits<std::int64_t>::max()))
    return Json(-static_cast<double>(number));
  return Json(-static_cast<std::int64_t>(number));
}

Json FloatOf(const std::string& scalar) {
  const std::string text = WithoutUnderscores(scalar);
  if (text.find(':') != std::string::npos) return Json(BaseSixty(text));
  return Json(std::strtod(text.c_str(), nullptr));
}

// By the types of YAML 1.1.  What JSON has no word for, like .inf, stays text.
Json PlainScalar(const std::string& scalar) {
  if (IsOneOf(scalar, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (IsOneOf(scalar, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return true;
  if (IsOneOf(scalar, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}))
    return false;
  if (IsInteger(scalar)) return IntegerOf(scalar);
  if (IsFloat(scalar)) return FloatOf(scalar);
  return scalar;
}

Json ToJson(const YAML::Node& node, int depth) {
  if (depth > kDepthMax)
    throw YamlError{node.Mark(), fmt::format("more than {} levels deep", kDepthMax)};
  if (node.IsMap()) {
    Json map = Json::object();
    for (const auto& pair : node) {
      const std::string key = ScalarText(pair.first, "a key");
      if (map.contains(key))
        throw YamlError{pair.first.Mark(), fmt::format("key '{}' is there twice", key)};
      map[key] = ToJson(pair.second, depth + 1);
    }
    return map;
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& element : node) list.push_back(ToJson(element, depth + 1));
    return list;
  }
  if (!node.IsScalar()) return nullptr;
  return node.Tag() == "?" ? PlainScalar(node.Scalar()) : Json(node.Scalar());
}

}  // namespace

std::string YamlToJson(const YAML::Node& node) {
  return ToJson(node, 0).dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace fft
