#include "client/frontends/yaml/json_texts.h"

#include <nlohmann/json.hpp>

namespace fft {

std::vector<std::string> TextsIn(const nlohmann::json& value) {
  if (value.is_string()) return {value.get<std::string>()};
  std::vector<std::string> texts;
  if (value.is_array())
    for (const nlohmann::json& each : value)
      if (each.is_string()) texts.push_back(each);
  return texts;
}

}  // namespace fft
