#include "server/base/text_list.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

using testing::ElementsAre;

TEST(TextList, HoldsWhatItWasGiven) {
  const TextList list = {"--city", "", "Seattle"};
  EXPECT_THAT(list, ElementsAre("--city", "", "Seattle"));
  EXPECT_EQ(list.size(), 3u);
  EXPECT_FALSE(list.empty());
  EXPECT_EQ(list.vec(), (std::vector<std::string>{"--city", "", "Seattle"}));
}

TEST(TextList, NothingIsNotAnEmptyText) {
  EXPECT_TRUE(TextList().empty());
  EXPECT_TRUE(TextList(std::vector<std::string>()).empty());
  const TextList one = {""};
  EXPECT_FALSE(one.empty());
  EXPECT_THAT(one, ElementsAre(""));
  EXPECT_NE(one, TextList());
}

TEST(TextList, WhereTextsEndCounts) {
  EXPECT_NE((TextList{"ab", "c"}), (TextList{"a", "bc"}));
  EXPECT_NE((TextList{"a"}), (TextList{"a", ""}));
  EXPECT_EQ((TextList{"ab", "c"}), (TextList{"ab", "c"}));
}

TEST(TextList, EveryLengthAndEveryByte) {
  std::mt19937 rng(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> texts(rng() % 6);
    for (std::string& text : texts) {
      text.resize(rng() % 3 == 0 ? 120 + rng() % 20 : rng() % 3 == 0 ? rng() % 40'000 : rng() % 4);
      for (char& byte : text) byte = static_cast<char>(rng());
    }
    const TextList list = texts;
    ASSERT_EQ(list.vec(), texts);
    ASSERT_EQ(TextList(list), list);
  }
}

}  // namespace
}  // namespace fft
