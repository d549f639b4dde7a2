#pragma once

#include <string>

#include <sys/types.h>

#include "server/base/status.h"

namespace fft {

/// A short-lived Python process that answers each line with a line.  What it writes to standard
/// error is for people and goes where ours goes.  Used by one thread.
class PythonProcess {
 public:
  /// `python` runs `module`, a package in `folder`.
  static StatusOr<PythonProcess> Start(const std::string& python, const std::string& folder,
                                       const std::string& module);
  PythonProcess(PythonProcess&& other) noexcept;
  PythonProcess& operator=(PythonProcess&& other) noexcept;
  /// Ends the process, and waits for its end.
  ~PythonProcess();

  /// `line` holds no newline; nor does the answer.
  StatusOr<std::string> Ask(std::string line);

 private:
  PythonProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  void End();

  pid_t pid_ = -1;
  int socket_ = -1;
  std::string rest_;  // read beyond the last answer
};

}  // namespace fft
