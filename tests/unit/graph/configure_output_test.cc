#include "server/graph/configure_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "tests/support/graph_builder.h"

namespace fft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace testing_support;  // NOLINT(google-build-using-namespace)

JobSpec Asked() {
  JobSpec job = ConfiguredJob("asked", {"asked/{x}"});
  job.version = "v1.0.0";
  job.env = {{"MODE", "{{fast}}"}, {"X", "0"}};
  return job;
}

TEST(ParseConfigureOutput, DataBuildsFormat) {
  const auto configs = ParseConfigureOutput(Asked(), {"asked/1", "asked/3"}, R"({"configs":[
    {"outputs":[{"str":"asked/2"},{"str":"asked/1"}],
     "inputs":[{"dep_type_code":1,"dep_type_name":"materialize","partition_ref":{"str":"z"}},
               {"dep_type_code":0,"dep_type_name":"query","partition_ref":{"str":"q"},
                "presence":"awaited","wait_max_s":60},
               {"dep_type_name":"order","partition_ref":{"str":"o"}},
               {"dep_type_code":1,"partition_ref":{"str":"c"},"identity":"content"}],
     "args":["--a",""],"env":{"X":"1"}},
    {"outputs":[{"str":"asked/3"}]}]})");
  ASSERT_TRUE(configs.ok()) << configs.status();
  ASSERT_THAT(*configs, SizeIs(2));
  const JobConfig& first = configs->front();
  EXPECT_EQ(first.frame->job, "asked");
  EXPECT_EQ(first.frame->version, "v1.0.0");
  EXPECT_EQ(first.frame->executable, "bin/asked");
  EXPECT_THAT(first.outputs, ElementsAre("asked/1", "asked/2"));
  EXPECT_THAT(
      first.inputs,
      ElementsAre(
          Input{.kind = InputKind::kMaterialize, .identity = Identity::kContent, .ref = "c"},
          Input{.kind = InputKind::kOrder, .identity = Identity::kNone, .ref = "o"},
          Input{.kind = InputKind::kQuery,
                .identity = Identity::kNone,
                .presence = Presence::kAwaited,
                .wait_max_s = 60,
                .ref = "q"},
          Input{.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = "z"}));
  EXPECT_THAT(first.args, ElementsAre("--a", ""));
  EXPECT_EQ(*first.env, (std::map<std::string, std::string>{{"MODE", "{fast}"}, {"X", "1"}}));
}

struct Rubbish {
  std::string text, complaint;
};
class RubbishTest : public testing::TestWithParam<Rubbish> {};
TEST_P(RubbishTest, IsRefusedByName) {
  const auto configs = ParseConfigureOutput(Asked(), {"asked/1"}, GetParam().text);
  ASSERT_FALSE(configs.ok());
  EXPECT_EQ(configs.status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(DetailsOf(configs.status()).reason, "CONFIGURE_BAD_OUTPUT");
  EXPECT_THAT(Message(configs.status()), HasSubstr("job asked: configure printed"));
  EXPECT_THAT(Message(configs.status()), HasSubstr(GetParam().complaint));
}
std::string One(const std::string& rest) {
  return R"({"configs":[{"outputs":[{"str":"asked/1"}])" + rest + "}]}";
}
INSTANTIATE_TEST_SUITE_P(
    All, RubbishTest,
    testing::Values(
        Rubbish{"", "nothing"}, Rubbish{"Traceback: boom", "no JSON: 'Traceback: boom'"},
        Rubbish{std::string("\x00\xFF\x01", 3), "no JSON: '\\x00\\xff\\x01'"},
        Rubbish{std::string(100'000, '['), "no JSON: '[[[["}, Rubbish{"[]", "no {\"configs\""},
        Rubbish{"{}", "no {\"configs\""}, Rubbish{"{\"configs\":{}}", "no {\"configs\""},
        Rubbish{"{\"configs\":[]}", "no config for asked/1"},
        Rubbish{"{\"configs\":[3]}", "configs[0]: no object"},
        Rubbish{"{\"configs\":[{}]}", "configs[0]: outputs: not a list"},
        Rubbish{R"({"configs":[{"outputs":["asked/1"]}]})", "outputs: no {\"str\": REF}"},
        Rubbish{R"({"configs":[{"outputs":[{"str":""}]}]})", "is empty"},
        Rubbish{R"({"configs":[{"outputs":[{"str":"asked/2"}]}]})", "no config for asked/1"},
        Rubbish{R"({"configs":[{"outputs":[{"str":"asked/1"}]},{"outputs":[{"str":"asked/1"}]}]})",
                "two configs for asked/1"},
        Rubbish{One(R"(,"inputs":{})"), "inputs: no list"},
        Rubbish{One(R"(,"inputs":[{}])"), "inputs: no {\"str\""},
        Rubbish{One(R"(,"inputs":[{"partition_ref":{"str":"a"}}])"), "dep_type_code"},
        Rubbish{One(R"(,"inputs":[{"dep_type_code":7,"partition_ref":{"str":"a"}}])"),
                "dep_type_code"},
        Rubbish{One(R"(,"inputs":[{"dep_type_code":1,"dep_type_name":"query",)"
                    R"("partition_ref":{"str":"a"}}])"),
                "dep_type_code and dep_type_name"},
        Rubbish{
            One(R"(,"inputs":[{"dep_type_code":1,"identity":"md5","partition_ref":{"str":"a"}}])"),
            "identity is none of"},
        Rubbish{
            One(R"(,"inputs":[{"dep_type_code":1,"presence":"ignored","partition_ref":{"str":"a"}}])"),
            "presence is a query's"},
        Rubbish{
            One(R"(,"inputs":[{"dep_type_code":0,"presence":"maybe","partition_ref":{"str":"a"}}])"),
            "presence is none of"},
        Rubbish{One(R"(,"inputs":[{"dep_type_code":0,"presence":"awaited","wait_max_s":1e9,)"
                    R"("partition_ref":{"str":"a"}}])"),
                "wait_max_s is no number up to"},
        Rubbish{One(R"(,"args":"x")"), "args: no list"}, Rubbish{One(R"(,"args":[1])"), "not all"},
        Rubbish{One(R"(,"env":[])"), "env: no object"},
        Rubbish{One(R"(,"env":{"A":1})"), "A is no string"},
        Rubbish{One(R"(,"env":{"A B":""})"), "bad name 'A B'"},
        Rubbish{One(R"(,"args":["a\u0000"])"), "NUL"},
        Rubbish{One(R"(,"args":[")" + std::string(3'000'000, 'x') + "\"]"), "more than 2097152"},
        Rubbish{std::string(17'000'000, ' '), "17000000 bytes"}));

TEST(ParseConfigureOutput, LimitsRefs) {
  std::string outputs;
  for (int i = 0; i < 10'001; ++i) outputs += fmt::format(",{{\"str\":\"asked/{}\"}}", i);
  const auto configs = ParseConfigureOutput(
      Asked(), {"asked/1"}, R"({"configs":[{"outputs":[)" + outputs.substr(1) + "]}]}");
  ASSERT_FALSE(configs.ok());
  EXPECT_THAT(Message(configs.status()), HasSubstr("outputs: more than 10000"));
}

}  // namespace
}  // namespace fft
