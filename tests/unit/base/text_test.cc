#include "server/base/text.h"

#include <string>

#include <gtest/gtest.h>

namespace fft {
namespace {

TEST(Text, HoldsAnyLength) {
  for (const std::size_t length : {0U, 1U, 23U, 127U, 128U, 129U, 16'383U, 16'384U, 3'000'000U}) {
    std::string expected(length, 'x');
    if (length > 0) expected.back() = '\0';
    const Text text = expected;
    const Text copy = text;
    EXPECT_EQ(copy.view(), expected);
    EXPECT_EQ(copy, text);
    EXPECT_EQ(text.empty(), length == 0);
  }
}

TEST(Text, IsReplacedByItsOwnCopy) {
  Text text = "one";
  const Text& same = text;
  text = same;
  EXPECT_EQ(text, "one");
  text = "a longer one";
  EXPECT_EQ(text, "a longer one");
  EXPECT_FALSE(text == "a longer");
}

}  // namespace
}  // namespace fft
