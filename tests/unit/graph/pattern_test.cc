#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/graph/glob.h"
#include "server/graph/ref_pattern.h"

namespace fft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Matching {
  std::string pattern, ref;
  bool matches;
  std::vector<std::string> values;
};
class MatchTest : public testing::TestWithParam<Matching> {};
TEST_P(MatchTest, Matches) {
  const auto pattern = RefPattern::Parse(GetParam().pattern);
  ASSERT_TRUE(pattern.ok()) << pattern.status();
  std::vector<std::string_view> values;
  ASSERT_EQ(pattern->Match(GetParam().ref, &values), GetParam().matches) << GetParam().ref;
  if (!GetParam().matches) return;
  EXPECT_EQ(std::vector<std::string>(values.begin(), values.end()), GetParam().values);
  EXPECT_EQ(pattern->Render(values), GetParam().ref);
}
INSTANTIATE_TEST_SUITE_P(
    Plain, MatchTest,
    testing::Values(Matching{"a/b", "a/b", true, {}}, Matching{"a/b", "a/bc", false, {}},
                    Matching{"a/{x}", "a/b", true, {"b"}}, Matching{"a/{x}", "a/", false, {}},
                    Matching{"a/{x}", "a/b/c", false, {}}, Matching{"{x}", "a", true, {"a"}},
                    Matching{
                        "w/{city}/{date}", "w/S\xC3\xA3o Paulo/2", true, {"S\xC3\xA3o Paulo", "2"}},
                    Matching{"w/{city}/x", "w/c/y", false, {}},
                    Matching{"a{{b}}", "a{b}", true, {}}));
INSTANTIATE_TEST_SUITE_P(
    Dates, MatchTest,
    testing::Values(Matching{"w/{d:%Y-%m-%d}", "w/2012-02-29", true, {"2012-02-29"}},
                    Matching{"w/{d:%Y-%m-%d}", "w/2013-02-29", false, {}},
                    Matching{"w/{d:%Y-%m-%d}", "w/2012-2-29", false, {}},
                    Matching{"w/{d:%Y-%m-%d}", "w/2012-02-29x", false, {}},
                    Matching{"w/{m:%Y-%m}.csv", "w/2012-13.csv", false, {}},
                    Matching{"w/{m:%Y-%m}.csv", "w/2012-12.csv", true, {"2012-12"}},
                    Matching{"w/{d:%Y/%m/%d}/{x}", "w/2012/01/31/s", true, {"2012/01/31", "s"}},
                    Matching{"w/{d:%Y%j}", "w/2012366", true, {"2012366"}},
                    Matching{"w/{d:%Y%j}", "w/2011366", false, {}},
                    Matching{"w/{y:%Y}", "w/0000", false, {}}));
INSTANTIATE_TEST_SUITE_P(
    Expressions, MatchTest,
    testing::Values(
        Matching{"{a}-{b}", "x-y-z", true, {"x-y", "z"}},
        Matching{"a/{x}.csv", "a/b.csv.csv", true, {"b.csv"}},
        Matching{"a/{n=\\d+}", "a/12", true, {"12"}}, Matching{"a/{n=\\d+}", "a/1x", false, {}},
        Matching{"a/{n=\\d{2,3}}/b", "a/123/b", true, {"123"}},
        Matching{"a/{n=\\d{2,3}}/b", "a/1234/b", false, {}},
        Matching{"{p=.*}/{f}", "a/b/c", true, {"a/b", "c"}},
        Matching{"{c=red|green|(?:dark )?blue}", "dark blue", true, {"dark blue"}},
        Matching{"{c=red|green}", "redgreen", false, {}},
        Matching{"{x=[^/a-c]+}{y=[a-c]*}", "xyzabc", true, {"xyz", "abc"}},
        Matching{"{x=.}", "\xC3\xA9", true, {"\xC3\xA9"}}, Matching{"{x=.}", "ab", false, {}},
        Matching{"{x=[^b]}", "\xE2\x82\xAC", true, {"\xE2\x82\xAC"}},
        Matching{"{x=(a*)*b?}", "aaab", true, {"aaab"}}, Matching{"{x=a?}", "", true, {""}},
        Matching{"{x=(a|ab)}{y=(c|bcd)}{z=d*}", "abcd", true, {"a", "bcd", ""}},
        Matching{"{x=\\[\\w\\]}", "[_]", true, {"[_]"}},
        Matching{"{x=[\\]\\-x]+}", "]-x", true, {"]-x"}},
        Matching{"{x=((a{2}){2}){2}}", "aaaaaaaa", true, {"aaaaaaaa"}},
        Matching{"{x=((a{2}){2}){2}}", "aaaaaaa", false, {}},
        Matching{"{x}_{d:%Y}", "a_b_2012", true, {"a_b", "2012"}}));

struct Malformed {
  std::string pattern, complaint;
};
class MalformedTest : public testing::TestWithParam<Malformed> {};
TEST_P(MalformedTest, IsRefused) {
  const auto pattern = RefPattern::Parse(GetParam().pattern);
  ASSERT_FALSE(pattern.ok());
  EXPECT_EQ(pattern.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(Message(pattern.status()), HasSubstr(GetParam().complaint));
}
INSTANTIATE_TEST_SUITE_P(
    All, MalformedTest,
    testing::Values(
        Malformed{"a/{x", "column 3: { is never closed"}, Malformed{"a/x}", "column 4: a }"},
        Malformed{"a/{}", "column 3: '' is no name"}, Malformed{"{1x}", "'1x' is no name"},
        Malformed{"{x}/{x}", "column 5: capture x stands there twice"},
        Malformed{"{x:%Q}", "only %Y, %m, %d, %j and %%"},
        Malformed{"{x:%m}", "does not tell a year"}, Malformed{"{x:%Y%Y}", "does not tell"},
        Malformed{"{x:abc}", "says nothing of the date"}, Malformed{"{x=}", "empty expression"},
        Malformed{"{x=(a}", "unmatched ("}, Malformed{"{x=a)}", "unmatched )"},
        Malformed{"{x=[a}", "unmatched ["}, Malformed{"{x=[]}", "an empty class"},
        Malformed{"{x=*}", "nothing to repeat"}, Malformed{"{x=a**}", "a repeat cannot follow"},
        Malformed{"{x=a*?}", "cannot follow"}, Malformed{"{x=^a$}", "anchors"},
        Malformed{"{x=(?=a)}", "only (?:...)"}, Malformed{"{x=\\1}", "unknown escape"},
        Malformed{"{x=a{3,2}}", "ends before it begins"}, Malformed{"{x=a{5000}}", "at most 1000"},
        Malformed{"{x=(a{900}){900}}", "too large"},
        Malformed{"{x=[z-a]}", "ends before it begins"}, Malformed{"{x=[\xC3\xA9]}", "only ASCII"},
        Malformed{"{x=" + std::string(60, '(') + std::string(60, ')') + "}", "nested too deep"}));

// A backtracking engine needs 2^30 steps for this.
TEST(RefPattern, MatchesInLinearTime) {
  std::string expression;
  for (int i = 0; i < 30; ++i) expression += "a?";
  const auto pattern = RefPattern::Parse("{x=" + expression + std::string(30, 'a') + "}{y=(b*)*c}");
  ASSERT_TRUE(pattern.ok()) << pattern.status();
  std::vector<std::string_view> values;
  EXPECT_TRUE(pattern->Match(std::string(30, 'a') + std::string(900, 'b') + "c", &values));
  EXPECT_FALSE(pattern->Match(std::string(30, 'a') + std::string(990, 'b'), &values));
}

TEST(RefPattern, KnowsItsCaptures) {
  const auto pattern = RefPattern::Parse("w/{city}/{d:%Y-%m}");
  ASSERT_TRUE(pattern.ok());
  EXPECT_EQ(pattern->literal_prefix(), "w/");
  ASSERT_EQ(pattern->captures().size(), 2u);
  EXPECT_FALSE(pattern->captures()[0].format);
  EXPECT_EQ(pattern->captures()[1].format->finest(), Grain::kMonth);
}

TEST(Glob, Matches) {
  EXPECT_TRUE(GlobMatches("weather/*/2012-0?-*", "weather/daily/Seattle/2012-01-31"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXbbYc"));
  EXPECT_FALSE(GlobMatches("a*b*c", "aXbbY"));
  EXPECT_FALSE(GlobMatches("?", ""));
  EXPECT_TRUE(GlobMatches("?x", "\xC3\xA9x"));
  EXPECT_FALSE(GlobMatches(std::string(50, '*') + "b", std::string(1000, 'a')));
}

}  // namespace
}  // namespace fft
