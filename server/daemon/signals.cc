#include "server/daemon/signals.h"

#include <csignal>

#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "server/base/check.h"
#include "server/base/log.h"

namespace fft {

namespace {

sigset_t Ends() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGHUP);  // the terminal is gone
  return ends;
}

}  // namespace

Signals::Signals() {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t ends = Ends();
  FFT_CHECK(pthread_sigmask(SIG_BLOCK, &ends, nullptr) == 0);
  descriptor_ = Descriptor(signalfd(-1, &ends, SFD_CLOEXEC));
  FFT_CHECK(static_cast<bool>(descriptor_));
}

int Signals::Wait(Duration wait) const {
  pollfd polled{descriptor_.value(), POLLIN, 0};
  if (poll(&polled, 1, wait.count() < 0 ? -1 : static_cast<int>(wait.count())) <= 0) return 0;
  signalfd_siginfo got{};
  return read(descriptor_.value(), &got, sizeof got) == sizeof got ? static_cast<int>(got.ssi_signo)
                                                                   : 0;
}

void Signals::EndAtOnce() const {
  const sigset_t ends = Ends();
  FFT_CHECK(pthread_sigmask(SIG_UNBLOCK, &ends, nullptr) == 0);
}

void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) LogWarning("cannot raise the limit of open files");
}

}  // namespace fft
