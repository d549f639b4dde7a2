#include "server/daemon/pid_file.h"

#include <cerrno>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <system_error>

namespace fft {

namespace {

std::string PathIn(const std::string& folder) { return folder + "/fftd.pid"; }

pid_t ReadPid(const std::string& path) {
  std::ifstream file(path);
  pid_t pid = 0;
  file >> pid;
  return pid;
}

}  // namespace

StatusOr<PidFile> PidFile::Take(const std::string& folder) {
  const std::string path = PathIn(folder);
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file)
    return Error(Code::kPermissionDenied, "cannot open {}: {}", path,
                 std::generic_category().message(errno));
  if (flock(file.value(), LOCK_EX | LOCK_NB) != 0)
    return Error(Code::kFailedPrecondition, "another fftd (pid {}) works in {}", ReadPid(path),
                 folder);
  const std::string text = std::to_string(getpid()) + "\n";
  if (ftruncate(file.value(), 0) != 0 ||
      pwrite(file.value(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return Error(Code::kUnavailable, "cannot write {}: {}", path,
                 std::generic_category().message(errno));
  return PidFile(std::move(file));
}

std::optional<pid_t> PidFile::Holder(const std::string& folder) {
  const std::string path = PathIn(folder);
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || flock(file.value(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  const pid_t pid = ReadPid(path);
  if (pid <= 0) return std::nullopt;
  return pid;
}

}  // namespace fft
