#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "server/rpc/error.h"
#include "server/rpc/fields.h"
#include "server/rpc/glob.h"
#include "server/rpc/principal.h"
#include "server/rpc/tokens.h"
#include "tests/rpc/rpc_test.h"

namespace fft {
namespace {

TEST(ErrorEdge, DetailsTravelWhole) {
  const Status status =
      WithDetails(Error(Code::kFailedPrecondition, "blob {} is missing", "ab"),
                  {.reason = "BLOBS_MISSING", .metadata = {{"blob", "ab"}}, .fields = {}});
  const grpc::Status sent = ToGrpc(status);
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(sent.error_message(), "blob ab is missing");
  const RichError rich = Decode(sent);
  EXPECT_EQ(rich.why.reason(), "BLOBS_MISSING");
  EXPECT_EQ(rich.why.domain(), "fft.build");
  EXPECT_EQ(rich.why.metadata().at("blob"), "ab");
  EXPECT_FALSE(rich.has_bad);
  EXPECT_FALSE(rich.has_again);
}

TEST(ErrorEdge, EveryErrorHasAReasonAndSomeARetry) {
  const RichError missing = Decode(ToGrpc(Error(Code::kNotFound, "no build {}", 3)));
  EXPECT_EQ(missing.why.reason(), "NOT_FOUND");
  const RichError full = Decode(ToGrpc(WithDetails(
      Error(Code::kResourceExhausted, "full"),
      {.reason = "INBOX_FULL", .metadata = {{"retry_after_ms", "250"}}, .fields = {}})));
  ASSERT_TRUE(full.has_again);
  EXPECT_EQ(full.again.retry_delay().nanos(), 250'000'000);
  const RichError never =
      Decode(ToGrpc(WithDetails(Error(Code::kResourceExhausted, "too many"),
                                {.reason = "TOO_MANY_TARGETS", .metadata = {}, .fields = {}})));
  EXPECT_FALSE(never.has_again);
  const RichError away = Decode(ToGrpc(Error(Code::kUnavailable, "no database")));
  ASSERT_TRUE(away.has_again);
  EXPECT_EQ(away.again.retry_delay().seconds(), 1);
}

TEST(ErrorEdge, LongTextsAreCutAndBadOnesCleaned) {
  EXPECT_EQ(Clean("abcdef", 5), "ab...");
  EXPECT_EQ(Clean("a\xff"
                  "b",
                  10),
            "a?b");
  EXPECT_EQ(Clean("\xc3\xa9\xc3\xa9\xc3\xa9", 5), "\xc3\xa9...");  // not half a character
  const std::string huge(10'000, 'x');
  ErrorDetails details{.reason = "X", .metadata = {}, .fields = {}};
  for (int i = 0; i < 50; ++i) {
    details.metadata["key" + std::to_string(i)] = huge;
    details.fields.emplace_back("field", huge);
  }
  const grpc::Status sent = ToGrpc(WithDetails(Error(Code::kInvalidArgument, "{}", huge), details));
  EXPECT_LE(sent.error_message().size(), 1000u);
  EXPECT_LE(sent.error_details().size() * 4 / 3 + sent.error_message().size(), 8000u);
}

TEST(Fields, NameWhatIsWrong) {
  Fields fields;
  fields.Ref("a", "");
  fields.Ref("b", std::string(1025, 'x'));
  fields.Ref("c", "tab\there");
  fields.Id("d", -1);
  fields.Id("e", -1);  // the fifth is not told
  const ErrorDetails details = DetailsOf(fields.status());
  EXPECT_EQ(details.reason, "INVALID_FIELD");
  ASSERT_EQ(details.fields.size(), 4u);
  EXPECT_EQ(details.fields[0].first, "a");
  EXPECT_EQ(details.fields[3].first, "d");
  EXPECT_EQ(Message(fields.status()), "a: is empty");
}

TEST(Fields, RefsAreUtf8WithoutControlCharacters) {
  for (const char* good : {"a", "weather/daily/Z\xc3\xbcrich/2012", "a b", "{x}"}) {
    Fields fields;
    fields.Ref("ref", good);
    EXPECT_TRUE(fields.ok()) << good;
  }
  for (const char* bad : {"\x01", "a\x7f", "a\xc2\x85", "\xff", "\xc3", "\xed\xa0\x80"}) {
    Fields fields;
    fields.Ref("ref", bad);
    EXPECT_FALSE(fields.ok()) << bad;
  }
  Fields whole;
  whole.Ref("ref", std::string(1024, 'x'));
  EXPECT_TRUE(whole.ok());
}

TEST(Glob, Matches) {
  EXPECT_TRUE(MatchesGlob("weather/*/2012", "weather/daily/Seattle/2012"));
  EXPECT_TRUE(MatchesGlob("*", ""));
  EXPECT_TRUE(MatchesGlob("a?c",
                          "a\xc3\xa9"
                          "c"));
  EXPECT_FALSE(MatchesGlob("a?c", "ac"));
  EXPECT_FALSE(MatchesGlob("", "a"));
  EXPECT_TRUE(MatchesGlob("*a*b", "xaxbxb"));
  EXPECT_FALSE(MatchesGlob("*a*b", "xbxa"));
  EXPECT_FALSE(MatchesGlob("a*a*a*a*a*a*a*b", std::string(2000, 'a')));
  EXPECT_EQ(GlobPrefix("weather/d?/*"), "weather/d");
}

TEST(Tokens, PageTokensPinTheirFilter) {
  Fields fields;
  const std::string token = SealPage("builds a", "17");
  EXPECT_EQ(OpenPage("builds a", token, &fields), "17");
  EXPECT_EQ(OpenPage("builds a", "", &fields), "");
  EXPECT_TRUE(fields.ok());
  OpenPage("builds b", token, &fields);
  EXPECT_FALSE(fields.ok());
  Fields rubbish;
  OpenPage("builds a", "no token!", &rubbish);
  EXPECT_FALSE(rubbish.ok());
  EXPECT_EQ(SealPage("builds a", ""), "");
}

TEST(Tokens, ResumeTokensBelongToTheirStream) {
  const ResumeSeal mine("build 3"), other("build 4");
  const std::string token = mine.Seal(EventSeq{1'234'567'890'123});
  ASSERT_TRUE(mine.Open(token).ok());
  EXPECT_EQ(mine.Open(token)->value, 1'234'567'890'123);
  EXPECT_EQ(other.Open(token).status().code(), Code::kInvalidArgument);
  std::string bent = token;
  bent[5] = static_cast<char>(bent[5] ^ 1);
  EXPECT_FALSE(mine.Open(bent).ok());
  EXPECT_FALSE(mine.Open("rubbish").ok());
  EXPECT_FALSE(mine.Open(std::string(1'000'000, 'x')).ok());
}

TEST(Principal, LocalCallersAreWhoTheySay) {
  EXPECT_EQ(PrincipalFrom("unix:", "").value(), "local");
  EXPECT_EQ(PrincipalFrom("unix:/run/x", "anna").value(), "anna");
  EXPECT_EQ(PrincipalFrom("ipv4:127.0.0.1:99", "anna@x").value(), "anna@x");
  EXPECT_EQ(PrincipalFrom("ipv6:%5B::1%5D:99", "a").value(), "a");
  EXPECT_EQ(PrincipalFrom("unix:", "an na").status().code(), Code::kInvalidArgument);
  EXPECT_EQ(PrincipalFrom("unix:", std::string(65, 'a')).status().code(), Code::kInvalidArgument);
  const Status stranger = PrincipalFrom("ipv4:10.0.0.1:99", "root").status();
  EXPECT_EQ(stranger.code(), Code::kUnauthenticated);
  EXPECT_EQ(DetailsOf(stranger).reason, "NO_CREDENTIALS");
}

}  // namespace
}  // namespace fft
