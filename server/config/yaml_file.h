#pragma once

#include <string>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// A key of a flat YAML file with its scalar, or the scalars of its list.
struct YamlEntry {
  std::string key;
  int line = 0;  // from 1
  bool is_list = false;
  std::vector<std::string> values;
};

/// The entries in the file's order, a key that is there twice included.  At most 1 MiB.
/// INVALID_ARGUMENT names file and line.
StatusOr<std::vector<YamlEntry>> ReadYamlFile(const std::string& path);

/// `text` quoted where YAML would not read it back as it is.
std::string YamlScalar(const std::string& text);

}  // namespace fft
