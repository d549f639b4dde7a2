#include "server/daemon/file_prober.h"

#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/clock.h"
#include "server/base/content.h"
#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The machine's time, some seconds ahead: whatever was written is old by then.
class LaterClock final : public Clock {
 public:
  TimePoint Now() const override { return SystemClock().Now() + Duration(60'000); }
};

TEST(FileProber, TellsWhatExists) {
  const TemporaryFolder folder;
  folder.Write("d/a", "one");
  const SystemClock clock;
  FileProber prober(clock);
  EXPECT_THAT(*prober.Exist({"file://" + (folder / "d/a"), "file://" + (folder / "none"),
                             "file://" + (folder / "d"), "s3://bucket/a", ""}),
              ElementsAre(1, 0, 1, 0, 0));
}

TEST(FileProber, AgreesWithTheWorkersOnContent) {
  const TemporaryFolder folder;
  folder.Write("d/a", "one");
  folder.Write("d/b/c", "two");
  const SystemClock clock;
  FileProber prober(clock);
  std::int64_t bytes = 0;
  std::int64_t expected_bytes = 0;
  EXPECT_EQ(*prober.Content("file://" + (folder / "d"), &bytes),
            *ContentOf(folder / "d", &expected_bytes));
  EXPECT_EQ(bytes, expected_bytes);
}

TEST(FileProber, TellsWhenAnythingWasChanged) {
  const TemporaryFolder folder;
  const std::string file = folder.Write("d/a", "one");
  folder.Write("d/b/c", "two");
  const SystemClock clock;
  FileProber prober(clock);
  const std::string uri = "file://" + (folder / "d");
  // The kernel's time of changes is a little behind.
  const auto is_just_now = [&](TimePoint at) {
    return at > clock.Now() - Duration(60'000) && at <= clock.Now();
  };
  const TimePoint before = prober.ChangedAt(uri);
  EXPECT_TRUE(is_just_now(before));
  EXPECT_TRUE(is_just_now(prober.ChangedAt("file://" + file)));
  const auto touch = [&](const std::function<void()>& change) {
    const TimePoint was = prober.ChangedAt(uri);
    while (prober.ChangedAt(uri) == was) change();
  };
  touch([&] { folder.Write("d/b/c", "two"); });
  touch([&] {  // below, and gone again
    folder.Write("d/b/new", "x");
    std::filesystem::remove(folder / "d/b/new");
  });
  EXPECT_LE(prober.ChangedAt("file://" + file), before) << "the other file is as it was";
  std::filesystem::create_symlink(file, folder / "current");
  EXPECT_GT(prober.ChangedAt("file://" + (folder / "current")), before) << "the link counts, too";
  EXPECT_EQ(prober.ChangedAt("file://" + (folder / "none")), TimePoint::max());
  EXPECT_EQ(prober.ChangedAt("s3://bucket/a"), TimePoint::max());
}

TEST(FileProber, ReadsAnUnchangedFileOnce) {
  const TemporaryFolder folder;
  const std::string uri = "file://" + folder.Write("a", "one");
  const LaterClock clock;
  FileProber prober(clock);
  std::int64_t bytes = 0;
  const Digest first = *prober.Content(uri, &bytes);
  bytes = 0;
  EXPECT_EQ(*prober.Content(uri, &bytes), first);
  EXPECT_EQ(bytes, 3);
  EXPECT_EQ(prober.reads(), 1);
}

TEST(FileProber, SeesEveryChange) {
  const TemporaryFolder folder;
  const std::string uri = "file://" + folder.Write("a", "one");
  const LaterClock clock;
  FileProber prober(clock);
  std::int64_t bytes = 0;
  EXPECT_EQ(*prober.Content(uri, &bytes), Sha256("one"));
  folder.Write("a", "two");  // the same size
  EXPECT_EQ(*prober.Content(uri, &bytes), Sha256("two"));
  // Replaced by another file with the old one's time.
  const auto time = std::filesystem::last_write_time(folder / "a");
  folder.Write("b", "six");
  std::filesystem::last_write_time(folder / "b", time);
  std::filesystem::rename(folder / "b", folder / "a");
  EXPECT_EQ(*prober.Content(uri, &bytes), Sha256("six"));
  std::filesystem::remove(folder / "a");
  EXPECT_EQ(prober.Content(uri, &bytes).status().code(), Code::kNotFound);
}

TEST(FileProber, TrustsNoTimeThatIsTooFresh) {
  const TemporaryFolder folder;
  const std::string uri = "file://" + folder.Write("a", "one");
  const SystemClock clock;
  FileProber prober(clock);
  std::int64_t bytes = 0;
  EXPECT_EQ(*prober.Content(uri, &bytes), Sha256("one"));
  EXPECT_EQ(*prober.Content(uri, &bytes), Sha256("one"));
  EXPECT_EQ(prober.reads(), 2);
}

TEST(FileProber, RemembersNoMoreThanItMay) {
  const TemporaryFolder folder;
  const LaterClock clock;
  FileProber prober(clock, 2);
  std::int64_t bytes = 0;
  for (const char* name : {"a", "b", "c", "d", "e"})
    EXPECT_TRUE(prober.Content("file://" + folder.Write(name, name), &bytes).ok());
  EXPECT_EQ(*prober.Content("file://" + (folder / "a"), &bytes), Sha256("a"));
}

TEST(FileProber, AUriWithoutAFileIsNamed) {
  const SystemClock clock;
  FileProber prober(clock);
  std::int64_t bytes = 0;
  const auto other = prober.Content("s3://bucket/a", &bytes);
  EXPECT_EQ(other.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(Message(other.status()), HasSubstr("s3://bucket/a"));
}

}  // namespace
}  // namespace fft
