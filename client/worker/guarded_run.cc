#include "client/worker/guarded_run.h"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/worker/processes.h"
#include "client/worker/spawn.h"

namespace fft {
namespace {

constexpr int kReadsMax = 16;  // of one pipe at a time, so that a loud job can't starve the others

std::int64_t Millis(const timeval& t) { return std::int64_t{t.tv_sec} * 1000 + t.tv_usec / 1000; }

/// Reads until the pipe is empty, ended (closes it), or kReadsMax pieces were taken.
template <class Take>
void Drain(Fd* pipe, int reads_max, Take take) {
  static std::array<char, 1 << 16> piece;
  for (int i = 0; i < reads_max && *pipe; ++i) {
    const ssize_t n = ::read(pipe->get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    if (n == 0) return pipe->Close();
    take(std::string_view(piece.data(), static_cast<std::size_t>(n)));
  }
}

}  // namespace

GuardedRun::GuardedRun(worker::Start start, TimePoint now)
    : start_(std::move(start)),
      marker_(RunMarker(start_.run(), start_.epoch())),
      output_(start_.folder(), start_.turn(), {start_.log_max_bytes(), start_.stdout_max_bytes()}) {
  exit_.set_run(start_.run());
  exit_.set_epoch(start_.epoch());
  exit_.set_turn(start_.turn());
  exit_.set_started_ms(ToMillis(now));
}

bool GuardedRun::Launch(int stdin_fd, TimePoint now) {
  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  const bool are_piped = ::pipe2(out, O_CLOEXEC) == 0 && ::pipe2(err, O_CLOEXEC) == 0;
  const int pipe_error = errno;
  out_ = Fd(out[0]);
  err_ = Fd(err[0]);
  const Fd out_end(out[1]);
  const Fd err_end(err[1]);
  Spawned spawned{-1, pipe_error, "pipe"};
  if (are_piped) {
    ::fcntl(out[0], F_SETFL, O_NONBLOCK);
    ::fcntl(err[0], F_SETFL, O_NONBLOCK);
    spawned = Spawn({start_.executable(),
                     {start_.argv().begin(), start_.argv().end()},
                     {start_.env().begin(), start_.env().end()},
                     start_.cwd(),
                     stdin_fd,
                     out[1],
                     err[1]});
  }
  if (spawned.pid < 0) {
    exit_.set_spawn_errno(spawned.error);
    exit_.set_spawn_step(spawned.step);
    exit_.set_spawn_path(start_.executable());
    exit_.set_ended_ms(ToMillis(now));
    return false;
  }
  pid_ = spawned.pid;
  if (start_.wall_max_ms() > 0) due_ = now + Duration(start_.wall_max_ms());
  return true;
}

void GuardedRun::Read(Stream stream) {
  if (stream == Stream::kStdout) {
    Drain(&out_, kReadsMax, [this](std::string_view bytes) { output_.FromStdout(bytes); });
  } else {
    Drain(&err_, kReadsMax, [this](std::string_view bytes) { output_.FromStderr(bytes); });
  }
}

void GuardedRun::Signal(int signal) {
  if (!is_leader_gone_) ::kill(-pid_, signal);
}

void GuardedRun::Stop(worker::Stopped why, TimePoint now) {
  if (is_stopping_ || is_leader_gone_) return;
  if (start_.kill_after_ms() <= 0) return StopAtOnce(why, now);
  is_stopping_ = true;
  exit_.set_stopped(why);
  due_ = now + Duration(start_.kill_after_ms());
  Signal(SIGTERM);
  Signal(SIGCONT);  // a stopped process would never see it
}

void GuardedRun::StopAtOnce(worker::Stopped why, TimePoint) {
  if (!is_stopping_ && !is_leader_gone_) exit_.set_stopped(why);
  is_stopping_ = true;
  due_ = TimePoint::max();
  Signal(SIGKILL);
}

void GuardedRun::Tick(TimePoint now) {
  if (!is_stopping_ && output_.is_stdout_over()) {
    return StopAtOnce(worker::STOPPED_BY_STDOUT_LIMIT, now);
  }
  if (now < due_) return;
  if (is_stopping_) {
    due_ = TimePoint::max();
    return Signal(SIGKILL);
  }
  Stop(worker::STOPPED_BY_WALL_LIMIT, now);
}

void GuardedRun::LeaderEnded() { Signal(SIGKILL); }

void GuardedRun::LeaderReaped(int status, const rusage& usage, TimePoint now) {
  is_leader_gone_ = true;
  due_ = TimePoint::max();
  if (WIFEXITED(status)) exit_.set_exit_code(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) exit_.set_signal(WTERMSIG(status));
  exit_.set_ended_ms(ToMillis(now));
  exit_.set_cpu_ms(Millis(usage.ru_utime) + Millis(usage.ru_stime));
  exit_.set_rss_max_bytes(std::int64_t{usage.ru_maxrss} * 1024);
}

void GuardedRun::Finish() {
  // All writers are dead: what the pipes hold is all there will be.
  Drain(&out_, 1 << 20, [this](std::string_view bytes) { output_.FromStdout(bytes); });
  Drain(&err_, 1 << 20, [this](std::string_view bytes) { output_.FromStderr(bytes); });
  out_.Close();
  err_.Close();
  output_.Finish();
  if (output_.is_stdout_over()) exit_.set_stopped(worker::STOPPED_BY_STDOUT_LIMIT);
  exit_.set_log_bytes(output_.log_bytes());
  exit_.set_capture_error(output_.capture_error());
}

}  // namespace fft
