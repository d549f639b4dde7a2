#include "server/config/values.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

TEST(Values, DurationsReadBack) {
  for (const char* text : {"0ms", "1ms", "30s", "90s", "5m", "24h", "7d"}) {
    const auto duration = ParseDuration(text, Duration(0), Duration(1'000'000'000));
    ASSERT_TRUE(duration.ok()) << duration.status();
    const auto again = ParseDuration(ShowDuration(*duration), Duration(0), Duration(1'000'000'000));
    EXPECT_EQ(*again, *duration) << text;
  }
  EXPECT_EQ(ShowDuration(Duration(90'000)), "90s");
  EXPECT_EQ(ShowDuration(Duration(120'000)), "2m");
}

TEST(Values, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "s", "-1s", "1 s", "1w", "1e3s", "nan", "1e400s", "99999999999999d"})
    EXPECT_FALSE(ParseDuration(text, Duration(0), Duration(1'000'000'000)).ok()) << text;
}

TEST(Values, OnlySocketsAndLoopbackAreLocal) {
  for (const char* address : {"unix:/x", "localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1"}) {
    EXPECT_TRUE(CheckListenAddress(address).ok()) << address;
    EXPECT_TRUE(IsLocal(address)) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "example.org:1", "10.0.0.1:1"}) {
    EXPECT_TRUE(CheckListenAddress(address).ok()) << address;
    EXPECT_FALSE(IsLocal(address)) << address;
  }
}

TEST(WithoutPassword, KeywordsAreMasked) {
  EXPECT_EQ(WithoutPassword("host=a password=secret dbname=b"), "host=a password=*** dbname=b");
  EXPECT_EQ(WithoutPassword("password = 'a b\\' c' user=u"), "password = *** user=u");
  EXPECT_EQ(WithoutPassword("password=a\\ b user=u"), "password=*** user=u");
  EXPECT_EQ(WithoutPassword("user=u password='unclosed"), "user=u password=***");
  EXPECT_EQ(WithoutPassword("sslpassword=x passfile=/y"), "sslpassword=*** passfile=/y");
  EXPECT_EQ(WithoutPassword("host=/run/pg dbname=fft"), "host=/run/pg dbname=fft");
  EXPECT_EQ(WithoutPassword(""), "");
}

TEST(WithoutPassword, UrisAreMasked) {
  EXPECT_EQ(WithoutPassword("postgresql://u:secret@h:5432/db"), "postgresql://u:***@h:5432/db");
  EXPECT_EQ(WithoutPassword("postgres://u:s@cret@h/db?password=x&sslmode=require&sslpassword=y"),
            "postgres://u:***@h/db?password=***&sslmode=require&sslpassword=***");
  EXPECT_EQ(WithoutPassword("postgresql://h/db?user=u"), "postgresql://h/db?user=u");
  EXPECT_EQ(WithoutPassword("postgresql:///db"), "postgresql:///db");
}

TEST(WithPassword, QuotesForEitherForm) {
  EXPECT_EQ(WithPassword("dbname=x", "a'b\\c d"), "dbname=x password='a\\'b\\\\c d'");
  EXPECT_EQ(WithPassword("postgresql://h/db", "a&b"), "postgresql://h/db?password=a%26b");
  EXPECT_EQ(WithPassword("postgresql://h/db?user=u", "ab"), "postgresql://h/db?user=u&password=ab");
}

}  // namespace
}  // namespace fft
