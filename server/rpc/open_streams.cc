#include "server/rpc/open_streams.h"

#include <algorithm>
#include <vector>

namespace fft {

bool OpenStreams::Add(const std::shared_ptr<OpenStream>& stream) {
  const std::lock_guard lock(mutex_);
  streams_[stream.get()] = stream;
  return !is_stopping_;
}

void OpenStreams::Remove(OpenStream* stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
  fewer_.notify_all();
}

void OpenStreams::CallBegan() {
  const std::lock_guard lock(mutex_);
  ++calls_;
}

void OpenStreams::CallEnded() {
  const std::lock_guard lock(mutex_);
  --calls_;
  if (is_stopping_) fewer_.notify_all();
}

bool OpenStreams::WaitUntilNone(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return fewer_.wait_until(lock, deadline, [this] { return streams_.empty() && calls_ == 0; });
}

void OpenStreams::StopAll() {
  std::vector<std::shared_ptr<OpenStream>> all;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (const auto& [raw, weak] : streams_)
      if (auto stream = weak.lock()) all.push_back(std::move(stream));
  }
  for (const auto& stream : all) stream->Stop();
}

bool OpenStreams::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return is_stopping_;
}

StreamsView OpenStreams::View(EventSeq last) const {
  const std::lock_guard lock(mutex_);
  StreamsView view{.streams = static_cast<std::int64_t>(streams_.size())};
  for (const auto& [stream, weak] : streams_) {
    const auto alive = weak.lock();
    const auto cursor = alive ? alive->Cursor() : std::nullopt;
    if (!cursor) continue;
    ++view.watchers;
    view.lag_max = std::max(view.lag_max, last.value - cursor->value);
  }
  return view;
}

}  // namespace fft
