#include "tests/support/golden.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace fft {

void RunTranscript(const std::filesystem::path& file,
                   const std::function<std::string(const std::string& command)>& run) {
  std::ifstream in(file);
  ASSERT_TRUE(in) << "no such transcript: " << file;
  std::stringstream want;
  want << in.rdbuf();
  std::ostringstream got;
  std::string printed;
  bool is_answer = false;
  for (std::string line; std::getline(want, line);) {
    if (line == "----") {
      got << "----\n" << printed;
      printed.clear();
      is_answer = true;
    } else if (line.empty()) {
      got << '\n';
      is_answer = false;
    } else if (!is_answer) {
      got << line << '\n';
      if (line[0] != '#') printed += run(line);
    }
  }
  EXPECT_TRUE(printed.empty()) << file << ": nothing says what its last commands must print";
  if (std::getenv("GOLDEN_REWRITE") != nullptr) {
    std::ofstream(file) << got.str();
  } else {
    EXPECT_EQ(got.str(), want.str()) << "GOLDEN_REWRITE=1 rewrites " << file;
  }
}

std::vector<std::string> CommandsOf(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> commands;
  bool is_answer = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "----")
      is_answer = true;
    else if (line.empty())
      is_answer = false;
    else if (!is_answer && line[0] != '#')
      commands.push_back(line);
  }
  return commands;
}

std::vector<std::filesystem::path> TranscriptsIn(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  const auto root = std::filesystem::path(FFT_SOURCE_DIR) / "tests" / "golden" / folder;
  for (const auto& entry : std::filesystem::directory_iterator(root))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace fft
