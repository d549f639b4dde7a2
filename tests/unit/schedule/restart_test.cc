#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/golden.h"
#include "tests/unit/schedule/desk.h"

// A restart between any two batches of any transcript, with all workers coming back, leads to the
// same ends of all builds and nodes.

namespace fft {
namespace {

std::string EndsOf(const MemoryStore& store) {
  std::string text;
  for (const auto& [id, build] : store.builds())
    text += fmt::format(
        "build {} {} {} \"{}\" {} of {} succeeded, {} failed, {} cancelled, {} cached\n", id.value,
        ToString(build.state), ToString(build.reason), build.message, build.counts.succeeded,
        build.counts.total, build.counts.failed, build.counts.cancelled, build.counts.cached);
  for (const auto& [id, node] : store.nodes())
    text += fmt::format("node {} {} {} attempts {}\n", id.value, ToString(node.state),
                        ToString(node.reason), node.past->attempts);
  for (const auto& [id, partition] : store.partitions())
    text += fmt::format("{} run {} uncertain {}\n", partition.ref.view(), partition.live.run.value,
                        partition.doubt->uncertain_run.value);
  return text;
}

class ScheduleRestart : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ScheduleRestart, ChangesNoEnd) {
  const std::vector<std::string> commands = CommandsOf(GetParam());
  std::string want;
  for (std::size_t restart_at = commands.size() + 1; restart_at-- > 0;) {
    Desk desk;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const bool is_amid_batch = i > 0 && commands[i - 1].starts_with("+");
      if (i == restart_at && !is_amid_batch) desk.RestartAndReconnect();
      desk.Do(commands[i]);
    }
    const std::string got = EndsOf(desk.store());
    if (restart_at > commands.size() - 1) want = got;
    ASSERT_EQ(got, want) << "restarted before command " << restart_at + 1 << ": "
                         << (restart_at < commands.size() ? commands[restart_at] : "none");
  }
}

// Without the worker that stays away: after a restart it has the whole time once more; and without
// what is about whose turn it is: shares begin anew; and what is lost with a restart, a request to
// taint that was not answered, or what sources were found to hold, which workers ask for again; and
// what is granted ahead.
std::vector<std::filesystem::path> Transcripts() {
  auto files = TranscriptsIn("schedule");
  std::erase_if(files, [](const auto& file) {
    return file.stem() == "lost_worker" || file.stem() == "order" ||
           file.stem() == "taint_meanwhile" || file.stem() == "source_edited" ||
           file.stem() == "ahead";
  });
  return files;
}
INSTANTIATE_TEST_SUITE_P(, ScheduleRestart, testing::ValuesIn(Transcripts()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace fft
