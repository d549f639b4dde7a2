#include "server/base/content.h"

#include <filesystem>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

using ::testing::HasSubstr;

std::string Line(const std::string& path, char kind, const std::string& hex) {
  return path + '\0' + kind + '\0' + hex + '\n';
}

TEST(ContentOf, AFileIsItsBytes) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("a", std::string(300'000, 'x'));
  std::int64_t bytes = 0;
  EXPECT_EQ(*ContentOf(path, &bytes), Sha256(std::string(300'000, 'x')));
  EXPECT_EQ(bytes, 300'000);
}

TEST(ContentOf, AFolderIsItsSortedLines) {
  const TemporaryFolder folder;
  folder.Write("d/b", "two");
  folder.Write("d/a-", "one");
  folder.Write("d/a/c", "three");
  chmod(folder.Write("d/run", "#!").c_str(), 0755);
  std::filesystem::create_directory(folder / "d/empty");
  std::filesystem::create_symlink("b", folder / "d/link");
  std::int64_t bytes = 0;
  const auto digest = ContentOf(folder / "d", &bytes);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(
      *digest,
      Sha256(Line("a-", '0', ToHex(Sha256("one"))) + Line("a/c", '0', ToHex(Sha256("three"))) +
             Line("b", '0', ToHex(Sha256("two"))) + Line("empty", 'd', "") +
             Line("link", 'l', ToHex(Sha256("b"))) + Line("run", '1', ToHex(Sha256("#!")))));
  EXPECT_EQ(bytes, 3 + 3 + 5 + 2);
  EXPECT_EQ(*ContentOf(folder / "d/", &bytes), *digest);
}

TEST(ContentOf, TimesAndOtherPermissionsAreNoContent) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("d/a", "one");
  std::int64_t bytes = 0;
  const Digest before = *ContentOf(folder / "d", &bytes);
  std::filesystem::last_write_time(
      path, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  chmod(path.c_str(), 0600);
  EXPECT_EQ(*ContentOf(folder / "d", &bytes), before);
  chmod(path.c_str(), 0700);
  EXPECT_NE(*ContentOf(folder / "d", &bytes), before);
}

TEST(ContentOf, ALinkAtTheTopIsFollowed) {
  const TemporaryFolder folder;
  folder.Write("a", "one");
  std::filesystem::create_symlink("a", folder / "link");
  std::int64_t bytes = 0;
  EXPECT_EQ(*ContentOf(folder / "link", &bytes), Sha256("one"));
}

TEST(ContentOf, WhatIsNotThereIsNamed) {
  const TemporaryFolder folder;
  std::int64_t bytes = 0;
  const auto missing = ContentOf(folder / "none", &bytes);
  EXPECT_EQ(missing.status().code(), Code::kNotFound);
  EXPECT_THAT(Message(missing.status()), HasSubstr(folder / "none"));
}

TEST(ContentOf, APipeIsNoContent) {
  const TemporaryFolder folder;
  folder.Write("d/a", "one");
  ASSERT_EQ(mkfifo((folder / "d/pipe").c_str(), 0600), 0);
  std::int64_t bytes = 0;
  EXPECT_EQ(ContentOf(folder / "d/pipe", &bytes).status().code(), Code::kFailedPrecondition);
  const auto in_folder = ContentOf(folder / "d", &bytes);
  EXPECT_EQ(in_folder.status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(Message(in_folder.status()), HasSubstr(folder / "d/pipe"));
}

}  // namespace
}  // namespace fft
