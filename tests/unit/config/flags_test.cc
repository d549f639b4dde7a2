#include "server/config/flags.h"

#include <cstdlib>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

using ::testing::ElementsAre;

TEST(ConfigFlags, EveryKeyIsAFlag) {
  CLI::App app;
  ConfigFlags flags;
  AddConfigFlags(app, &flags);
  app.parse("--lease-length 20s --listen unix:/a --listen localhost:1 -c /etc/fftd.yaml");
  EXPECT_EQ(flags.file, "/etc/fftd.yaml");
  EXPECT_THAT(flags.values.at("lease_length"), ElementsAre("20s"));
  EXPECT_THAT(flags.values.at("listen"), ElementsAre("unix:/a", "localhost:1"));
  EXPECT_EQ(flags.values.size(), 2U);
}

TEST(ConfigFlags, ARepeatedFlagIsSeenAsSuch) {
  CLI::App app;
  ConfigFlags flags;
  AddConfigFlags(app, &flags);
  app.parse("--inbox-size=10 --inbox-size=20");
  EXPECT_THAT(flags.values.at("inbox_size"), ElementsAre("10", "20"));
}

TEST(ConfigFlags, AFlagTakesNoMoreThanItsValue) {
  CLI::App app;
  ConfigFlags flags;
  AddConfigFlags(app, &flags);
  EXPECT_THROW(app.parse("--listen unix:/a stray"), CLI::ExtrasError);
  EXPECT_THROW(app.parse("--colour red"), CLI::ExtrasError);
}

TEST(ConfigEnvironment, HoldsOurVariablesAlone) {
  setenv("FFTD_INBOX_SIZE", "77", 1);  // NOLINT(concurrency-mt-unsafe)
  const auto environment = ConfigEnvironment();
  unsetenv("FFTD_INBOX_SIZE");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(environment.at("FFTD_INBOX_SIZE"), "77");
  EXPECT_FALSE(environment.contains("PATH"));
}

}  // namespace
}  // namespace fft
