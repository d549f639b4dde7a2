#include "server/base/percent.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

TEST(PercentTest, ThereAndBack) {
  EXPECT_EQ(PercentEncoded("/var/run:5_a-b.c~"), "%2Fvar%2Frun%3A5_a-b.c~");
  for (const std::string text : {"", "plain", "/var/run", "100%", "\xC3\xA4 ?&"})
    EXPECT_EQ(PercentDecoded(PercentEncoded(text)), text);
}

TEST(PercentTest, WhatIsNoTripleStays) {
  EXPECT_EQ(PercentDecoded("%2f%41"), "/A");
  EXPECT_EQ(PercentDecoded("%"), "%");
  EXPECT_EQ(PercentDecoded("%4"), "%4");
  EXPECT_EQ(PercentDecoded("%zz%4g"), "%zz%4g");
}

}  // namespace
}  // namespace fft
