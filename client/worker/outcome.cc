#include "client/worker/outcome.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/core.h>

#include "client/worker/fd.h"
#include "client/worker/times.h"

namespace fft {
namespace {

namespace v1 = build::v1;
constexpr int kRetriableExit = 75;  // EX_TEMPFAIL
constexpr int kNotFoundExit = 127;  // of shells and env

std::string SignalName(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

bool IsJobsOwn(int signal) {
  static constexpr std::array kOwn = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS};
  return std::find(kOwn.begin(), kOwn.end(), signal) != kOwn.end();
}

/// What stands behind `#!` in a program, or names its loader.
std::string InterpreterOf(const std::string& program) {
  const Fd fd(::open(program.c_str(), O_RDONLY | O_CLOEXEC));
  char head[256];
  const ssize_t n = fd ? ::read(fd.get(), head, sizeof head) : -1;
  if (n < 4) return "";
  const std::string_view text(head, static_cast<std::size_t>(n));
  if (text.starts_with("\177ELF")) return "its ELF loader";
  if (!text.starts_with("#!")) return "";
  const std::string_view line = text.substr(2, text.find('\n') - 2);
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  const std::size_t end = line.find_first_of(" \t\r", begin);
  return "interpreter " + std::string(line.substr(begin, end - begin));
}

struct Verdict {
  v1::Outcome outcome;
  std::string message;
};

Verdict JudgeSpawn(const worker::Exit& exit, const v1::Grant& grant, const std::string& program) {
  const std::string& name = grant.config().executable();
  char buffer[128];
  const char* text = ::strerror_r(exit.spawn_errno(), buffer, sizeof buffer);
  const bool is_exec = exit.spawn_step() == "exec";
  switch (is_exec ? exit.spawn_errno() : 0) {
    case ENOENT:
      if (::access(program.c_str(), F_OK) != 0) {
        return {v1::OUTCOME_INFRASTRUCTURE,
                fmt::format("executable {} vanished from the worker's folder", name)};
      }
      return {v1::OUTCOME_FAILED,
              fmt::format("{} of {} does not exist on this worker", InterpreterOf(program), name)};
    case ENOEXEC:
      return {v1::OUTCOME_FAILED,
              fmt::format("{} is no program of this machine and has no `#!` line", name)};
    case EACCES:
      return {
          v1::OUTCOME_FAILED,
          fmt::format("{} may not be executed: it was not executable when it was deployed", name)};
    case E2BIG:
      return {
          v1::OUTCOME_FAILED,
          fmt::format("arguments and environment of {} are larger than the system allows", name)};
    default:
      return {v1::OUTCOME_INFRASTRUCTURE,
              fmt::format("{} could not be started: {}: {}", name, exit.spawn_step(), text)};
  }
}

Verdict JudgeEnd(const worker::Exit& exit, const v1::Grant& grant) {
  switch (exit.stopped()) {
    case worker::STOPPED_BY_ORDER: return {v1::OUTCOME_CANCELLED, "stopped by the daemon"};
    case worker::STOPPED_BY_GUARDIAN_END:
      return {v1::OUTCOME_INFRASTRUCTURE, "stopped with its worker"};
    case worker::STOPPED_BY_WALL_LIMIT:
      return {v1::OUTCOME_TIME_LIMIT,
              fmt::format("ran longer than its limit of {} ms", WallMax(grant).count())};
    case worker::STOPPED_BY_MEMORY_LIMIT:
      return {v1::OUTCOME_MEMORY_LIMIT, fmt::format("used more memory than its limit of {} bytes",
                                                    grant.limits().memory_max_bytes())};
    case worker::STOPPED_BY_STDOUT_LIMIT:
      return {v1::OUTCOME_FAILED, fmt::format("printed more than {} bytes", kStdoutBytesMax)};
    default: break;
  }
  if (IsJobsOwn(exit.signal())) {
    return {v1::OUTCOME_FAILED, fmt::format("ended by {}", SignalName(exit.signal()))};
  }
  if (exit.signal() != 0) {
    return {v1::OUTCOME_INFRASTRUCTURE,
            fmt::format("killed from outside by {}", SignalName(exit.signal()))};
  }
  if (exit.exit_code() == kRetriableExit) return {v1::OUTCOME_RETRIABLE, "exit code 75: try again"};
  if (exit.exit_code() == kNotFoundExit) {
    return {v1::OUTCOME_FAILED, "exit code 127: a program that it needs was not found"};
  }
  if (exit.exit_code() != 0) {
    return {v1::OUTCOME_FAILED, fmt::format("exit code {}", exit.exit_code())};
  }
  if (!exit.capture_error().empty()) return {v1::OUTCOME_INFRASTRUCTURE, exit.capture_error()};
  return {v1::OUTCOME_SUCCEEDED, ""};
}

void CopyNumbers(const worker::Exit& exit, v1::RunReport* report) {
  report->set_exit_code(exit.exit_code());
  report->set_signal(exit.signal());
  *report->mutable_start_time() = ToTimestamp(exit.started_ms());
  *report->mutable_end_time() = ToTimestamp(exit.ended_ms());
  report->set_cpu_ms(exit.spawn_errno() != 0 ? -1 : exit.cpu_ms());
  report->set_rss_max_bytes(exit.spawn_errno() != 0 ? -1 : exit.rss_max_bytes());
  report->set_log_bytes(exit.log_bytes());
}

}  // namespace

v1::RunReport ReportWithoutExit(const v1::Grant& grant, v1::Outcome outcome,
                                const std::string& message) {
  v1::RunReport report;
  report.set_run(grant.run());
  report.set_epoch(grant.epoch());
  report.set_outcome(outcome);
  report.set_message(message);
  // Of a process that writes to a warehouse itself nobody knows.
  report.set_left_outputs_alone(!grant.config().in_place() &&
                                grant.config().runner() != v1::RUNNER_SQL);
  report.set_cpu_ms(-1);
  report.set_rss_max_bytes(-1);
  return report;
}

v1::RunReport JudgeExit(const worker::Exit& exit, const v1::Grant& grant,
                        const std::string& last_line) {
  const Verdict verdict =
      exit.spawn_errno() != 0 ? JudgeSpawn(exit, grant, exit.spawn_path()) : JudgeEnd(exit, grant);
  v1::RunReport report = ReportWithoutExit(grant, verdict.outcome, verdict.message);
  CopyNumbers(exit, &report);
  const bool has_reason = verdict.outcome == v1::OUTCOME_FAILED && exit.spawn_errno() == 0;
  if (has_reason && !last_line.empty()) report.mutable_message()->append(": ").append(last_line);
  return report;
}

std::string LastLineOf(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return "";
  char end[2048];
  const off_t size = ::lseek(fd.get(), 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(sizeof end));
  const ssize_t n = ::pread(fd.get(), end, sizeof end, from);
  std::string_view text(end, n > 0 ? static_cast<std::size_t>(n) : 0);
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return "";
  text = text.substr(0, last + 1);
  if (const std::size_t line = text.rfind('\n'); line != std::string_view::npos) {
    text.remove_prefix(line + 1);
  }
  std::string line;
  for (const char c : text.substr(0, 300)) {
    // Messages travel as UTF-8; a log may hold anything.
    const bool is_plain =
        static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F;
    line.push_back(is_plain ? c : '?');
  }
  return line;
}

}  // namespace fft
