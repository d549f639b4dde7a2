#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/base/status.h"
#include "server/config/config.h"

namespace fft {

/// Where values may come from, the strongest last: defaults, file, environment, flags.
struct ConfigSources {
  std::string file;                                       // YAML; empty: none
  std::map<std::string, std::string> environment;         // only FFTD_* is looked at
  std::map<std::string, std::vector<std::string>> flags;  // by key: lease_length
  Config defaults;  // where a command's differ from everybody's
};

/// A key's value as it may be shown to anybody, and where it came from: `default`,
/// `/etc/fft/fftd.yaml:12`, `FFTD_LISTEN`, `--listen`.
struct EffectiveSetting {
  std::string name, value, origin;
};

struct LoadedConfig {
  Config config;
  std::vector<EffectiveSetting> settings;

  /// The origin of a key that exists.
  const std::string& OriginOf(const std::string& name) const;
};

/// INVALID_ARGUMENT names key, origin and what is wrong: unknown keys, keys given twice, bad values
/// and values that do not go together.  NOT_FOUND and PERMISSION_DENIED name the file.
StatusOr<LoadedConfig> LoadConfig(const ConfigSources& sources);

/// As `name: value  # origin`, a line a key: a file that would give the same, but for
/// passwords.
std::string ShowConfig(const LoadedConfig& loaded);

}  // namespace fft
