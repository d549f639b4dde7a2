#include "client/worker/run_output.h"

#include <algorithm>
#include <array>

#include <fcntl.h>

#include <fmt/core.h>

namespace fft {
namespace {

constexpr std::size_t kTailBytesMax = 4096;  // a longer line is logged in pieces
constexpr std::size_t kSaidLineBytesMax = 1 << 20;
constexpr std::int64_t kSaidBytesMax = 16 << 20;

/// Whether a line is `{"manifest" ...`, `{"metric" ...` or `{"event" ...`.
bool MeansSomething(std::string_view line) {
  const auto skip_space = [&line] {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  };
  if (line.empty() || line.front() != '{') return false;
  line.remove_prefix(1);
  skip_space();
  static constexpr std::array<std::string_view, 3> kKeys = {"\"manifest\"", "\"metric\"",
                                                            "\"event\""};
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [line](std::string_view key) { return line.starts_with(key); });
}

Fd OpenToAppend(const std::string& path) {
  return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
}

}  // namespace

void RunOutput::FromStdout(std::string_view bytes) {
  if (limits_.stdout_max > 0) {
    const std::int64_t room = std::max<std::int64_t>(0, limits_.stdout_max - stdout_bytes_);
    stdout_bytes_ += static_cast<std::int64_t>(bytes.size());
    bytes = bytes.substr(0, static_cast<std::size_t>(room));
    Capture(bytes, fmt::format("stdout.{}", turn_), &stdout_);
    return;
  }
  Listen(bytes);
  AddToLog(bytes, &out_tail_);
}

void RunOutput::FromStderr(std::string_view bytes) { AddToLog(bytes, &err_tail_); }

void RunOutput::Finish() {
  WriteLog(out_tail_);
  WriteLog(err_tail_);
  out_tail_.clear();
  err_tail_.clear();
  EndSaidLine();
  const std::int64_t cut = log_bytes_ - log_kept_;
  if (cut > 0 && log_ && !is_log_broken_) {
    const std::string line =
        fmt::format("\n[{} more bytes were cut: the log's limit is {}]\n", cut, limits_.log_max);
    is_log_broken_ = !WriteAll(log_.get(), line, "log").ok();
  }
  log_.Close();
  said_.Close();
  stdout_.Close();
}

void RunOutput::AddToLog(std::string_view bytes, std::string* tail) {
  const std::size_t last = bytes.rfind('\n');
  if (last == std::string_view::npos) {
    tail->append(bytes);
  } else if (tail->empty()) {
    WriteLog(bytes.substr(0, last + 1));
    tail->assign(bytes.substr(last + 1));
  } else {
    tail->append(bytes.substr(0, last + 1));
    WriteLog(*tail);
    tail->assign(bytes.substr(last + 1));
  }
  if (tail->size() <= kTailBytesMax) return;
  WriteLog(*tail);
  tail->clear();
}

void RunOutput::WriteLog(std::string_view bytes) {
  if (bytes.empty()) return;
  log_bytes_ += static_cast<std::int64_t>(bytes.size());
  const std::int64_t room = std::max<std::int64_t>(0, limits_.log_max - log_kept_);
  bytes = bytes.substr(0, static_cast<std::size_t>(room));
  if (is_log_broken_) return;
  if (!log_) log_ = OpenToAppend(folder_ + "/log");
  is_log_broken_ = !log_ || !WriteAll(log_.get(), bytes, "log").ok();
  if (!is_log_broken_) log_kept_ += static_cast<std::int64_t>(bytes.size());
}

void RunOutput::Listen(std::string_view bytes) {
  while (!bytes.empty()) {
    if (is_line_start_) is_listening_ = bytes.front() == '{';
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (is_listening_) {
      said_line_.append(part.substr(0, kSaidLineBytesMax + 1 - said_line_.size()));
    }
    is_line_start_ = end != std::string_view::npos;
    if (!is_line_start_) return;
    EndSaidLine();
    bytes.remove_prefix(end + 1);
  }
}

void RunOutput::EndSaidLine() {
  if (!is_listening_ || !MeansSomething(said_line_)) {
    said_line_.clear();
    return;
  }
  said_line_.push_back('\n');
  if (said_bytes_ < kSaidBytesMax) Capture(said_line_, "said", &said_);
  said_bytes_ += static_cast<std::int64_t>(said_line_.size());
  said_line_.clear();
}

void RunOutput::Capture(std::string_view bytes, const std::string& name, Fd* file) {
  if (bytes.empty() || !capture_error_.empty()) return;
  const std::string path = folder_ + "/" + name;
  if (!*file) *file = OpenToAppend(path);
  const Status written =
      *file ? WriteAll(file->get(), bytes, path) : ErrnoStatus(Code::kUnavailable, path);
  if (!written.ok()) capture_error_ = Message(written);
}

}  // namespace fft
