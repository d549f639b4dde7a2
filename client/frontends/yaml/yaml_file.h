#pragma once

#include <functional>
#include <string>

#include <yaml-cpp/yaml.h>

#include "server/base/status.h"

namespace fft {

/// Gives the YAML in `text` to `read`, which may throw YamlError.  Errors read
/// `FILE:LINE:COLUMN: what is wrong`.
Status ReadYaml(const std::string& file, const std::string& text,
                const std::function<void(const YAML::Node&)>& read);

}  // namespace fft
