#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace fft {

/// What is wrong with a file and where: for ReadYaml() to catch.
struct YamlError {
  YAML::Mark at;
  std::string text;
};

/// A YAML map with a closed set of keys, read with errors that name the place.  Used by the thread
/// that made it.  After construction every key is known and none is there twice; every accessor
/// throws YamlError when the value has another shape than asked for.
class YamlMap {
 public:
  /// `what` names the map in errors: `job monthly`.
  YamlMap(const YAML::Node& node, std::string what, std::initializer_list<std::string_view> keys);

  bool Has(std::string_view key) const;
  YAML::Mark MarkOf(std::string_view key) const;
  YAML::Mark mark() const { return mark_; }
  const std::string& what() const { return what_; }
  /// The same map by a better name, once its label is known.
  void Rename(std::string what) { what_ = std::move(what); }

  /// Scalars as they stand; `otherwise` where the key is not there.
  std::string Text(std::string_view key, std::string_view otherwise) const;
  std::string RequiredText(std::string_view key) const;
  bool Bool(std::string_view key, bool otherwise) const;
  int Int(std::string_view key, int otherwise, int least, int most) const;
  /// The index of the value in `names`.
  std::size_t Choice(std::string_view key, std::size_t otherwise,
                     std::initializer_list<std::string_view> names) const;
  /// Elements of a sequence; nothing where the key is not there.
  std::vector<YAML::Node> List(std::string_view key) const;
  std::vector<std::string> Texts(std::string_view key) const;
  /// A map of any names to scalars, in the order of the file.
  std::vector<std::pair<std::string, std::string>> Pairs(std::string_view key) const;
  YAML::Node At(std::string_view key) const;

  /// Throws: `what` at the place of `key`.
  [[noreturn]] void Fail(std::string_view key, const std::string& text) const;

 private:
  struct Entry {
    std::string key;
    YAML::Mark mark;
    YAML::Node value;
  };
  const Entry* Find(std::string_view key) const;

  std::string what_;
  YAML::Mark mark_;
  std::vector<Entry> entries_;
};

/// The text of a scalar; throws YamlError naming `what` when it is none.
std::string ScalarText(const YAML::Node& node, const std::string& what);

}  // namespace fft
