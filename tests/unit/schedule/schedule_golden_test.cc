#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/golden.h"
#include "tests/unit/schedule/desk.h"

namespace fft {
namespace {

class ScheduleGolden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ScheduleGolden, PrintsWhatTheFileSays) {
  Desk desk;
  RunTranscript(GetParam(), [&](const std::string& line) { return desk.Do(line); });
}

INSTANTIATE_TEST_SUITE_P(, ScheduleGolden, testing::ValuesIn(TranscriptsIn("schedule")),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace fft
