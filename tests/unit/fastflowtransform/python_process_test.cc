#include "client/frontends/fastflowtransform/python_process.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

constexpr char kPython[] = "/usr/bin/python3";

class PythonProcessTest : public testing::Test {
 protected:
  StatusOr<PythonProcess> Start(const std::string& program) const {
    std::filesystem::create_directories(folder_ / "echo");
    std::ofstream(folder_ / "echo/__main__.py") << program;
    return PythonProcess::Start(kPython, folder_.path(), "echo");
  }
  TemporaryFolder folder_;
};

TEST_F(PythonProcessTest, AnswersLineByLine) {
  auto process =
      Start("import sys\nfor line in sys.stdin: print(line[::-1].strip(), flush=True)\n");
  ASSERT_TRUE(process.ok()) << Message(process.status());
  EXPECT_EQ(*process->Ask("abc"), "cba");
  PythonProcess moved = *std::move(process);
  EXPECT_EQ(*moved.Ask("Z\xC3\xBCrich"), "hcir\xC3\xBCZ");
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(*moved.Ask(large), large);
  EXPECT_EQ(*moved.Ask(""), "");
}

TEST_F(PythonProcessTest, AnEndIsTold) {
  auto process = Start("import sys\nsys.stdin.readline()\n");
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(process->Ask("a").status().code(), Code::kUnavailable);
  EXPECT_EQ(process->Ask("b").status().code(), Code::kUnavailable);
}

TEST_F(PythonProcessTest, WhoDoesNotEndIsEnded) {
  auto process = Start("import signal\nwhile True: signal.pause()\n");
  ASSERT_TRUE(process.ok());
}

TEST_F(PythonProcessTest, NoPythonIsNamed) {
  const auto process = PythonProcess::Start("/nowhere/python3", folder_.path(), "echo");
  EXPECT_EQ(Message(process.status()), "cannot run /nowhere/python3: No such file or directory");
}

TEST_F(PythonProcessTest, RendersAProject) {
  auto process = PythonProcess::Start(kPython, FFT_SOURCE_DIR "/client/python", "fft_render");
  ASSERT_TRUE(process.ok()) << Message(process.status());
  const auto answer = process->Ask(
      R"({"do": "models", "engine": "postgres", "schema": "s", "models": [{"name": "m.ff", )"
      R"("relation": "m", "path": "models/m.ff.sql", "text": "select 1 as \"{{ this.name }}\""}]})");
  ASSERT_TRUE(answer.ok()) << Message(answer.status());
  EXPECT_THAT(*answer, testing::HasSubstr(R"("sql": "select 1 as \"m\"")"));
}

}  // namespace
}  // namespace fft
