#include "client/frontends/yaml/yaml_map.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace fft {

namespace {

std::string_view ShapeOf(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return "a single value";
  return "nothing";
}

std::string Known(std::initializer_list<std::string_view> keys) {
  return fmt::format("{}", fmt::join(keys, ", "));
}

}  // namespace

std::string ScalarText(const YAML::Node& node, const std::string& what) {
  if (!node.IsScalar())
    throw YamlError{node.Mark(),
                    fmt::format("{} must be a single value, not {}", what, ShapeOf(node))};
  return node.Scalar();
}

YamlMap::YamlMap(const YAML::Node& node, std::string what,
                 std::initializer_list<std::string_view> keys)
    : what_(std::move(what)), mark_(node.Mark()) {
  if (!node.IsMap())
    throw YamlError{mark_, fmt::format("{} must be a map, not {}", what_, ShapeOf(node))};
  for (const auto& pair : node) {
    const std::string key = ScalarText(pair.first, "a key of " + what_);
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      throw YamlError{pair.first.Mark(),
                      fmt::format("unknown key '{}' in {}; known: {}", key, what_, Known(keys))};
    if (Find(key) != nullptr)
      throw YamlError{pair.first.Mark(), fmt::format("key '{}' twice in {}", key, what_)};
    entries_.push_back({key, pair.first.Mark(), pair.second});
  }
}

const YamlMap::Entry* YamlMap::Find(std::string_view key) const {
  for (const Entry& entry : entries_)
    if (entry.key == key) return &entry;
  return nullptr;
}

bool YamlMap::Has(std::string_view key) const { return Find(key) != nullptr; }

YAML::Mark YamlMap::MarkOf(std::string_view key) const {
  const Entry* entry = Find(key);
  return entry == nullptr ? mark_ : entry->mark;
}

YAML::Node YamlMap::At(std::string_view key) const {
  const Entry* entry = Find(key);
  return entry == nullptr ? YAML::Node() : entry->value;
}

void YamlMap::Fail(std::string_view key, const std::string& text) const {
  throw YamlError{MarkOf(key), fmt::format("{}: {}", what_, text)};
}

std::string YamlMap::Text(std::string_view key, std::string_view otherwise) const {
  const Entry* entry = Find(key);
  if (entry == nullptr) return std::string(otherwise);
  return ScalarText(entry->value, fmt::format("'{}' of {}", key, what_));
}

std::string YamlMap::RequiredText(std::string_view key) const {
  if (!Has(key)) Fail(key, fmt::format("'{}' is missing", key));
  std::string text = Text(key, "");
  if (text.empty()) Fail(key, fmt::format("'{}' is empty", key));
  return text;
}

bool YamlMap::Bool(std::string_view key, bool otherwise) const {
  const std::string text = Text(key, otherwise ? "true" : "false");
  if (text == "true") return true;
  if (text != "false") Fail(key, fmt::format("'{}' is true or false, not '{}'", key, text));
  return false;
}

int YamlMap::Int(std::string_view key, int otherwise, int least, int most) const {
  if (!Has(key)) return otherwise;
  const std::string text = Text(key, "");
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!is_number || number < least || number > most)
    Fail(key, fmt::format("'{}' is a number from {} to {}, not '{}'", key, least, most, text));
  return number;
}

std::size_t YamlMap::Choice(std::string_view key, std::size_t otherwise,
                            std::initializer_list<std::string_view> names) const {
  if (!Has(key)) return otherwise;
  const std::string text = Text(key, "");
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end())
    Fail(key, fmt::format("'{}' is one of {}, not '{}'", key, Known(names), text));
  return static_cast<std::size_t>(found - names.begin());
}

std::vector<YAML::Node> YamlMap::List(std::string_view key) const {
  std::vector<YAML::Node> list;
  const Entry* entry = Find(key);
  if (entry == nullptr) return list;
  if (!entry->value.IsSequence())
    Fail(key, fmt::format("'{}' must be a list, not {}", key, ShapeOf(entry->value)));
  for (const auto& node : entry->value) list.push_back(node);
  return list;
}

std::vector<std::string> YamlMap::Texts(std::string_view key) const {
  std::vector<std::string> texts;
  for (const YAML::Node& node : List(key))
    texts.push_back(ScalarText(node, fmt::format("an element of '{}' of {}", key, what_)));
  return texts;
}

std::vector<std::pair<std::string, std::string>> YamlMap::Pairs(std::string_view key) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  const Entry* entry = Find(key);
  if (entry == nullptr) return pairs;
  if (!entry->value.IsMap())
    Fail(key, fmt::format("'{}' must be a map, not {}", key, ShapeOf(entry->value)));
  for (const auto& pair : entry->value) {
    const std::string name = ScalarText(pair.first, fmt::format("a key of '{}'", key));
    for (const auto& earlier : pairs)
      if (earlier.first == name)
        throw YamlError{pair.first.Mark(),
                        fmt::format("key '{}' twice in '{}' of {}", name, key, what_)};
    pairs.emplace_back(
        name, ScalarText(pair.second, fmt::format("'{}' in '{}' of {}", name, key, what_)));
  }
  return pairs;
}

}  // namespace fft
