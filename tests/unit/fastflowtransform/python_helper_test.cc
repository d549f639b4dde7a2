#include "client/frontends/fastflowtransform/python_helper.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

constexpr char kPython[] = "/usr/bin/python3";

class PythonHelperTest : public testing::Test {
 protected:
  StatusOr<PythonHelper> Start(const std::string& program) const {
    std::filesystem::create_directories(folder_ / "echo");
    std::ofstream(folder_ / "echo/__main__.py") << program;
    return PythonHelper::Start(kPython, folder_.path(), "echo");
  }
  TemporaryFolder folder_;
};

TEST_F(PythonHelperTest, AnswersLineByLine) {
  auto helper = Start("import sys\nfor line in sys.stdin: print(line[::-1].strip(), flush=True)\n");
  ASSERT_TRUE(helper.ok()) << Message(helper.status());
  EXPECT_EQ(*helper->Ask("abc"), "cba");
  PythonHelper moved = *std::move(helper);
  EXPECT_EQ(*moved.Ask("Z\xC3\xBCrich"), "hcir\xC3\xBCZ");
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(*moved.Ask(large), large);
  EXPECT_EQ(*moved.Ask(""), "");
}

TEST_F(PythonHelperTest, AnEndIsTold) {
  auto helper = Start("import sys\nsys.stdin.readline()\n");
  ASSERT_TRUE(helper.ok());
  EXPECT_EQ(helper->Ask("a").status().code(), Code::kUnavailable);
  EXPECT_EQ(helper->Ask("b").status().code(), Code::kUnavailable);
}

TEST_F(PythonHelperTest, WhoDoesNotEndIsEnded) {
  auto helper = Start("import time\nwhile True: time.sleep(1000)\n");
  ASSERT_TRUE(helper.ok());
}

TEST_F(PythonHelperTest, NoPythonIsNamed) {
  const auto helper = PythonHelper::Start("/nowhere/python3", folder_.path(), "echo");
  EXPECT_EQ(Message(helper.status()), "cannot run /nowhere/python3: No such file or directory");
}

TEST_F(PythonHelperTest, RendersAProject) {
  auto helper = PythonHelper::Start(kPython, FFT_SOURCE_DIR "/client/python", "fft_render");
  ASSERT_TRUE(helper.ok()) << Message(helper.status());
  const auto answer = helper->Ask(
      R"({"do": "models", "engine": "postgres", "schema": "s", "models": [{"name": "m.ff", )"
      R"("relation": "m", "path": "models/m.ff.sql", "text": "select 1 as \"{{ this.name }}\""}]})");
  ASSERT_TRUE(answer.ok()) << Message(answer.status());
  EXPECT_THAT(*answer, testing::HasSubstr(R"("sql": "select 1 as \"m\"")"));
}

}  // namespace
}  // namespace fft
