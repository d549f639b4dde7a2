#pragma once

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>

#include "server/base/time.h"

namespace fft {

/// Turns Ctrl-C into a stop token.  Until Listen() Ctrl-C ends the process, as ever; after it, it
/// ends nothing by itself.  Make it before any other thread, because threads inherit who hears
/// signals.  One a process.
class Interrupts {
 public:
  /// `before`: what is said when it ends the process.
  explicit Interrupts(std::string before);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  void Listen() { is_listening_ = true; }
  /// Stops at the first Ctrl-C.
  std::stop_token token() const { return source_.get_token(); }
  /// Waits for one more Ctrl-C; false when none came for so long.
  bool WaitForAnother(Duration limit);

 private:
  const std::string before_;
  std::stop_source source_;
  std::atomic<bool> is_listening_ = false;
  std::jthread listener_;
};

}  // namespace fft
