#include "server/app/replies.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

TEST(Replies, EachAnswerGoesToItsCallerOnce) {
  Replies replies;
  int first = 0, second = 0;
  const ReplyId one =
      replies.Add([&](const Answer& answer) { first += answer.status.ok() ? 1 : 100; });
  const ReplyId two = replies.Add([&](const Answer&) { ++second; });
  EXPECT_NE(one, two);
  EXPECT_TRUE(replies.Give({.reply = one, .status = Ok()}));
  EXPECT_FALSE(replies.Give({.reply = one, .status = Ok()}));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

TEST(Replies, AFailureReachesAllWhoWaitAndNobodyAfterIt) {
  Replies replies;
  std::vector<Status> told;
  for (int i = 0; i < 3; ++i)
    replies.Add([&](const Answer& answer) { told.push_back(answer.status); });
  replies.FailAll(Error(Code::kUnavailable, "gone"));
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told.back().code(), Code::kUnavailable);
  const ReplyId later = replies.Add([&](const Answer& answer) { told.push_back(answer.status); });
  replies.Give({.reply = later, .status = Ok()});
  EXPECT_TRUE(told.back().ok());
}

TEST(Replies, ACallerMayAskAgainFromItsAnswer) {
  Replies replies;
  bool was_told = false;
  const ReplyId one = replies.Add([&](const Answer&) {
    const ReplyId next = replies.Add([&](const Answer&) { was_told = true; });
    replies.Give({.reply = next, .status = Ok()});
  });
  replies.Give({.reply = one, .status = Ok()});
  EXPECT_TRUE(was_told);
}

}  // namespace
}  // namespace fft
