#include "client/ctl/interrupts.h"

#include <csignal>
#include <ctime>
#include <iostream>
#include <utility>

#include <pthread.h>

namespace fft {

namespace {

constexpr int kWake = SIGUSR1;  // ends the listener

sigset_t Signals(bool with_wake) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  if (with_wake) sigaddset(&signals, kWake);
  return signals;
}

}  // namespace

Interrupts::Interrupts(std::string before) : before_(std::move(before)) {
  const sigset_t signals = Signals(true);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  listener_ = std::jthread([this, signals] {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0 || signal != SIGINT) return;
    if (!is_listening_) {
      std::cerr << before_ << std::flush;
      const sigset_t interrupt = Signals(false);
      pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
      raise(SIGINT);
    }
    source_.request_stop();
  });
}

Interrupts::~Interrupts() {
  pthread_kill(listener_.native_handle(), kWake);
  listener_.join();
}

bool Interrupts::WaitForAnother(Duration limit) {
  const sigset_t signals = Signals(false);
  const timespec wait{static_cast<std::time_t>(limit.count() / 1000),
                      static_cast<long>(limit.count() % 1000) * 1'000'000};
  return sigtimedwait(&signals, nullptr, &wait) == SIGINT;
}

}  // namespace fft
