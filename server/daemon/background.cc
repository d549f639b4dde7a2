// Daemons that another process of this program starts, finds and stops.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <sys/stat.h>

#include "server/base/log.h"
#include "server/daemon/dev.h"
#include "server/daemon/notify.h"
#include "server/daemon/pid_file.h"
#include "server/daemon/process.h"

namespace fft {

namespace {

constexpr Duration kReadyLimit{600'000};  // PostgreSQL may have to be made, or to recover
constexpr Duration kStopLimit{180'000};

std::string Self() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

/// What the log holds from `begin` on: why a daemon did not come up.
std::string LogFrom(const std::string& path, std::streamoff begin) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(begin);
  std::string text(std::istreambuf_iterator<char>(file), {});
  constexpr std::size_t kShown = 2'000;
  if (text.size() > kShown) text = "..." + text.substr(text.size() - kShown);
  return text;
}

}  // namespace

StatusOr<std::string> RunInBackground(const std::string& data_dir,
                                      std::vector<std::string> arguments) {
  std::error_code error;
  std::filesystem::create_directories(data_dir, error);
  if (error) return Error(Code::kPermissionDenied, "cannot make {}: {}", data_dir, error.message());
  if (const std::optional<pid_t> holder = PidFile::Holder(data_dir)) {
    if (ProcLink(*holder, "exe") == Self())
      return fmt::format("fftd (pid {}) runs already in {}", *holder, data_dir);
    LogInfo("replacing fftd (pid {}), which is another build of this program", *holder);
    if (Status stopped = StopDev(data_dir); !stopped.ok()) return stopped;
  }
  const StatusOr<ReadySignal> ready = ReadySignal::Make();
  if (!ready.ok()) return ready.status();
  Program program{.argv = {Self()},
                  .environment = EnvironmentWithout({}),
                  // Arguments may hold relative paths.
                  .folder = std::filesystem::current_path(error).string(),
                  .log = data_dir + "/fftd.log"};
  program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
  program.environment.push_back(ready->variable());
  const auto log_begin = std::filesystem::file_size(program.log, error);
  const StatusOr<pid_t> pid = Spawn(program);
  if (!pid.ok()) return pid.status();
  StatusOr<std::string> text = ready->Await(*pid, kReadyLimit);
  if (text.ok()) return *text + fmt::format("\n  log      {}", program.log);
  return Error(text.status().code(), "{}; its log {} says:\n{}", Message(text.status()),
               program.log,
               LogFrom(program.log, error ? 0 : static_cast<std::streamoff>(log_begin)));
}

Status StopDev(const std::string& data_dir) {
  const std::optional<pid_t> pid = PidFile::Holder(data_dir);
  if (!pid) return Error(Code::kNotFound, "no fftd runs in {}", data_dir);
  if (kill(*pid, SIGTERM) != 0)
    return Error(Code::kPermissionDenied, "fftd (pid {}) belongs to somebody else", *pid);
  if (!WaitForEnd(*pid, -1, kStopLimit))
    return Error(Code::kDeadlineExceeded, "fftd (pid {}) has not ended after {} s", *pid,
                 kStopLimit.count() / 1'000);
  return Ok();
}

}  // namespace fft
