#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace fft {

/// What /proc/PID/stat says of a process.
struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  std::int64_t rss_bytes = 0;
  bool is_dead = false;  // a zombie
  bool is_kernel = false;
};

/// The environment variable by which a run's processes are known: `RUN@EPOCH`.
inline constexpr std::string_view kRunVariable = "FFT_RUN";
std::string RunMarker(std::int64_t run, std::int64_t epoch);

/// The direct children of the calling thread, zombies among them.
std::vector<pid_t> ChildrenOfThisThread();

/// Pid 0 when there is no such process.
ProcessStat StatOf(pid_t pid);

/// The value of FFT_RUN in the environment with which `pid` was executed; empty: it has none.  None
/// at all while an environment can't be read: the process is gone, dead, or just being executed.
std::optional<std::string> MarkerOf(pid_t pid);

/// Of every process of this machine.
std::vector<ProcessStat> AllProcesses();

/// Resident bytes of each session leader's session together with its leader's descendants.
std::map<pid_t, std::int64_t> RssOfSessions(const std::vector<pid_t>& leaders);

/// Kills every process whose FFT_RUN is one of `markers`, again and again until none is left; says
/// how many there were.  `leaders`: process groups to kill first.  Blocks until they are gone.
int KillMarked(const std::vector<std::string>& markers, const std::vector<pid_t>& leaders);

}  // namespace fft
