#include "server/app/source_reader.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

#include "server/app/read_pool.h"

namespace fft {

namespace {
// One source may be slow: on a file system that hangs, or very large and just written.
constexpr std::size_t kThreads = 4;
constexpr std::size_t kBatch = 64;
}  // namespace

SourceReader::SourceReader(Prober& prober, Inbox& inbox) : prober_(prober), inbox_(inbox) {
  while (threads_.size() < kThreads)
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
}

SourceReader::~SourceReader() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void SourceReader::Want(std::vector<SourcesWanted> wanted) {
  if (wanted.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (SourcesWanted& each : wanted) wanted_.push_back(std::move(each));
  }
  changed_.notify_all();
}

SourcesRead::Found SourceReader::Look(const PlannedSource& source) {
  SourcesRead::Found found{.source = source, .changed_at = prober_.ChangedAt(source.uri)};
  const auto content = prober_.Content(source.uri, &found.source.bytes);
  found.source.content = content.ok() ? *content : Digest{};
  return found;
}

void SourceReader::Run(const std::stop_token& stop) {
  NameThread("sources");
  while (true) {
    std::vector<SourcesWanted> batch;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !wanted_.empty(); })) return;
      const auto count = std::clamp<std::size_t>(wanted_.size() / kThreads, 1, kBatch);
      const auto end = wanted_.begin() + static_cast<std::ptrdiff_t>(count);
      batch.assign(std::make_move_iterator(wanted_.begin()), std::make_move_iterator(end));
      wanted_.erase(wanted_.begin(), end);
    }
    std::unordered_map<std::string, SourcesRead::Found> seen;  // runs of a batch share sources
    for (const SourcesWanted& wanted : batch) {
      SourcesRead read{.run = wanted.run, .sources = {}};
      for (const PlannedSource& source : wanted.sources) {
        const auto [at, is_new] = seen.try_emplace(source.uri);
        if (is_new) at->second = Look(source);
        read.sources.push_back(at->second);
      }
      (void)inbox_.PushUrgent(std::move(read));
    }
  }
}

}  // namespace fft
