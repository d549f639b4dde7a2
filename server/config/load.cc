#include "server/config/load.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <system_error>

#include "server/base/check.h"
#include "server/config/settings.h"
#include "server/config/values.h"
#include "server/config/yaml_file.h"

namespace fft {

namespace {

/// FFTD_ variables that are no settings: where the file is.
constexpr char kConfigVariable[] = "FFTD_CONFIG";

Status UnknownKey(const std::string& key, const std::string& name, const std::string& origin) {
  const std::string nearest = NearestSetting(name);
  return Error(Code::kInvalidArgument, "{}: unknown key \"{}\"{}", origin, key,
               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest));
}

/// Of a list in a variable: parted by commas.
std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> items;
  std::istringstream rest(text);
  for (std::string item; std::getline(rest, item, ',');)
    if (!item.empty()) items.push_back(item);
  return items;
}

/// Collects values, the stronger ones later.
class Loading {
 public:
  explicit Loading(const Config& defaults) { loaded_.config = defaults; }

  Status Set(const Setting& setting, const std::vector<std::string>& values,
             const std::string& origin) {
    if (!setting.is_list && values.size() != 1)
      return Error(Code::kInvalidArgument, "{}: {} takes one value, not {}", origin, setting.name,
                   values.size());
    const Status set = setting.set(loaded_.config, values);
    if (!set.ok())
      return Error(Code::kInvalidArgument, "{}: {}: {}", origin, setting.name, Message(set));
    origins_[setting.name] = origin;
    return Ok();
  }

  Status AddFile(const std::string& path) {
    const StatusOr<std::vector<YamlEntry>> entries = ReadYamlFile(path);
    if (!entries.ok()) return entries.status();
    std::map<std::string, int> lines;
    for (const YamlEntry& entry : *entries) {
      const std::string origin = fmt::format("{}:{}", path, entry.line);
      const Setting* const setting = FindSetting(entry.key);
      if (setting == nullptr) return UnknownKey(entry.key, entry.key, origin);
      if (const auto [first, is_new] = lines.emplace(entry.key, entry.line); !is_new)
        return Error(Code::kInvalidArgument, "{}: {} was given in line {} already", origin,
                     entry.key, first->second);
      if (entry.is_list && !setting->is_list)
        return Error(Code::kInvalidArgument, "{}: {} takes one value, not a list", origin,
                     entry.key);
      if (Status set = Set(*setting, entry.values, origin); !set.ok()) return set;
    }
    return Ok();
  }

  Status AddEnvironment(const std::map<std::string, std::string>& environment) {
    std::set<std::string> known = {kConfigVariable};
    for (const Setting& setting : Settings()) {
      const std::string variable = setting.Variable();
      known.insert(variable);
      const auto found = environment.find(variable);
      if (found == environment.end()) continue;
      const auto values =
          setting.is_list ? SplitList(found->second) : std::vector<std::string>{found->second};
      if (Status set = Set(setting, values, variable); !set.ok()) return set;
    }
    for (const auto& [variable, value] : environment) {
      if (!variable.starts_with("FFTD_") || known.contains(variable)) continue;
      std::string name = variable.substr(5);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      return UnknownKey(variable, name, "the environment");
    }
    return Ok();
  }

  Status AddFlags(const std::map<std::string, std::vector<std::string>>& flags) {
    for (const auto& [name, values] : flags) {
      const Setting* const setting = FindSetting(name);
      if (setting == nullptr) return UnknownKey(name, name, "the command line");
      if (Status set = Set(*setting, values, setting->Flag()); !set.ok()) return set;
    }
    return Ok();
  }

  /// How people find what to change: key, value and where it stands.
  std::string Named(const std::string& name) const {
    const Setting* const setting = FindSetting(name);
    FFT_CHECK(setting != nullptr);
    return fmt::format("{} ({}, {})", name, setting->show(loaded_.config), OriginOf(name));
  }

  Status CheckTogether() const {
    const Config& config = loaded_.config;
    if (2 * config.heartbeat_every > config.lease_length)
      return Error(Code::kInvalidArgument, "{} must be at most half of {}",
                   Named("heartbeat_every"), Named("lease_length"));
    if (config.lease_length > config.orphan_after)
      return Error(Code::kInvalidArgument, "{} must not exceed {}", Named("lease_length"),
                   Named("orphan_after"));
    for (const std::string& address : config.listen)
      if (!config.allows_remote && !IsLocal(address))
        return Error(Code::kInvalidArgument,
                     "{}: {} lets other machines in, and nobody is authenticated there: set "
                     "allow_remote if that is meant",
                     Named("listen"), address);
    if (!config.database_password_file.empty() && config.database.empty())
      return Error(Code::kInvalidArgument, "{} is of no use without database",
                   Named("database_password_file"));
    return Ok();
  }

  Status ReadPassword() {
    Config& config = loaded_.config;
    if (config.database_password_file.empty()) return Ok();
    std::ifstream file(config.database_password_file);
    std::string password;
    if (!file || !std::getline(file, password))
      return Error(Code::kInvalidArgument, "cannot read {}: {}", Named("database_password_file"),
                   file.is_open() ? "it is empty" : std::generic_category().message(errno));
    config.database = WithPassword(config.database, password);
    return Ok();
  }

  LoadedConfig Finish() {
    for (const Setting& setting : Settings())
      loaded_.settings.push_back(
          {setting.name, setting.show(loaded_.config), OriginOf(setting.name)});
    return std::move(loaded_);
  }

 private:
  std::string OriginOf(const std::string& name) const {
    const auto found = origins_.find(name);
    return found == origins_.end() ? "default" : found->second;
  }

  LoadedConfig loaded_;
  std::map<std::string, std::string> origins_;
};

}  // namespace

const std::string& LoadedConfig::OriginOf(const std::string& name) const {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const EffectiveSetting& s) { return s.name == name; });
  FFT_CHECK(found != settings.end());
  return found->origin;
}

StatusOr<LoadedConfig> LoadConfig(const ConfigSources& sources) {
  Loading loading(sources.defaults);
  if (!sources.file.empty())
    if (Status added = loading.AddFile(sources.file); !added.ok()) return added;
  if (Status added = loading.AddEnvironment(sources.environment); !added.ok()) return added;
  if (Status added = loading.AddFlags(sources.flags); !added.ok()) return added;
  if (Status checked = loading.CheckTogether(); !checked.ok()) return checked;
  if (Status read = loading.ReadPassword(); !read.ok()) return read;
  return loading.Finish();
}

std::string ShowConfig(const LoadedConfig& loaded) {
  std::string text;
  for (const EffectiveSetting& setting : loaded.settings) {
    std::string value;
    if (FindSetting(setting.name)->is_list) {
      for (const std::string& item : SplitList(setting.value))
        value += (value.empty() ? "" : ", ") + YamlScalar(item);
      value = "[" + value + "]";
    } else {
      value = YamlScalar(setting.value);
    }
    text += fmt::format("{:<56} # {}\n", setting.name + ": " + value, setting.origin);
  }
  return text;
}

}  // namespace fft
