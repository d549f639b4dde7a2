#include "server/base/rare.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace fft {
namespace {

struct Mark {
  int count = 0;
  std::string why;
  bool operator==(const Mark&) const = default;
};

TEST(Rare, IsItsValue) {
  Rare<Mark> mark;
  EXPECT_EQ(*mark, Mark{});
  mark.Set(&Mark::count, 3);
  mark.Set(&Mark::why, std::string("late"));
  EXPECT_EQ(*mark, (Mark{3, "late"}));
  Rare<Mark> copy = mark;
  EXPECT_EQ(copy, mark);
  copy.Set(&Mark::count, 4);
  EXPECT_EQ(mark->count, 3);
  EXPECT_FALSE(copy == mark);
  const Rare<Mark> moved = std::move(copy);
  EXPECT_EQ(moved->count, 4);
  mark = Mark{};
  EXPECT_EQ(mark, Rare<Mark>());
}

TEST(Rare, TakesEightBytes) { EXPECT_EQ(sizeof(Rare<Mark>), sizeof(void*)); }

}  // namespace
}  // namespace fft
