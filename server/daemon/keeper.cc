#include "server/daemon/keeper.h"

#include <algorithm>
#include <chrono>

#include <poll.h>
#include <sys/eventfd.h>

#include <pthread.h>

#include "server/base/check.h"
#include "server/base/log.h"
#include "server/daemon/process.h"

namespace fft {

namespace {

constexpr Duration kPauseMin{100};
constexpr Duration kPauseMax{10'000};
/// Who lived so long starts at once next time.
constexpr std::chrono::seconds kLasted{10};
constexpr Duration kLookAgain{3'600'000};

}  // namespace

Keeper::Keeper(std::string name, pid_t pid, Revive revive)
    : name_(std::move(name)),
      revive_(std::move(revive)),
      pid_(pid),
      wake_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {
  FFT_CHECK(static_cast<bool>(wake_));
}

Keeper::~Keeper() { Stop(); }

void Keeper::Stop() {
  is_stopping_ = true;
  eventfd_write(wake_.value(), 1);
  if (thread_.joinable()) thread_.join();
}

bool Keeper::Pause(Duration pause) const {
  pollfd polled{wake_.value(), POLLIN, 0};
  poll(&polled, 1, static_cast<int>(pause.count()));
  return !is_stopping_;
}

void Keeper::Run() {
  constexpr std::size_t kThreadNameMax = 15;
  pthread_setname_np(pthread_self(), ("keep-" + name_).substr(0, kThreadNameMax).c_str());
  Duration pause{0};
  while (!is_stopping_) {
    const auto begin = std::chrono::steady_clock::now();
    while (!is_stopping_ && !WaitForEnd(pid_, wake_.value(), kLookAgain)) {
    }
    if (is_stopping_) return;
    if (std::chrono::steady_clock::now() - begin > kLasted) pause = Duration(0);
    LogWarning("{} (pid {}) ended: starting it again", name_, pid_.load());
    while (Pause(pause)) {
      pause = std::clamp(2 * pause, kPauseMin, kPauseMax);
      const StatusOr<pid_t> revived = revive_();
      if (!revived.ok()) {
        LogError("{}", Message(revived.status()));
        continue;
      }
      pid_ = *revived;
      ++revivals_;
      LogInfo("{} runs again (pid {})", name_, *revived);
      break;
    }
  }
}

}  // namespace fft
