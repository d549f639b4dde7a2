#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fft {

/// What of a client's surroundings counts for every model of a project.
struct ModelSurroundings {
  std::string engine;                            // `postgres`
  std::string profile;                           // the environment of profiles.yml
  std::map<std::string, std::string> variables;  // of the client; those that begin with FF_ count
  std::string sources;                           // sources.yml, normalised, as JSON
};

struct ModelFacts {
  std::string node;      // `stg_users.ff`
  std::string relation;  // `stg_users`
  bool is_python = false;
  std::string text;  // SQL as rendered, or the source of the function with its decorators
  std::vector<std::pair<std::string, std::string>> deps;  // name and fingerprint, in any order
};

/// The fingerprints of a project's models: SHA-256, 64 lower-case hexadecimal digits, over one JSON
/// object with sorted keys and no blanks.  The same on every machine, for every user: a password
/// inside a URL counts as ***.
class Fingerprints {
 public:
  explicit Fingerprints(const ModelSurroundings& surroundings);
  std::string Of(const ModelFacts& model) const;

 private:
  std::string surroundings_;  // as JSON
};

/// Line ends as LF, without blanks at the ends of lines and without newlines around it.
std::string NormalisedSql(std::string_view sql);

/// Without the indentation that all lines have, blank ones apart; line ends as LF.
std::string Dedented(std::string_view source);

/// *** for each password in a URL: of the user, or the parameter `password`.
std::string WithoutPasswords(std::string_view text);

}  // namespace fft
