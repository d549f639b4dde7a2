#include <gtest/gtest.h>

#include "tests/store/library_fixture.h"

namespace fft {
namespace {

class LibrarySecretsTest : public LibraryTest {};

TEST_F(LibrarySecretsTest, AreKeptSealedWithAVersionThatRises) {
  const std::string sealed("\0sealed\xFF", 8);
  EXPECT_EQ(*library_.SaveSecret({.name = "b", .sealed = "one"}, "ann", FromMillis(1)), 1);
  EXPECT_EQ(*library_.SaveSecret({.name = "a", .sealed = sealed}, "ann", FromMillis(2)), 1);
  EXPECT_EQ(*library_.SaveSecret({.name = "b", .sealed = "two"}, "ben", FromMillis(3)), 2);
  const auto secrets = library_.ListSecrets();
  ASSERT_TRUE(secrets.ok()) << secrets.status();
  ASSERT_EQ(secrets->size(), 2u);
  EXPECT_EQ((*secrets)[0].name, "a");
  EXPECT_EQ((*secrets)[0].sealed, sealed);
  EXPECT_EQ((*secrets)[1].sealed, "two");
  EXPECT_EQ((*secrets)[1].version, 2);
  EXPECT_EQ(Psql("SELECT set_by FROM secret WHERE name = 'b'"), "ben\n");
}

TEST_F(LibrarySecretsTest, TheServiceHasOneNameForEver) {
  const auto id = library_.ServiceId();
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->size(), 36u);
  EXPECT_EQ(*library_.ServiceId(), *id);
}

}  // namespace
}  // namespace fft
