#include <random>

#include <gtest/gtest.h>

#include "server/graph/compiled_graph.h"
#include "server/graph/configure_output.h"
#include "server/graph/glob.h"
#include "server/graph/ref_pattern.h"
#include "server/graph/targets.h"
#include "server/graph/template.h"
#include "tests/support/graph_builder.h"

namespace fft {
namespace {

/// Texts that are nearly right: pieces of the languages, in any order, and now and then any byte.
class Rubbish {
 public:
  explicit Rubbish(unsigned seed) : random_(seed) {}

  std::string Text(const std::vector<std::string>& pieces) {
    std::string text;
    for (int i = Up(12); i >= 0; --i) {
      if (Up(30) == 0)
        text += static_cast<char>(Up(255));
      else
        text += pieces[static_cast<std::size_t>(Up(static_cast<int>(pieces.size()) - 1))];
    }
    return text;
  }

 private:
  int Up(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  std::mt19937 random_;
};

const std::vector<std::string> kPatternPieces = {
    "{", "}", "{a}",  "{b=", "{c:%Y-%m}", "=",  ":",   "(", ")",  "[",     "]",     "[^/]", "\\d",
    "|", "*", "+",    "?",   "{2,3}",     "{9", "a",   "/", "-",  "%Y",    "%",     "\\",   ".",
    "^", "$", "(?:)", "{{",  "}}",        "a*", "a|b", ",", "()", "[a-z]", "{900}", "(a*)*"};
const std::vector<std::string> kTemplatePieces = {
    "{",     "}",       "{date}", "{date-1}", "{date:%Y}",     "{city}", " each(",
    "d in ", "date",    "..",     "-6",       "days(",         ")",      "month",
    "(",     ",",       "a",      " ",        "{d}",           "{{",     "}}",
    ":%d",   "2012-01", "+99999", "months(",  "each(x in a,b)"};
const std::vector<std::string> kJsonPieces = {
    "{",
    "}",
    "[",
    "]",
    "\"configs\":",
    "\"outputs\":",
    "\"str\":",
    "\"a\"",
    ",",
    "null",
    "1",
    "\"env\":",
    "\"inputs\":",
    "\"args\":",
    ":",
    "-1e999",
    "true",
    "\"\\ud8\"",
    "{\"configs\":[{\"outputs\":[{\"str\":\"asked/1\"}],"};
const std::vector<std::string> kTargetPieces = {"a", "/",        "..",   "2012-01-01", "2012",
                                                "*", "?",        "-",    "9",          "2011-12",
                                                ".", "20120101", "0000", "99"};

class NearlyRightTest : public testing::TestWithParam<unsigned> {};

// Refused or not: nothing breaks, and what was accepted can be used.
TEST_P(NearlyRightTest, BreaksNothing) {
  Rubbish rubbish(GetParam());
  const auto known = RefPattern::Parse("w/{city}/{date:%Y-%m-%d}/{month}");
  ASSERT_TRUE(known.ok());
  const std::vector<TemplateValue> values = {
      {.text = "Seattle", .period = {}, .format = nullptr},
      {.text = "2012-01-01",
       .period = *DateFormat::Iso(Grain::kDay).Read("2012-01-01"),
       .format = &DateFormat::Iso(Grain::kDay)},
      {.text = "2012-01", .period = {}, .format = nullptr}};
  const auto graph =
      CompiledGraph::Compile(testing_support::Graph({testing_support::NoopJob("a", {"a/{x}"})}));
  ASSERT_TRUE(graph.ok());
  const JobSpec asked = testing_support::ConfiguredJob("asked", {"asked/{x}"});
  for (int i = 0; i < 300; ++i) {
    const auto pattern = RefPattern::Parse(rubbish.Text(kPatternPieces));
    std::vector<std::string_view> matched;
    const std::string ref = rubbish.Text(kPatternPieces);
    const bool is_match = pattern.ok() && pattern->Match(ref, &matched);
    EXPECT_TRUE(!is_match || pattern->Render(matched) == ref) << ref;
    const auto made = Template::Parse(rubbish.Text(kTemplatePieces), known->captures());
    std::vector<std::string> strings;
    if (made.ok()) (void)made->Expand(values, 100, &strings);
    EXPECT_LE(strings.size(), 100u);
    EXPECT_FALSE(ParseConfigureOutput(asked, {"asked/1"}, rubbish.Text(kJsonPieces)).ok());
    (void)ExpandTargets(**graph, {rubbish.Text(kTargetPieces)}, {});
    (void)GlobMatches(rubbish.Text(kTargetPieces), rubbish.Text(kTargetPieces));
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, NearlyRightTest, testing::Range(1U, 21U));

}  // namespace
}  // namespace fft
