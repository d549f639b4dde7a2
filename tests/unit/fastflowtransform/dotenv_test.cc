#include "client/frontends/fastflowtransform/dotenv.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

class DotenvTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  Variables Read(const Variables& real = {}) const {
    const auto variables = ReadDotenv(folder_.path(), "dev", real);
    EXPECT_TRUE(variables.ok()) << Message(variables.status());
    return variables.ok() ? *variables : Variables{};
  }
  std::string Fault(const std::string& text) const {
    Write(".env", text);
    const auto variables = ReadDotenv(folder_.path(), "dev", {});
    EXPECT_FALSE(variables.ok());
    const std::string message = Message(variables.status());
    const std::string path = folder_ / ".env";
    EXPECT_TRUE(message.starts_with(path + ":")) << message;
    return message.substr(path.size() + 1);
  }

  TemporaryFolder folder_;
};

TEST_F(DotenvTest, FilesAreLayeredAndTheRealEnvironmentWins) {
  Write(".env", "A=1\nB=1\nC=1\nD=1\nE=1\n");
  Write(".env.local", "B=2\nC=2\nD=2\nE=2\n");
  Write(".env.dev", "C=3\nD=3\nE=3\n");
  Write(".env.dev.local", "D=4\nE=4\n");
  Write(".env.prod", "A=prod\n");
  EXPECT_EQ(Read({{"E", "5"}, {"HOME", "/"}}),
            (Variables{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", "4"}, {"E", "5"}, {"HOME", "/"}}));
}

TEST_F(DotenvTest, WithoutFilesTheRealEnvironmentIsAll) {
  EXPECT_EQ(Read({{"A", "1"}}), (Variables{{"A", "1"}}));
}

TEST_F(DotenvTest, EachWayToWriteAValue) {
  Write(
      ".env",
      "# comment\r\n\r\n  export A = bare # comment\r\nB='$as ${it} \\n is' # c\nC=\"a\\n\\\"b\\\" "
      "\\$x\"\nD=\"two\nlines\"\nE=\nF=a#b\nALONE\nG='' \nH=x=y");
  EXPECT_EQ(Read(), (Variables{{"A", "bare"},
                               {"B", "$as ${it} \\n is"},
                               {"C", "a\n\"b\" $x"},
                               {"D", "two\nlines"},
                               {"E", ""},
                               {"F", "a#b"},
                               {"G", ""},
                               {"H", "x=y"}}));
}

TEST_F(DotenvTest, ReferencesAreToWhatIsKnownByThen) {
  Write(".env", "A=1\nB=${A}2\nC=\"${REAL} ${LATER:-none}\"\nLATER=x\nD=$A\n");
  Write(".env.dev", "E=${B}${REAL}\n");
  const Variables read = Read({{"REAL", "r"}});
  EXPECT_EQ(read.at("B"), "12");
  EXPECT_EQ(read.at("C"), "r none");
  EXPECT_EQ(read.at("D"), "$A");
  EXPECT_EQ(read.at("E"), "12r");
}

TEST_F(DotenvTest, FaultsNameFileAndLine) {
  EXPECT_EQ(Fault("A=1\nB C=2\n"), "2: = is expected after B");
  EXPECT_EQ(Fault("\n=2\n"), "2: NAME=VALUE is expected");
  EXPECT_EQ(Fault("1A=2"), "1: NAME=VALUE is expected");
  EXPECT_EQ(Fault("A='b\nc\nd"), "1: ' is not closed");
  EXPECT_EQ(Fault("A=\"b\"c"), "1: nothing may follow the closing \"");
  EXPECT_EQ(Fault("A=1\nB=${A\n}"), "2: ${ is not closed");
}

}  // namespace
}  // namespace fft
