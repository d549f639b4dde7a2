#include "server/base/few.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "server/base/shared.h"

namespace fft {
namespace {

struct Pair {
  void* at = nullptr;
  int number = 0;
  bool operator==(const Pair&) const = default;
};

TEST(Few, OneTakesNoMemoryOfItsOwn) {
  EXPECT_EQ(sizeof(Few<std::int64_t>), 16U);
  Few<std::int64_t> few;
  EXPECT_TRUE(few.empty());
  few.push_back(7);
  const auto* const begin = reinterpret_cast<const std::byte*>(few.begin());
  const auto* const self = reinterpret_cast<const std::byte*>(&few);
  EXPECT_TRUE(begin >= self && begin < self + sizeof few);
  few.push_back(few.front());
  EXPECT_EQ(few, (Few<std::int64_t>{7, 7}));
}

TEST(Few, CopiesAndMoves) {
  const Few<Pair> none, one = {{nullptr, 1}}, more = {{nullptr, 1}, {nullptr, 2}, {nullptr, 3}};
  for (const Few<Pair>& few : {none, one, more}) {
    Few<Pair> copy = few;
    EXPECT_EQ(copy, few);
    Few<Pair> moved = std::move(copy);
    EXPECT_EQ(moved, few);
    EXPECT_TRUE(copy.empty());  // NOLINT(bugprone-use-after-move): it is, and may be used again
    copy.push_back({nullptr, 9});
    EXPECT_EQ(copy.back().number, 9);
    moved = moved;
    EXPECT_EQ(moved, few);
    moved = one;
    EXPECT_EQ(moved, one);
    EXPECT_EQ(few.vec().size(), few.size());
  }
}

TEST(Few, DoesWhatAVectorDoes) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same each time
  std::vector<int> vector;
  Few<int> few;
  for (int step = 0; step < 20'000; ++step) {
    const auto at = vector.empty() ? 0 : random() % vector.size();
    const auto place = static_cast<std::ptrdiff_t>(at);
    switch (random() % 8) {
      case 0:
        if (vector.empty()) break;
        vector.erase(vector.begin() + place);
        few.erase(few.begin() + at);
        break;
      case 1: {
        const auto wanted = [&](int each) { return each % 5 == static_cast<int>(at % 5); };
        EXPECT_EQ(std::erase_if(vector, wanted), erase_if(few, wanted));
        break;
      }
      case 2:
        EXPECT_EQ(std::erase(vector, static_cast<int>(at)), erase(few, static_cast<int>(at)));
        break;
      case 3:
        if (step % 50 != 0) break;
        vector.clear();
        few.clear();
        break;
      default: vector.push_back(step % 100); few.push_back(step % 100);
    }
    ASSERT_EQ(few.vec(), vector) << step;
    ASSERT_EQ(few.empty(), vector.empty());
    if (!vector.empty()) {
      ASSERT_EQ(few.back(), vector.back());
    }
  }
}

TEST(Shared, EqualOnesAreOne) {
  using Numbers = std::vector<int>;
  Shared<Numbers> none, one = Numbers{1, 2}, other = Numbers{1, 2}, third = Numbers{3};
  EXPECT_TRUE(none->empty());
  EXPECT_EQ(none, Shared<Numbers>(Numbers{}));
  EXPECT_EQ(one, other);
  EXPECT_NE(&*one, &*other);
  other.ShareWith(one);
  EXPECT_EQ(&*one, &*other);
  third.ShareWith(one);
  EXPECT_EQ(*third, Numbers{3});
  none.ShareWith(one);
  EXPECT_TRUE(none->empty());
}

TEST(Shared, WhoSetsLeavesTheOthersAlone) {
  struct Two {
    int a = 0, b = 0;
    bool operator==(const Two&) const = default;
  };
  const Shared<Two> one = Two{1, 2};
  Shared<Two> other = one;
  other.Set(&Two::b, 3);
  EXPECT_EQ(*one, (Two{1, 2}));
  EXPECT_EQ(*other, (Two{1, 3}));
}

}  // namespace
}  // namespace fft
