#include "server/config/yaml_file.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include <system_error>

#include <yaml-cpp/yaml.h>

namespace fft {

namespace {

constexpr std::size_t kBytesMax = std::size_t{1} << 20;

StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    return Error(error == EACCES ? Code::kPermissionDenied : Code::kNotFound,
                 "cannot read the configuration {}: {}", path,
                 std::generic_category().message(error));
  }
  std::string text;
  for (auto at = std::istreambuf_iterator<char>(file);
       at != std::istreambuf_iterator<char>() && text.size() <= kBytesMax; ++at)
    text += *at;
  if (file.bad()) return Error(Code::kUnavailable, "cannot read the configuration {}", path);
  if (text.size() > kBytesMax)
    return Error(Code::kInvalidArgument, "{}: is larger than {} bytes", path, kBytesMax);
  return text;
}

StatusOr<YamlEntry> ReadEntry(const YAML::Node& key, const YAML::Node& value,
                              const std::string& path) {
  YamlEntry entry;
  entry.line = key.Mark().line + 1;
  if (!key.IsScalar())
    return Error(Code::kInvalidArgument, "{}:{}: a key must be a plain word", path, entry.line);
  entry.key = key.Scalar();
  if (value.IsScalar()) {
    entry.values = {value.Scalar()};
  } else if (value.IsNull()) {
    entry.values = {""};
  } else if (value.IsSequence()) {
    entry.is_list = true;
    for (const YAML::Node& item : value) {
      if (!item.IsScalar())
        return Error(Code::kInvalidArgument, "{}:{}: {}: its items must be plain values", path,
                     item.Mark().line + 1, entry.key);
      entry.values.push_back(item.Scalar());
    }
  } else {
    return Error(Code::kInvalidArgument, "{}:{}: {}: must be a plain value or a list of them", path,
                 entry.line, entry.key);
  }
  return entry;
}

}  // namespace

StatusOr<std::vector<YamlEntry>> ReadYamlFile(const std::string& path) {
  const StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return text.status();
  std::vector<YamlEntry> entries;
  try {
    const YAML::Node root = YAML::Load(*text);
    if (root.IsNull()) return entries;
    if (!root.IsMap())
      return Error(Code::kInvalidArgument, "{}:{}: must be a map of keys to values", path,
                   root.Mark().line + 1);
    for (const auto& pair : root) {
      StatusOr<YamlEntry> entry = ReadEntry(pair.first, pair.second, path);
      if (!entry.ok()) return entry.status();
      entries.push_back(*std::move(entry));
    }
  } catch (const YAML::Exception& error) {
    return Error(Code::kInvalidArgument, "{}:{}: {}", path, error.mark.line + 1, error.msg);
  }
  return entries;
}

std::string YamlScalar(const std::string& text) {
  constexpr char kPlain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@+";
  const bool is_plain = !text.empty() && text.find_first_not_of(kPlain) == std::string::npos &&
                        text.back() != ':' && text.front() != '-' && text.front() != '@';
  if (is_plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace fft
