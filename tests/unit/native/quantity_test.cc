#include "client/frontends/native/quantity.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

TEST(Quantity, Durations) {
  EXPECT_EQ(ParseDuration("10s"), Duration(10'000));
  EXPECT_EQ(ParseDuration("5m"), Duration(300'000));
  EXPECT_EQ(ParseDuration("1h30m"), Duration(5'400'000));
  EXPECT_EQ(ParseDuration("2d"), Duration(172'800'000));
  EXPECT_EQ(ParseDuration("250ms"), Duration(250));
  EXPECT_EQ(ParseDuration("1s250ms"), Duration(1'250));
  for (const char* bad : {"", "s", "10", "10 s", "-1s", "1.5h", "1m1h", "1s1s", "10x", "99999999d",
                          "9999999999999999999s"})
    EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
}

TEST(Quantity, Sizes) {
  EXPECT_EQ(ParseSize("512MiB"), std::int64_t{512} << 20);
  EXPECT_EQ(ParseSize("5GB"), 5'000'000'000);
  EXPECT_EQ(ParseSize("100B"), 100);
  EXPECT_EQ(ParseSize("4096"), 4096);
  EXPECT_EQ(ParseSize("1TiB"), std::int64_t{1} << 40);
  for (const char* bad : {"", "MiB", "5 GB", "-1", "5gb", "1.5MiB", "9999999999GiB", "5G"})
    EXPECT_EQ(ParseSize(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace fft
