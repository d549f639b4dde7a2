#include "client/frontends/fastflowtransform/fingerprint.h"

#include <set>

#include <gtest/gtest.h>

namespace fft {
namespace {

ModelSurroundings Surroundings() {
  return {.engine = "postgres",
          .profile = "dev_postgres",
          .variables = {{"HOME", "/root"},
                        {"FFT_SEEDS_DIR", "not one of these"},
                        {"FF_PG_DSN", "postgresql://ann:s3cret@db:5432/shop"},
                        {"FF_A", "1"}},
          .sources = R"({"crm":{}})"};
}

ModelFacts Staging() {
  return {.node = "stg_users.ff",
          .relation = "stg_users",
          .is_python = false,
          .text = "\r\n\nselect 'Z\xC3\xBCrich \xE2\x98\x83' \t\r\n  from \"t\" -- \\ \x7F\x01\n\n",
          .deps = {{"b.ff", "11"}, {"a.ff", "00"}}};
}

// The digests are those of Python's hashlib over json.dumps(..., sort_keys=True,
// separators=(",", ":"), ensure_ascii=False).
TEST(Fingerprints, AreThoseOfTheFormat) {
  const Fingerprints fingerprints(Surroundings());
  EXPECT_EQ(fingerprints.Of(Staging()),
            "0241028db0c04ed99e28eea78905573e716bd2b19eaf42a88eb7d9cbc01df7eb");
  EXPECT_EQ(fingerprints.Of({.node = "py_constants",
                             .relation = "py_constants",
                             .is_python = true,
                             .text = "    @model(name=\"py\")\n    def f():\n    \treturn 1\n",
                             .deps = {}}),
            "8427f064eac0893bc05d7fa95269667848db609430087b960a5f2cf029cc0a56");
}

TEST(Fingerprints, ChangeWithAllThatCounts) {
  std::set<std::string> seen = {Fingerprints(Surroundings()).Of(Staging())};
  const auto differs = [&](const ModelSurroundings& surroundings, const ModelFacts& model) {
    EXPECT_TRUE(seen.insert(Fingerprints(surroundings).Of(model)).second);
  };
  ModelFacts model = Staging();
  model.text += "-- one more";
  differs(Surroundings(), model);
  model = Staging();
  model.node = "stg_user.ff";
  differs(Surroundings(), model);
  model = Staging();
  model.relation = "stg_user";
  differs(Surroundings(), model);
  model = Staging();
  model.deps[0].second = "12";
  differs(Surroundings(), model);
  model = Staging();
  model.deps.pop_back();
  differs(Surroundings(), model);
  model = Staging();
  model.is_python = true;
  differs(Surroundings(), model);
  ModelSurroundings surroundings = Surroundings();
  surroundings.variables["FF_NEW"] = "";
  differs(surroundings, Staging());
  surroundings = Surroundings();
  surroundings.profile = "prod";
  differs(surroundings, Staging());
  surroundings = Surroundings();
  surroundings.engine = "duckdb";
  differs(surroundings, Staging());
  surroundings = Surroundings();
  surroundings.sources = "{}";
  differs(surroundings, Staging());
}

TEST(Fingerprints, DoNotChangeWithWhatDoesNotCount) {
  const std::string expected = Fingerprints(Surroundings()).Of(Staging());
  ModelSurroundings colleague = Surroundings();
  colleague.variables["FF_PG_DSN"] = "postgresql://ann:another@db:5432/shop";
  colleague.variables["HOME"] = "/home/ben";
  ModelFacts model = Staging();
  std::swap(model.deps[0], model.deps[1]);
  model.text = "\n" + model.text + "\r\n";
  EXPECT_EQ(Fingerprints(colleague).Of(model), expected);
}

TEST(Passwords, AreHiddenWhereverAUrlHasThem) {
  EXPECT_EQ(WithoutPasswords("postgresql://ann:pw@h/d"), "postgresql://ann:***@h/d");
  EXPECT_EQ(WithoutPasswords("postgresql+psycopg://ann:p@w:x@h:5432/d"),
            "postgresql+psycopg://ann:***@h:5432/d");
  EXPECT_EQ(WithoutPasswords("postgresql://:pw@h"), "postgresql://:***@h");
  EXPECT_EQ(WithoutPasswords("postgresql://h/d?user=a&password=pw&x=1"),
            "postgresql://h/d?user=a&password=***&x=1");
  EXPECT_EQ(WithoutPasswords("a http://u:p@h/ b \"https://v:q@i\""),
            "a http://u:***@h/ b \"https://v:***@i\"");
  for (const char* open : {"postgresql://ann@h:5432/d", "http://h:80/a@b", "http://h/x?y=a:b@c",
                           "no url: a:b@c", "http://", "http://h/?nopassword=x"})
    EXPECT_EQ(WithoutPasswords(open), open);
}

TEST(NormalisedSql, LeavesOnlyWhatIsSaid) {
  EXPECT_EQ(NormalisedSql("\n\r\n  select 1  \r  from t\t\n\n"), "  select 1\n  from t");
  EXPECT_EQ(NormalisedSql("select ' '  \n\nfrom t"), "select ' '\n\nfrom t");
  EXPECT_EQ(NormalisedSql(" \n\t\n"), "");
  EXPECT_EQ(NormalisedSql(""), "");
}

TEST(Dedented, TakesWhatAllLinesHave) {
  EXPECT_EQ(Dedented("  a\n    b\n\n   \n  c\n"), "a\n  b\n\n\nc\n");
  EXPECT_EQ(Dedented("\ta\n  b"), "\ta\n  b");
  EXPECT_EQ(Dedented(""), "");
}

}  // namespace
}  // namespace fft
