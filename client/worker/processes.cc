#include "client/worker/processes.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <set>
#include <unordered_map>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <dirent.h>
#include <fmt/core.h>

#include "client/worker/fd.h"
#include "server/base/handle.h"

namespace fft {
namespace {

constexpr unsigned kKernelThread = 0x00200000;  // PF_KTHREAD
constexpr int kExecPatience = 40;               // scans, of 5 ms

std::string ReadProc(const std::string& path, std::size_t bytes_max) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char piece[16384];
  while (fd && text.size() < bytes_max) {
    const ssize_t n = ::read(fd.get(), piece, sizeof piece);
    if (n <= 0) break;
    text.append(piece, static_cast<std::size_t>(n));
  }
  return text;
}

std::vector<pid_t> AllPids() {
  std::vector<pid_t> pids;
  const Handle<DIR, ::closedir> folder(::opendir("/proc"));
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

/// Waits until the processes behind `pidfds` have ended.
void AwaitEnds(const std::vector<Fd>& pidfds) {
  for (const Fd& fd : pidfds) {
    pollfd waits{fd.get(), POLLIN, 0};
    while (::poll(&waits, 1, 5000) < 0 && errno == EINTR) continue;
  }
}

bool IsOver(pid_t pid) {
  const ProcessStat stat = StatOf(pid);
  return stat.pid == 0 || stat.is_dead || stat.is_kernel;
}

}  // namespace

std::string RunMarker(std::int64_t run, std::int64_t epoch) {
  return fmt::format("{}@{}", run, epoch);
}

std::vector<pid_t> ChildrenOfThisThread() {
  // Nobody but us reaps our children, so that the list can't lose a place while it is read.
  static const std::string path = fmt::format("/proc/self/task/{}/children", ::syscall(SYS_gettid));
  const std::string text = ReadProc(path, 4 << 20);
  std::vector<pid_t> pids;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error != std::errc()) break;
    pids.push_back(pid);
    at = next + 1;
  }
  return pids;
}

ProcessStat StatOf(pid_t pid) {
  const std::string text = ReadProc(fmt::format("/proc/{}/stat", pid), 4096);
  const std::size_t name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return {};
  ProcessStat stat;
  long long rss_pages = 0;
  unsigned flags = 0;
  char state = 0;
  // state ppid pgrp session ... rss is the 22nd field after the name.
  const int read = std::sscanf(text.c_str() + name_end + 1,
                               " %c %d %*d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d"
                               " %*d %*d %*u %*u %lld",
                               &state, &stat.parent, &stat.session, &flags, &rss_pages);
  if (read < 4) return {};
  stat.is_dead = state == 'Z' || state == 'X';
  stat.is_kernel = (flags & kKernelThread) != 0;
  stat.pid = pid;
  stat.rss_bytes = read == 5 ? rss_pages * ::sysconf(_SC_PAGESIZE) : 0;
  return stat;
}

std::optional<std::string> MarkerOf(pid_t pid) {
  const std::string text = ReadProc(fmt::format("/proc/{}/environ", pid), 4 << 20);
  if (text.empty()) return std::nullopt;
  const std::string_view all = text;
  std::size_t at = 0;
  while (at < all.size()) {
    const std::string_view entry = all.substr(at, all.find('\0', at) - at);
    at += entry.size() + 1;
    if (!entry.starts_with(kRunVariable) || entry.size() <= kRunVariable.size()) continue;
    if (entry[kRunVariable.size()] == '=')
      return std::string(entry.substr(kRunVariable.size() + 1));
  }
  return std::string();
}

std::vector<ProcessStat> AllProcesses() {
  std::vector<ProcessStat> all;
  for (const pid_t pid : AllPids()) {
    const ProcessStat stat = StatOf(pid);
    if (stat.pid != 0) all.push_back(stat);
  }
  return all;
}

std::map<pid_t, std::int64_t> RssOfSessions(const std::vector<pid_t>& leaders) {
  const std::vector<ProcessStat> all = AllProcesses();
  std::unordered_map<pid_t, const ProcessStat*> by_pid;
  for (const ProcessStat& stat : all) by_pid[stat.pid] = &stat;
  std::map<pid_t, std::int64_t> rss;
  for (const pid_t leader : leaders) rss[leader] = 0;
  for (const ProcessStat& stat : all) {
    // Up the parents until one belongs to a leader's session.
    const ProcessStat* at = &stat;
    for (int depth = 0; at != nullptr && depth < 64 && !rss.contains(at->session); ++depth) {
      const auto parent = by_pid.find(at->parent);
      at = parent == by_pid.end() ? nullptr : parent->second;
    }
    if (at != nullptr && rss.contains(at->session)) rss[at->session] += stat.rss_bytes;
  }
  return rss;
}

int KillMarked(const std::vector<std::string>& markers, const std::vector<pid_t>& leaders) {
  const std::set<std::string> wanted(markers.begin(), markers.end());
  std::set<pid_t> killed;
  // A leader's number may be another's by now: only one that still carries a marker is ours.
  for (const pid_t leader : leaders) {
    if (wanted.contains(MarkerOf(leader).value_or(""))) ::kill(-leader, SIGKILL);
  }
  for (int patience = kExecPatience; true;) {
    std::vector<Fd> dying;
    bool are_all_known = true;
    for (const pid_t pid : AllPids()) {
      // The pidfd first: if the environment read after it is the run's, the pidfd is the run's too.
      Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      if (!pidfd) continue;
      const std::optional<std::string> marker = MarkerOf(pid);
      if (!marker) are_all_known = are_all_known && IsOver(pid);
      if (!marker || !wanted.contains(*marker)) continue;
      ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
      killed.insert(pid);
      dying.push_back(std::move(pidfd));
    }
    if (!dying.empty()) {
      AwaitEnds(dying);
      continue;
    }
    // One that is just being executed shows its environment a moment later; one that has none
    // never.
    if (are_all_known || --patience == 0) return static_cast<int>(killed.size());
    ::poll(nullptr, 0, 5);
  }
}

}  // namespace fft
