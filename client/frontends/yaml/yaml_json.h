#pragma once

#include <string>

#include <yaml-cpp/yaml.h>

namespace fft {

/// `node` as JSON, with the types that YAML 1.1 gives to plain scalars, as PyYAML does: yes and off
/// are booleans, 0x1F and 017 numbers, ~ is null.  Dates stay text.  Throws YamlError where a key
/// is no single value or is there twice.  At most 100 levels deep.
std::string YamlToJson(const YAML::Node& node);

}  // namespace fft
