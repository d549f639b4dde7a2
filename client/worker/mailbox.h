#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "client/worker/fd.h"

namespace fft {

/// What other threads want done on the agent's loop.  Posting is safe from any thread and wakes the
/// loop through fd(); RunAll() is the loop's.
class Mailbox {
 public:
  Mailbox();
  void Post(std::function<void()> item);
  void RunAll();
  int fd() const { return wake_.get(); }

 private:
  Fd wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> items_;
};

}  // namespace fft
