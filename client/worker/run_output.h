#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/worker/fd.h"

namespace fft {

/// Where what a run prints goes: `log` up to a cap, then a line that says how much was cut;
/// `said`, the JSON lines of standard output that mean something to us, whatever the cap; or, for a
/// captured run, standard output to `stdout.TURN`.  Files are made when there is something to put
/// in. Whole lines of the two streams are kept whole.  Owned by the guardian's one thread.
class RunOutput {
 public:
  struct Limits {
    std::int64_t log_max = 1 << 20;
    std::int64_t stdout_max = 0;  // above 0: captured
  };
  RunOutput(std::string folder, int turn, Limits limits)
      : folder_(std::move(folder)), turn_(turn), limits_(limits) {}

  void FromStdout(std::string_view bytes);
  void FromStderr(std::string_view bytes);
  /// After the last byte of both.
  void Finish();

  std::int64_t log_bytes() const { return log_bytes_; }
  bool is_stdout_over() const {
    return limits_.stdout_max > 0 && stdout_bytes_ > limits_.stdout_max;
  }
  /// Path and errno when `said` or captured output could not be kept; else empty.
  const std::string& capture_error() const { return capture_error_; }

 private:
  void AddToLog(std::string_view bytes, std::string* tail);
  void WriteLog(std::string_view bytes);
  void Listen(std::string_view bytes);
  void EndSaidLine();
  void Capture(std::string_view bytes, const std::string& name, Fd* file);

  const std::string folder_;
  const int turn_;
  const Limits limits_;
  Fd log_, said_, stdout_;
  std::string out_tail_, err_tail_;  // unfinished lines
  std::int64_t log_bytes_ = 0;       // given
  std::int64_t log_kept_ = 0;
  bool is_log_broken_ = false;
  std::int64_t stdout_bytes_ = 0;
  std::int64_t said_bytes_ = 0;
  bool is_line_start_ = true;
  bool is_listening_ = false;  // to a line that began with a brace
  std::string said_line_;
  std::string capture_error_;
};

}  // namespace fft
