#pragma once

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace fft {

/// What was given on the command line: the file, and values by key.
struct ConfigFlags {
  std::string file;
  std::map<std::string, std::vector<std::string>> values;
};

/// Adds `--config FILE` and a flag for every key to `app`.  `flags` must outlive the parsing;
/// LoadConfig() checks what comes into it.
void AddConfigFlags(CLI::App& app, ConfigFlags* flags);

/// The FFTD_ variables of this process.
std::map<std::string, std::string> ConfigEnvironment();

}  // namespace fft
