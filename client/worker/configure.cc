#include "client/worker/configure.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/core.h>

namespace fft {
namespace {

/// Empty when nothing was printed: the file is made by the first byte.
std::string Printed(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

}  // namespace

void JudgeConfigure(const RunPlaces& places, build::v1::RunReport* report) {
  std::string first = Printed(places.folder + "/stdout.0");
  const std::string second = Printed(places.folder + "/stdout.1");
  if (first == second) {
    report->set_stdout_text(std::move(first));
    return;
  }
  const auto [at, unused] = std::mismatch(first.begin(), first.end(), second.begin(), second.end());
  report->set_outcome(build::v1::OUTCOME_FAILED);
  report->set_message(
      fmt::format("CONFIGURE_UNSTABLE: executed twice, it printed something else from line {} on",
                  std::count(first.begin(), at, '\n') + 1));
}

}  // namespace fft
