#include "server/app/secrets.h"

#include <map>

#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "tests/support/no_library.h"

namespace fft {
namespace {

class SecretsLibrary final : public NoLibrary {
 public:
  StatusOr<std::int64_t> SaveSecret(const SealedSecret& secret, const std::string&,
                                    TimePoint) override {
    SealedSecret& kept = secrets[secret.name];
    kept = {secret.name, secret.sealed, kept.version + 1};
    return kept.version;
  }
  StatusOr<std::vector<SealedSecret>> ListSecrets() override {
    std::vector<SealedSecret> all;
    for (const auto& [name, secret] : secrets) all.push_back(secret);
    return all;
  }
  std::map<std::string, SealedSecret> secrets;
};

Seal Key(char c = 'k') { return Seal(std::string(Seal::kKeyBytes, c)); }

TEST(SecretsTest, AreSealedWhereTheyAreKeptAndOpenAgain) {
  SecretsLibrary library;
  Secrets secrets(Key());
  EXPECT_EQ(secrets.Find("db"), "");
  EXPECT_EQ(*secrets.Set(library, "db", "geheim", "ann", TimePoint{}), 1);
  EXPECT_EQ(secrets.Find("db"), "geheim");
  EXPECT_EQ(library.secrets["db"].sealed.find("geheim"), std::string::npos);
  EXPECT_EQ(*secrets.Set(library, "db", "geheim", "ann", TimePoint{}), 1) << "nothing changed";
  EXPECT_EQ(*secrets.Set(library, "db", "neu", "ann", TimePoint{}), 2);
  Secrets next(Key());
  ASSERT_TRUE(next.Load(library).ok());
  EXPECT_EQ(next.Find("db"), "neu");
  EXPECT_EQ(*next.Set(library, "db", "neu", "ann", TimePoint{}), 2);
}

TEST(SecretsTest, WhatDoesNotOpenIsLeftOut) {
  SecretsLibrary library;
  EXPECT_EQ(*Secrets(Key()).Set(library, "old", "x", "ann", TimePoint{}), 1);
  Secrets secrets(Key('n'));
  EXPECT_EQ(*secrets.Set(library, "new", "y", "ann", TimePoint{}), 1);
  ASSERT_TRUE(secrets.Load(library).ok());
  EXPECT_EQ(secrets.Find("old"), "");
  EXPECT_EQ(secrets.Find("new"), "y");
}

TEST(SecretsTest, WithoutAKeyNothingIsKept) {
  SecretsLibrary library;
  Secrets secrets(std::nullopt);
  EXPECT_TRUE(secrets.Load(library).ok());
  const auto set = secrets.Set(library, "db", "x", "ann", TimePoint{});
  EXPECT_EQ(set.status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(DetailsOf(set.status()).reason, "NO_SECRETS_KEY");
  EXPECT_TRUE(library.secrets.empty());
}

}  // namespace
}  // namespace fft
