#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/support/byte_buffer.h>

#include "server/rpc/outflow.h"
#include "server/rpc/tokens.h"
#include "server/rpc/watch_scope.h"

namespace fft {

/// The number that an OUT_OF_RANGE of Library::ReadEvents() names.
EventSeq OldestKept(const Status& status);

/// A watcher of the log: shows it what its scope wants, in order, nothing twice and nothing left
/// out, from the log's newest events or, when it is further behind, from the library.
///
/// Messages are WatchResponses, put together from events that were encoded once for all watchers.
/// The first event after a pause is sent at once; then events gather for kFlushEvery.  A watcher
/// that is shown nothing gets a progress mark after kMarkEvery events, kMarkAfter, and when it has
/// caught up.
/// Its turn is with one of: a write, a read thread, the pump, or the event log, where it is parked.
class Watch : public Outflow<grpc::ByteBuffer>, protected EventLog::Reader {
 public:
  static constexpr std::chrono::milliseconds kFlushEvery{8};
  static constexpr std::chrono::milliseconds kMarkAfter{1000};
  static constexpr int kMarkEvery = 1000;
  static constexpr int kEventsMax = 256;
  static constexpr std::size_t kBytesMax = 1 << 20;

  Watch(Gate& gate, std::string_view method, const std::string& what);
  std::optional<EventSeq> Cursor() const override { return EventSeq{cursor_.load()}; }

 protected:
  /// The first turns: ends each like Step(), with Begin() in the last.
  virtual void Prepare() = 0;
  /// The tail begins after `cursor`.
  void Begin(std::unique_ptr<WatchScope> scope, EventSeq cursor);
  /// The library has nothing so old: the turn is still with the caller.
  virtual void Dropped(const Status& status);

  /// Adds an encoded event to the next message, which Send() puts on its way.
  void Add(const std::string& entry) { batch_ += entry; }
  bool is_full() const { return batch_.size() >= kBytesMax || batch_events_ >= kEventsMax; }
  /// `up_to`: what the resume token stands for; none: no token.
  void Send(EventSeq up_to);
  const ResumeSeal& seal() const { return seal_; }

  void Step() override;
  void Interrupted() override;

 private:
  void Wake() override;
  bool ShouldMark() const;
  void ReadLibrary();
  /// False when nothing came of it that is to be sent.
  StatusOr<bool> Take(const std::vector<EventPtr>& events, Library* library);
  Status Append(const EventPtr& event, const EventPtr& seen, Library* library);

  const ResumeSeal seal_;
  std::unique_ptr<WatchScope> scope_;  // null: still preparing
  std::atomic<std::int64_t> cursor_ = 0;
  std::string batch_;
  int batch_events_ = 0;
  int skipped_ = 0;         // events since the last message
  bool is_hurried_ = true;  // there is more: do not wait for events to gather
  bool is_catching_up_ = true;
  bool needs_library_ = false;
  Pump::Instant sent_at_ = Pump::Now() - kFlushEvery;
  std::atomic<bool> has_timer_ = false;
};

}  // namespace fft
