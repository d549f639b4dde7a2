#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace fft {

/// A text, or a list of texts; what else is in it does not count.
std::vector<std::string> TextsIn(const nlohmann::json& value);

}  // namespace fft
