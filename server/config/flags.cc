#include "server/config/flags.h"

#include <string_view>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "server/config/settings.h"

namespace fft {

void AddConfigFlags(CLI::App& app, ConfigFlags* flags) {
  app.add_option("-c,--config", flags->file, "YAML file with any of the keys below")
      ->envname("FFTD_CONFIG")
      ->type_name("FILE");
  for (const Setting& setting : Settings()) {
    const auto take = [flags, name = setting.name](const std::vector<std::string>& values) {
      flags->values[name] = values;
      return true;
    };
    // Given twice: both values for a list, an error of LoadConfig() for anything else.
    app.add_option(setting.Flag(), take, setting.help)
        ->type_name("")
        ->group("Settings")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

std::map<std::string, std::string> ConfigEnvironment() {
  std::map<std::string, std::string> found;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (text.starts_with("FFTD_") && equals != std::string_view::npos)
      found.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return found;
}

}  // namespace fft
