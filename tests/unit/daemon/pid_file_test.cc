#include "server/daemon/pid_file.h"

#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(PidFile, IsHeldByOneAtATime) {
  const TemporaryFolder folder;
  EXPECT_EQ(PidFile::Holder(folder.path()), std::nullopt);
  {
    const auto held = PidFile::Take(folder.path());
    ASSERT_TRUE(held.ok()) << held.status();
    EXPECT_EQ(PidFile::Holder(folder.path()), getpid());
    const auto second = PidFile::Take(folder.path());
    EXPECT_EQ(second.status().code(), Code::kFailedPrecondition);
    EXPECT_THAT(Message(second.status()),
                AllOf(HasSubstr(folder.path()), HasSubstr(std::to_string(getpid()))));
  }
  EXPECT_EQ(PidFile::Holder(folder.path()), std::nullopt);
  EXPECT_TRUE(PidFile::Take(folder.path()).ok());
}

TEST(PidFile, WhatADeadHolderLeftIsTaken) {
  const TemporaryFolder folder;
  folder.Write("fftd.pid", "1234567890\n");
  EXPECT_EQ(PidFile::Holder(folder.path()), std::nullopt);
  ASSERT_TRUE(PidFile::Take(folder.path()).ok());
  EXPECT_EQ(folder.Read("fftd.pid"), std::to_string(getpid()) + "\n");
}

TEST(PidFile, AFolderThatIsNotThereIsNamed) {
  EXPECT_THAT(Message(PidFile::Take("/no/such/folder").status()),
              HasSubstr("/no/such/folder/fftd.pid"));
}

}  // namespace
}  // namespace fft
