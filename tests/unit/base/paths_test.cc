#include "server/base/paths.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace fft {
namespace {

// The environment belongs to the test program's one thread.
// NOLINTBEGIN(concurrency-mt-unsafe)

TEST(DefaultPaths, FollowTheEnvironment) {
  setenv("HOME", "/home/ann", 1);
  unsetenv("XDG_RUNTIME_DIR");
  unsetenv("XDG_DATA_HOME");
  EXPECT_EQ(DefaultSocketPath(), "/home/ann/.local/state/fft/fftd.sock");
  EXPECT_EQ(DefaultDataDir(), "/home/ann/.local/share/fft");
  setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(DefaultSocketPath(), "/run/user/7/fft/fftd.sock");
  EXPECT_EQ(DefaultDataDir(), "/data/fft");
  setenv("XDG_RUNTIME_DIR", "relative", 1);
  EXPECT_EQ(DefaultSocketPath(), "/home/ann/.local/state/fft/fftd.sock");
}

// NOLINTEND(concurrency-mt-unsafe)

TEST(PathOfFileUri, TakesThePathAsItStands) {
  EXPECT_EQ(PathOfFileUri("file:///a/b%20c d"), "/a/b%20c d");
  EXPECT_EQ(PathOfFileUri("file://host/a"), std::nullopt);
  EXPECT_EQ(PathOfFileUri("s3://bucket/a"), std::nullopt);
  EXPECT_EQ(PathOfFileUri("/a"), std::nullopt);
  EXPECT_EQ(PathOfFileUri(""), std::nullopt);
}

}  // namespace
}  // namespace fft
