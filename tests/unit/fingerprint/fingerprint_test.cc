#include "server/fingerprint/fingerprint.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Digest Filled(std::uint8_t byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

JobConfig Weather() {
  JobConfig config;
  config.frame =
      JobFrame{.job = "daily",
               .version = "v2.3.1",
               .executable = "bin/daily",
               .files = {{"bin/daily", Filled(1), 10, true}, {"lib/parse", Filled(2), 20, false}}};
  config.outputs = {"weather/daily/Seattle/2012-01-01"};
  config.inputs = {
      {.kind = InputKind::kMaterialize, .identity = Identity::kContent, .ref = "weather/raw"}};
  config.args = {"--city", "Seattle"};
  config.env = std::map<std::string, std::string>{{"CITY", "Seattle"}};
  return config;
}

Materialisation Live(std::uint8_t key, std::uint8_t content, int major) {
  Materialisation live;
  live.key = Filled(key);
  live.content = content == 0 ? Digest{} : Filled(content);
  live.major_version = major;
  return live;
}

// The bytes are in databases: these change only together with the name of the form.
TEST(ConfigDigest, Golden) {
  EXPECT_EQ(ToHex(ConfigDigest(Weather())),
            "6219ca23bf2dd1cfe33490150b6d525720904a605dcc6db97efe9c48fae45e26");
  EXPECT_EQ(ToHex(ConfigDigest({})),
            "ddf8f900f9c259db9a7fdfe7f002ef8a9a4680c6f82d75dafa3e984ac0559e13");
}

TEST(KeyOf, Golden) {
  const std::vector<Digest> identities = {Filled(3), {}, Filled(4)};
  EXPECT_EQ(ToHex(KeyOf(Filled(7), identities)),
            "27b0dfff9a4e1e38c9bdc7c9d173d152aa77799c398efb2b6af33c43b0e6eb53");
}

TEST(IdentityOf, Golden) {
  EXPECT_EQ(ToHex(IdentityOf(Identity::kKey, Live(5, 6, 2), 3)),
            "003dfb99c904a457a7043d847282a92c00add4af9fc46776ac4bbca1fb323b2a");
  EXPECT_EQ(ToHex(IdentityOf(Identity::kVersion, Live(5, 6, 2), 0)),
            "04b7304a4af55385905991a9d1ad93494b86ec4444c4804713e805dd6416ec35");
  EXPECT_EQ(ToHex(PendingIdentity(Identity::kContent, Filled(5), 2, 0)),
            "4f3c296a0830f7306e91e42034ede8e75a4bfe2995da0ca4edd83aa14abccc1e");
}

void ChangeFile(JobConfig& config, std::size_t at, void (*change)(FrozenFile& file)) {
  std::vector<FrozenFile> files = config.frame->files;
  change(files[at]);
  config.frame.Set(&JobFrame::files, std::move(files));
}

void SetEnv(JobConfig& config, const std::string& name, const std::string& value) {
  std::map<std::string, std::string> env = *config.env;
  env[name] = value;
  config.env = std::move(env);
}

TEST(ConfigDigest, EveryFactCounts) {
  std::vector<JobConfig> others(16, Weather());
  others[0].frame.Set(&JobFrame::job, "dayly");
  others[1].frame.Set(&JobFrame::version, "v3.0.0");
  others[2].frame.Set(&JobFrame::runner, Runner::kNoop);
  others[3].frame.Set(&JobFrame::executable, "lib/parse");
  ChangeFile(others[4], 0, [](FrozenFile& file) { file.digest = Filled(9); });
  ChangeFile(others[5], 0, [](FrozenFile& file) { file.path = "bin/dailz"; });
  ChangeFile(others[6], 1, [](FrozenFile& file) { file.executable = true; });
  others[7].outputs.push_back("weather/x");
  others[8].inputs[0].kind = InputKind::kQuery;
  others[9].inputs[0].identity = Identity::kKey;
  others[10].inputs[0].ref = "weather/row";
  others[11].args = {"--city Seattle"};
  others[12].args = {"--cit", "ySeattle"};
  SetEnv(others[13], "CITY", "Portland");
  SetEnv(others[14], "TOWN", "");
  others[15].frame.Set(&JobFrame::is_in_place, true);
  std::set<Digest> digests = {ConfigDigest(Weather())};
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_TRUE(digests.insert(ConfigDigest(others[i])).second) << i;
    EXPECT_EQ(DiffConfigs(Weather(), others[i]).empty(), false) << i;
  }
}

TEST(ConfigDigest, WhatDecidesNothingIsNoFact) {
  JobConfig other = Weather();
  other.frame.Set(&JobFrame::version, "v2.9.0");  // a minor change adds an optional field
  ChangeFile(other, 0, [](FrozenFile& file) { file.bytes = 99; });  // the digest says it all
  EXPECT_EQ(ConfigDigest(other), ConfigDigest(Weather()));
  EXPECT_THAT(DiffConfigs(Weather(), other), IsEmpty());
}

TEST(ConfigDigest, PasswordIsNoFact) {
  JobConfig one = Weather();
  JobConfig two = Weather();
  SetEnv(one, "DSN", "postgresql://etl:hunter2@db/dwh");
  SetEnv(two, "DSN", "postgresql://etl:correct-horse@db/dwh");
  EXPECT_EQ(ConfigDigest(one), ConfigDigest(two));
  SetEnv(two, "DSN", "postgresql://etl:x@db2/dwh");
  EXPECT_THAT(DiffConfigs(one, two),
              ElementsAre(FactChange{"env DSN", "postgresql://etl:***@db/dwh",
                                     "postgresql://etl:***@db2/dwh"}));
}

TEST(IdentityOf, TaintIsAFactOfKeysAndVersionsButNotOfContent) {
  const Materialisation live = Live(5, 6, 2);
  EXPECT_EQ(IdentityOf(Identity::kKey, live, 0), Filled(5));
  EXPECT_NE(IdentityOf(Identity::kKey, live, 1), Filled(5));
  EXPECT_NE(IdentityOf(Identity::kKey, live, 1), IdentityOf(Identity::kKey, live, 2));
  EXPECT_EQ(IdentityOf(Identity::kContent, live, 0), Filled(6));
  EXPECT_EQ(IdentityOf(Identity::kContent, live, 1), Filled(6));
  EXPECT_NE(IdentityOf(Identity::kVersion, live, 1), IdentityOf(Identity::kVersion, live, 0));
  EXPECT_EQ(IdentityOf(Identity::kVersion, Live(9, 9, 2), 0),
            IdentityOf(Identity::kVersion, live, 0));
  EXPECT_FALSE(IdentityOf(Identity::kNone, live, 4));
}

TEST(IdentityOf, UnknownContentFallsBackToTheKey) {
  EXPECT_EQ(IdentityOf(Identity::kContent, Live(5, 0, 2), 3),
            IdentityOf(Identity::kKey, Live(5, 0, 2), 3));
}

TEST(PendingIdentity, ForetellsKeysAndVersions) {
  for (const std::int64_t taint : {0, 1, 7}) {
    EXPECT_EQ(PendingIdentity(Identity::kKey, Filled(5), 2, taint),
              IdentityOf(Identity::kKey, Live(5, 6, 2), taint));
    EXPECT_EQ(PendingIdentity(Identity::kVersion, Filled(5), 2, taint),
              IdentityOf(Identity::kVersion, Live(8, 6, 2), taint));
  }
  EXPECT_NE(PendingIdentity(Identity::kContent, Filled(5), 2, 0), Filled(5));
  EXPECT_NE(PendingIdentity(Identity::kContent, Filled(5), 2, 0),
            PendingIdentity(Identity::kContent, Filled(6), 2, 0));
  EXPECT_FALSE(PendingIdentity(Identity::kNone, Filled(5), 2, 0));
}

TEST(SourceIdentity, IsTheContentUnlessVersioned) {
  EXPECT_EQ(SourceIdentity(Identity::kKey, Filled(5), 0), Filled(5));
  EXPECT_EQ(SourceIdentity(Identity::kContent, Filled(5), 2), Filled(5));
  EXPECT_NE(SourceIdentity(Identity::kKey, Filled(5), 2), Filled(5));
  EXPECT_EQ(SourceIdentity(Identity::kVersion, Filled(5), 0),
            SourceIdentity(Identity::kVersion, Filled(6), 0));
}

TEST(KeyOf, PlacesCount) {
  const std::vector<Digest> one = {Filled(1), {}};
  const std::vector<Digest> two = {{}, Filled(1)};
  EXPECT_NE(KeyOf(Filled(7), one), KeyOf(Filled(7), two));
  EXPECT_NE(KeyOf(Filled(7), one), KeyOf(Filled(8), one));
  EXPECT_NE(KeyOf(Filled(7), {}), Filled(7));
}

TEST(DiffConfigs, NamesWhatCameWentAndChanged) {
  JobConfig now = Weather();
  ChangeFile(now, 0, [](FrozenFile& file) { file.digest = Filled(0xab); });
  now.frame.Set(&JobFrame::files, {now.frame->files.front()});
  SetEnv(now, "DAY", "1");
  const std::string ab = ToHex(Filled(0xab));
  EXPECT_THAT(DiffConfigs(Weather(), now),
              ElementsAre(FactChange{"file bin/daily", ToHex(Filled(1)) + " executable",
                                     ab + " executable"},
                          FactChange{"env DAY", "(absent)", "1"},
                          FactChange{"file lib/parse", ToHex(Filled(2)), "(absent)"}));
}

TEST(DiffConfigs, CutsLongWordsBetweenCharacters) {
  JobConfig now = Weather();
  std::string word = "a";
  for (int i = 0; i < 400; ++i) word += "\xC3\xA9";
  SetEnv(now, "CITY", word);
  const auto changes = DiffConfigs(Weather(), now);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_LE(changes[0].now.size(), 256u);
  EXPECT_TRUE(changes[0].now.ends_with("\xC3\xA9..."));
}

TEST(DiffIdentities, ComparesByRef) {
  JobConfig before = Weather();
  JobConfig now = Weather();
  before.inputs = {{.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = "a"},
                   {.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = "b"}};
  now.inputs = {{.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = "b"},
                {.kind = InputKind::kMaterialize, .identity = Identity::kKey, .ref = "c"}};
  const std::vector<Digest> was = {Filled(1), Filled(2)};
  const std::vector<Digest> is = {Filled(3), Filled(4)};
  EXPECT_THAT(DiffIdentities(before, was, now, is),
              ElementsAre(FactChange{"input b", ToHex(Filled(2)), ToHex(Filled(3))}));
  EXPECT_THAT(DiffIdentities(before, {}, now, is), IsEmpty());
}

struct Masking {
  std::string text, masked;
};
class MaskPasswordsTest : public testing::TestWithParam<Masking> {};
TEST_P(MaskPasswordsTest, Masks) { EXPECT_EQ(MaskPasswords(GetParam().text), GetParam().masked); }
INSTANTIATE_TEST_SUITE_P(
    All, MaskPasswordsTest,
    testing::Values(
        Masking{"", ""}, Masking{"plain", "plain"},
        Masking{"http://host/a:b@c", "http://host/a:b@c"},
        Masking{"http://host:80/", "http://host:80/"}, Masking{"ftp://u@h", "ftp://u@h"},
        Masking{"pg://u:p@h:5432/d", "pg://u:***@h:5432/d"}, Masking{"pg://:p@h", "pg://:***@h"},
        Masking{"pg://u:p@q@h", "pg://u:***@h"}, Masking{"://u:p@h", "://u:p@h"},
        Masking{"a pg://u:p@h b s3+x://k:s@b.c/d", "a pg://u:***@h b s3+x://k:***@b.c/d"},
        Masking{"{\"dsn\":\"pg://u:p@h\"}", "{\"dsn\":\"pg://u:***@h\"}"},
        Masking{"pg://u:p", "pg://u:p"}, Masking{"pg://u:@h", "pg://u:***@h"}));

}  // namespace
}  // namespace fft
