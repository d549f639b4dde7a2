#include "client/worker/guardian.h"

#include <algorithm>
#include <csignal>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "client/worker/processes.h"
#include "server/base/clock.h"
#include "server/base/log.h"

namespace fft {
namespace {

constexpr Duration kMemoryEvery{50};
constexpr Duration kLeftoversEvery{20};
constexpr Duration kStrangersPatience{100};

}  // namespace

StatusOr<std::unique_ptr<Guardian>> Guardian::Open(GuardianOptions options) {
  std::unique_ptr<Guardian> guardian(new Guardian(std::move(options)));
  if (const Status s = guardian->Prepare(); !s.ok()) return s;
  if (const Status s = guardian->Listen(); !s.ok()) return s;
  return guardian;
}

Guardian::~Guardian() {
  if (listen_) ::unlink((options_.dir + "/guardian.sock").c_str());
}

Status Guardian::Prepare() {
  clock_now_ = agent_lost_at_ = SystemClock().Now();
  const std::string lock = options_.dir + "/guardian.lock";
  lock_ = Fd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) return ErrnoStatus(Code::kUnavailable, lock);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error(Code::kFailedPrecondition, "{} is held by another guardian", lock);
  }
  null_ = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  sigset_t handled;
  ::sigemptyset(&handled);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT}) ::sigaddset(&handled, signal);
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  signals_ = Fd(::signalfd(-1, &handled, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!null_ || !epoll_ || !signals_) return ErrnoStatus(Code::kUnavailable, "guardian");
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return ErrnoStatus(Code::kUnavailable, "subreaper");
  auto exits = ExitRecords::Open(options_.dir + "/exits");
  if (!exits.ok()) return exits.status();
  exits_ = std::make_unique<ExitRecords>(*std::move(exits));
  instance_ = fmt::format("{}-{}", ::getpid(), ToMillis(clock_now_));
  Watch(signals_.get(), TagOf(kSignals));
  return Ok();
}

Status Guardian::Listen() {
  const std::string path = options_.dir + "/guardian.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error(Code::kInvalidArgument, "{}: longer than {} bytes, too long for a socket", path,
                 sizeof address.sun_path - 1);
  }
  path.copy(address.sun_path, path.size());
  ::unlink(path.c_str());  // of a guardian that was killed: the lock is ours
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const mode_t before = ::umask(077);
  const bool is_bound =
      fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(before);
  if (!is_bound || ::listen(fd.get(), 8) != 0) return ErrnoStatus(Code::kUnavailable, path);
  listen_ = std::move(fd);
  Watch(listen_.get(), TagOf(kListen));
  return Ok();
}

void Guardian::Watch(int fd, std::uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

Status Guardian::Run() {
  epoll_event events[64];
  while (!is_ending_ || !runs_.empty()) {
    const int n = ::epoll_wait(epoll_.get(), events, 64, WaitMs());
    if (n < 0 && errno != EINTR) return ErrnoStatus(Code::kInternal, "epoll_wait");
    clock_now_ = SystemClock().Now();
    // The agent last: a dead agent's orders are all read before a new one is let in.
    for (int i = 0; i < n; ++i) Handle(events[i].data.u64);
    Tick();
    FinishRuns();
    StartWhatFits();
    exits_->Flush();
    SendNotice();
    if (is_ending_when_idle_ && runs_.empty()) is_ending_ = true;
  }
  return Ok();
}

void Guardian::Handle(std::uint64_t tag) {
  const auto id = static_cast<std::uint32_t>(tag & 0xFFFFFFFFu);
  switch (static_cast<Tag>(tag >> 32)) {
    case kListen: return Accept();
    case kAgent: return ReadAgent();
    case kSignals: return ReadSignals();
    case kStdout:
    case kStderr:
      if (const auto run = runs_.find(id); run != runs_.end()) {
        const bool is_stdout = static_cast<Tag>(tag >> 32) == kStdout;
        run->second->Read(is_stdout ? GuardedRun::Stream::kStdout : GuardedRun::Stream::kStderr);
        run->second->Tick(Now());
      }
  }
}

void Guardian::ReadSignals() {
  signalfd_siginfo info[16];
  const ssize_t n = ::read(signals_.get(), info, sizeof info);
  const std::size_t count = n > 0 ? static_cast<std::size_t>(n) / sizeof info[0] : 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (info[i].ssi_signo == SIGCHLD) continue;
    LogInfo("the guardian was told to end by signal {}", info[i].ssi_signo);
    StopAll(worker::STOPPED_BY_GUARDIAN_END);
  }
  Reap();
}

void Guardian::Reap() {
  while (true) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const auto leader = leaders_.find(info.si_pid);
    GuardedRun* run = leader == leaders_.end() ? nullptr : runs_.at(leader->second).get();
    if (run != nullptr) run->LeaderEnded();
    int status = 0;
    rusage usage{};
    if (::wait4(info.si_pid, &status, 0, &usage) != info.si_pid || run == nullptr) continue;
    run->LeaderReaped(status, usage, Now());
    leaders_.erase(leader);
    ++leaders_gone_;
  }
}

void Guardian::FinishRuns() {
  if (leaders_gone_ == 0) return;
  const std::set<std::uint32_t> lingering = KillLeftovers();
  std::vector<std::uint32_t> ended;
  for (const auto& [id, run] : runs_) {
    if (run->is_leader_gone() && !lingering.contains(id)) ended.push_back(id);
  }
  for (const std::uint32_t id : ended) EndRun(id);
}

/// One whose first thread alone has ended looks dead as well, and goes on.
bool IsReapable(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

std::set<std::uint32_t> Guardian::KillLeftovers() {
  std::set<std::uint32_t> lingering;
  const std::vector<pid_t> children = ChildrenOfThisThread();
  for (const pid_t pid : children) {
    if (!leaders_.contains(pid)) Judge(pid, &lingering);
  }
  std::erase_if(strangers_, [&children](const auto& stranger) {
    return std::find(children.begin(), children.end(), stranger.first) == children.end();
  });
  return lingering;
}

void Guardian::Judge(pid_t pid, std::set<std::uint32_t>* lingering) {
  // Reparented to us.  Its session or its environment tells whose it was; of a live run it may
  // stay.
  const ProcessStat stat = StatOf(pid);
  const auto add_ended = [this](std::set<std::uint32_t>* to) {
    for (const auto& [id, run] : runs_)
      if (run->is_leader_gone()) to->insert(id);
  };
  // Dead since the list was read: its own children became ours after that.  Once it is reaped the
  // next list has them.
  if (stat.pid == 0 || (stat.is_dead && IsReapable(pid))) return add_ended(lingering);
  if (leaders_.contains(stat.session)) return;
  const std::optional<std::string> marker = MarkerOf(pid);
  std::set<std::uint32_t> owners;
  bool is_of_live_run = false;
  for (const auto& [id, run] : runs_) {
    const bool is_its = run->pid() == stat.session || (marker && run->marker() == *marker);
    if (is_its && run->is_leader_gone()) owners.insert(id);
    is_of_live_run = is_of_live_run || (is_its && !run->is_leader_gone());
  }
  if (is_of_live_run) return;
  if (owners.empty()) {
    // It hides whose it is, or is just being executed, which takes a moment.
    add_ended(&owners);
    const TimePoint since = strangers_.try_emplace(pid, Now()).first->second;
    if (Now() - since >= kStrangersPatience) ::kill(pid, SIGKILL);
  } else {
    ::kill(pid, SIGKILL);
  }
  lingering->merge(owners);
}

void Guardian::EndRun(std::uint32_t id) {
  const auto it = runs_.find(id);
  GuardedRun& run = *it->second;
  if (run.is_leader_gone()) --leaders_gone_;
  run.Finish();
  exits_->Add(run.exit());
  *notice_.add_exits() = run.exit();
  ids_.erase({run.start().run(), run.start().turn()});
  slots_used_ -= run.start().slots();
  runs_.erase(it);
}

void Guardian::StopAll(worker::Stopped why) {
  is_ending_ = true;
  queue_.clear();
  for (const auto& [id, run] : runs_) run->Stop(why, Now());
}

void Guardian::CheckMemory() {
  std::vector<pid_t> leaders;
  for (const auto& [pid, id] : leaders_) {
    if (runs_.at(id)->start().memory_max_bytes() > 0) leaders.push_back(pid);
  }
  memory_due_ = leaders.empty() ? TimePoint::max() : Now() + kMemoryEvery;
  for (const auto& [pid, rss] : RssOfSessions(leaders)) {
    GuardedRun& run = *runs_.at(leaders_.at(pid));
    if (rss > run.start().memory_max_bytes()) {
      run.StopAtOnce(worker::STOPPED_BY_MEMORY_LIMIT, Now());
    }
  }
}

void Guardian::Tick() {
  for (const auto& [id, run] : runs_) {
    if (run->due() <= Now()) run->Tick(Now());
  }
  if (memory_due_ <= Now()) CheckMemory();
  if (!agent_ && !is_ending_ && Now() - agent_lost_at_ >= options_.orphan_after) {
    LogWarning("no agent for {} s: {} runs are killed", options_.orphan_after.count() / 1000,
               runs_.size());
    StopAll(worker::STOPPED_BY_GUARDIAN_END);
  }
}

int Guardian::WaitMs() const {
  TimePoint due = memory_due_;
  for (const auto& [id, run] : runs_) due = std::min(due, run->due());
  if (!agent_ && !is_ending_) due = std::min(due, agent_lost_at_ + options_.orphan_after);
  if (leaders_gone_ > 0) due = std::min(due, clock_now_ + kLeftoversEvery);
  if (due == TimePoint::max()) return -1;
  const std::int64_t wait = (due - SystemClock().Now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait + 1, 0, 60'000));
}

}  // namespace fft
