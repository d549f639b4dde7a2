#include "client/frontends/fastflowtransform/fingerprint.h"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "server/base/digest.h"

namespace fft {

namespace {

using Json = nlohmann::json;

// Bytes that are no UTF-8 count as U+FFFD: a file that somebody saved otherwise still has one hash.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string WithLf(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r')
      out += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n')
      out += '\n';
  }
  return out;
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\f' || c == '\v'; }

/// Calls `visit` with each line of `text`, which ends its lines with LF, without that.
template <class Visit>
void ForEachLine(std::string_view text, const Visit& visit) {
  while (true) {
    const std::size_t end = text.find('\n');
    visit(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

bool EndsUrl(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '"' || c == '\'' || c == '<' ||
         c == '>';
}

/// RFC 3986: what stands between `//` and the first of `/?#`, up to its last `@`, is the user.
std::string HideUser(std::string_view url) {
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon > at) return std::string(url);
  return std::string(url.substr(0, colon + 1)) + "***" + std::string(url.substr(at));
}

std::string HideParameter(std::string url) {
  constexpr std::string_view kName = "password=";
  for (std::size_t at = url.find(kName); at != std::string::npos; at = url.find(kName, at)) {
    const bool is_parameter = at > 0 && (url[at - 1] == '?' || url[at - 1] == '&');
    at += kName.size();
    if (!is_parameter) continue;
    const std::size_t end = std::min(url.find_first_of("&#", at), url.size());
    url.replace(at, end - at, "***");
  }
  return url;
}

}  // namespace

std::string NormalisedSql(std::string_view sql) {
  const std::string text = WithLf(sql);
  std::string out;
  ForEachLine(text, [&](std::string_view line) {
    while (!line.empty() && IsBlank(line.back())) line.remove_suffix(1);
    out += line;
    out += '\n';
  });
  const std::size_t begin = out.find_first_not_of('\n');
  if (begin == std::string::npos) return "";
  return out.substr(begin, out.find_last_not_of('\n') + 1 - begin);
}

std::string Dedented(std::string_view source) {
  const std::string text = WithLf(source);
  std::string_view common;
  bool is_first = true;
  ForEachLine(text, [&](std::string_view line) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return;
    const std::string_view indent = line.substr(0, begin);
    if (std::exchange(is_first, false)) common = indent;
    const auto ends = std::mismatch(common.begin(), common.end(), indent.begin(), indent.end());
    common = common.substr(0, static_cast<std::size_t>(ends.first - common.begin()));
  });
  std::string out;
  ForEachLine(text, [&](std::string_view line) {
    if (line.find_first_not_of(" \t") != std::string_view::npos) out += line.substr(common.size());
    out += '\n';
  });
  out.pop_back();  // there is no line after the last
  return out;
}

std::string WithoutPasswords(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t begin = text.find("://");
    if (begin == std::string_view::npos) return out + std::string(text);
    out += text.substr(0, begin + 3);
    text.remove_prefix(begin + 3);
    const auto end = std::find_if(text.begin(), text.end(), EndsUrl);
    const auto length = static_cast<std::size_t>(end - text.begin());
    out += HideParameter(HideUser(text.substr(0, length)));
    text.remove_prefix(length);
  }
}

Fingerprints::Fingerprints(const ModelSurroundings& surroundings) {
  Json variables = Json::object();
  for (const auto& [name, value] : surroundings.variables)
    if (name.starts_with("FF_")) variables[name] = WithoutPasswords(value);
  surroundings_ = Dump({{"engine", surroundings.engine},
                        {"env", std::move(variables)},
                        {"profile", surroundings.profile},
                        {"sources", surroundings.sources}});
}

std::string Fingerprints::Of(const ModelFacts& model) const {
  auto deps = model.deps;
  std::sort(deps.begin(), deps.end());
  Json pairs = Json::array();
  for (const auto& [name, fingerprint] : deps) pairs.push_back({name, fingerprint});
  // Keys in their order.
  std::string text = "{\"deps\":" + Dump(pairs) + ",\"env\":" + surroundings_;
  if (model.is_python) text += ",\"func_src\":" + Dump(Dedented(model.text));
  text += model.is_python ? ",\"kind\":\"python\"" : ",\"kind\":\"sql\"";
  text += ",\"node\":" + Dump(model.node) + ",\"relation\":" + Dump(model.relation);
  if (!model.is_python) text += ",\"sql\":" + Dump(NormalisedSql(model.text));
  return ToHex(Sha256(text + "}"));
}

}  // namespace fft
