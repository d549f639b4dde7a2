#include "client/worker/mailbox.h"

#include <sys/eventfd.h>

#include "server/base/check.h"

namespace fft {

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { FFT_CHECK(bool{wake_}); }

void Mailbox::Post(std::function<void()> item) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = items_.empty();
    items_.push_back(std::move(item));
  }
  if (was_empty) ::eventfd_write(wake_.get(), 1);
}

void Mailbox::RunAll() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
  std::vector<std::function<void()>> items;
  {
    const std::lock_guard lock(mutex_);
    items.swap(items_);
  }
  for (const auto& item : items) item();
}

}  // namespace fft
