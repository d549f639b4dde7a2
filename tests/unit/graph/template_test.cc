#include "server/graph/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/graph/ref_pattern.h"

namespace fft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Expands `text` for the captures that `pattern` finds in `ref`.
StatusOr<std::vector<std::string>> Expand(const std::string& pattern, const std::string& ref,
                                          const std::string& text, std::size_t max = 10'000) {
  const auto parsed = RefPattern::Parse(pattern);
  if (!parsed.ok()) return parsed.status();
  std::vector<std::string_view> texts;
  if (!parsed->Match(ref, &texts)) return Error(Code::kInternal, "no match");
  std::vector<TemplateValue> values;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    values.push_back({.text = std::string(texts[i]), .period = {}, .format = nullptr});
    if (!parsed->captures()[i].format) continue;
    values[i].format = &*parsed->captures()[i].format;
    values[i].period = *values[i].format->Read(texts[i]);
  }
  const auto made = Template::Parse(text, parsed->captures());
  if (!made.ok()) return made.status();
  std::vector<std::string> out;
  if (Status done = made->Expand(values, max, &out); !done.ok()) return done;
  return out;
}

struct Expanding {
  std::string pattern, ref, text;
  std::vector<std::string> strings;
};
class ExpandTest : public testing::TestWithParam<Expanding> {};
TEST_P(ExpandTest, Expands) {
  const Expanding& p = GetParam();
  const auto strings = Expand(p.pattern, p.ref, p.text);
  ASSERT_TRUE(strings.ok()) << strings.status();
  EXPECT_EQ(*strings, p.strings);
}
const std::string kDay = "w/{city}/{date:%Y-%m-%d}";
const std::string kFirst = "w/Seattle/2012-01-01";
INSTANTIATE_TEST_SUITE_P(
    Holes, ExpandTest,
    testing::Values(Expanding{kDay, kFirst, "raw", {"raw"}}, Expanding{kDay, kFirst, "", {""}},
                    Expanding{kDay, kFirst, "{city}/{date}", {"Seattle/2012-01-01"}},
                    Expanding{kDay, kFirst, "m/{date:%Y-%m}", {"m/2012-01"}},
                    Expanding{kDay, kFirst, "m/{date:y=%Y%%/%j}", {"m/y=2012%/001"}},
                    Expanding{kDay, kFirst, "{date-1}", {"2011-12-31"}},
                    Expanding{kDay, kFirst, "{date+31:%m}", {"02"}},
                    Expanding{kDay, kFirst, "{{x}}{city}", {"{x}Seattle"}},
                    Expanding{"w/{date}", "w/2012-01-01", "{date}/{date:%Y}", {"2012-01-01/2012"}},
                    Expanding{"w/{date}", "w/20120101", "{date-1}", {"20111231"}},
                    Expanding{"w/{m:%Y-%m}", "w/2012-01", "{m-1}", {"2011-12"}},
                    Expanding{"w/{y:%Y}", "w/2012", "{y-1}", {"2011"}}));
INSTANTIATE_TEST_SUITE_P(
    Loops, ExpandTest,
    testing::Values(
        Expanding{kDay,
                  kFirst,
                  "d/{d} each(d in date-2..date)",
                  {"d/2011-12-30", "d/2011-12-31", "d/2012-01-01"}},
        Expanding{"w/{d:%Y%m%d}", "w/20120301", "{x} each(x in d-1..d)", {"20120229", "20120301"}},
        Expanding{
            kDay, kFirst, "{city}/{c} each(c in red, green)", {"Seattle/red", "Seattle/green"}},
        Expanding{"w/{y:%Y}",
                  "w/2012",
                  "{m} each(m in 2012-01..2012-03)",
                  {"2012-01", "2012-02", "2012-03"}},
        Expanding{"w/{y:%Y}", "w/2012", "{z} each(z in 2011..y)", {"2011", "2012"}},
        Expanding{"w/{y:%Y}", "w/2012", "{z} each(z in y+1..y)", {}},
        Expanding{kDay, kFirst, "{a}{b} each(a in x,y) each(b in 1,2)", {"x1", "x2", "y1", "y2"}}));

TEST(Template, DaysAndMonths) {
  const auto days = Expand("w/{month:%Y-%m}", "w/2012-02", "d/{d} each(d in days(month))");
  ASSERT_TRUE(days.ok()) << days.status();
  EXPECT_THAT(*days, SizeIs(29));
  EXPECT_EQ(days->front(), "d/2012-02-01");
  EXPECT_EQ(days->back(), "d/2012-02-29");
  const auto nested =
      Expand("w/{y:%Y}", "w/2011", "{m:%m}:{d:%d} each(m in months(y)) each(d in days(m))");
  ASSERT_TRUE(nested.ok()) << nested.status();
  EXPECT_THAT(*nested, SizeIs(365));
  EXPECT_EQ(nested->back(), "12:31");
  const auto untyped = Expand("w/{y}", "w/2011", "{d} each(d in days(y-1))");
  ASSERT_TRUE(untyped.ok()) << untyped.status();
  EXPECT_EQ(untyped->front(), "2010-01-01");
}

TEST(Template, LooksLikeEachButIsText) {
  const auto text = Expand(kDay, kFirst, "for each(thing) each (x in y) {city}");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, ElementsAre("for each(thing) each (x in y) Seattle"));
}

struct Refused {
  std::string text, complaint;
};
class RefusedTest : public testing::TestWithParam<Refused> {};
TEST_P(RefusedTest, IsRefused) {
  const auto strings =
      Expand("w/{city}/{date:%Y-%m-%d}/{m:%Y-%m}", "w/Seattle/2012-01-01/2012-02", GetParam().text);
  ASSERT_FALSE(strings.ok());
  EXPECT_THAT(Message(strings.status()), HasSubstr(GetParam().complaint));
}
INSTANTIATE_TEST_SUITE_P(
    All, RefusedTest,
    testing::Values(
        Refused{"a/{town}", "column 4: unknown capture town; known: city, date, m"},
        Refused{"a/{city", "column 3: { is never closed"}, Refused{"a}", "column 2: a }"},
        Refused{"{}", "neither a name nor a date"}, Refused{"{date*2}", "neither -N nor +N"},
        Refused{"{date--1}", "neither -N nor +N"}, Refused{"{date-}", "neither -N nor +N"},
        Refused{"{date-10001}", "shifts by more than 10000"},
        Refused{"{date-99999999999}", "shifts by more than 10000"},
        Refused{"{city-1}", "city-1 is 'Seattle', which is not a date"},
        Refused{"{city:%Y}", "which is not a date"}, Refused{"{m:%d}", "m is a month, too coarse"},
        Refused{"{date:%H}", "only %Y"},
        Refused{"{x-1} each(x in 0001,2)", "x-1 leaves the years 1 to 9999"},
        Refused{"{d} each(d in date..m)", "a range from a day to a month"},
        Refused{"{d} each(d in days(date))x", "nothing but another each"},
        Refused{"{d} each(d in days(date)", "( is never closed"},
        Refused{"{x} each(x in months(date))", "date is a day, which has no months"},
        Refused{"{x} each(x in months(city))", "which is not a date"},
        Refused{"{x} each(x in a,,b)", "an empty item"},
        Refused{"{x} each(x in )", "an empty item"},
        Refused{"{x} each(x in weeks(m))", "is no item of a list"},
        Refused{"{city} each(city in a,b)", "column 13: city is a capture or variable already"},
        Refused{"{d} each(d in 2012-02-30..date)", "'2012-02-30' is not a date"},
        Refused{"{x} each(x in 0001..9999) each(y in 1,2)", "more than 10000"}));

TEST(Template, StopsAtTheLimit) {
  const auto many = Expand(kDay, kFirst, "{d} each(d in date-9999..date) each(e in 1,2,3,4)");
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.status().code(), Code::kResourceExhausted);
  const auto just = Expand(kDay, kFirst, "{d} each(d in date-9999..date)");
  ASSERT_TRUE(just.ok());
  EXPECT_THAT(*just, SizeIs(10'000));
}

}  // namespace
}  // namespace fft
