#include "server/rpc/watch.h"

#include <charconv>
#include <utility>

#include "server/base/error_details.h"
#include "server/rpc/convert.h"

namespace fft {

Watch::Watch(Gate& gate, std::string_view method, const std::string& what)
    : Outflow(gate, method), seal_(what) {}

void Watch::Begin(std::unique_ptr<WatchScope> scope, EventSeq cursor) {
  scope_ = std::move(scope);
  cursor_ = cursor.value;
}

void Watch::Step() {
  if (scope_ == nullptr) return Prepare();
  if (scope_->is_over()) return Close(Ok());
  const auto keep = self();  // once parked, the turn and with it this stream may be gone
  if (!is_hurried_ && Pump::Now() < sent_at_ + kFlushEvery)
    return gate().pump().At(sent_at_ + kFlushEvery, [this, keep] { Turn(); });
  while (true) {
    if (needs_library_) return ReadLibrary();
    EventLog& log = gate().service().events();
    if (cursor_ >= log.last().value && ShouldMark()) return Send(EventSeq{cursor_});
    std::vector<EventPtr> events;
    const bool wants_timer = skipped_ > 0 && !has_timer_.exchange(true);
    const Pump::Instant mark_at = sent_at_ + kMarkAfter;
    const auto got = log.ReadOrPark(EventSeq{cursor_}, kEventsMax, &events, *this);
    if (wants_timer)
      gate().pump().At(mark_at, [this, keep] {
        has_timer_ = false;
        if (gate().service().events().Unpark(*this)) Turn();
      });
    if (got == EventLog::Got::kParked) {
      // The client may have left before we were parked: then nobody else gets us out of there.
      if (is_interrupted()) Interrupted();
      return;
    }
    if (got == EventLog::Got::kBehind) return ReadLibrary();
    const auto is_to_send = Take(events, nullptr);
    if (!is_to_send.ok()) return Close(is_to_send.status());
    if (*is_to_send) return Send(EventSeq{cursor_});
  }
}

void Watch::Interrupted() {
  if (gate().service().events().Unpark(*this)) Turn();
}

// On the committer's thread.
void Watch::Wake() {
  gate().pump().Soon([this, keep = self()] { Turn(); });
}

bool Watch::ShouldMark() const {
  return is_catching_up_ || (skipped_ > 0 && Pump::Now() >= sent_at_ + kMarkAfter);
}

void Watch::ReadLibrary() {
  needs_library_ = false;
  ReadLater([this](Library& library) {
    const auto events = library.ReadEvents(EventSeq{cursor_}, kEventsMax);
    if (!events.ok() && events.status().code() == Code::kOutOfRange)
      return Dropped(events.status());
    if (!events.ok()) return Close(events.status());
    if (events->empty())  // it is on its way there
      return gate().pump().After(kFlushEvery, [this, keep = self()] { Turn(); });
    const auto is_to_send = Take(*events, &library);
    if (!is_to_send.ok()) return Close(is_to_send.status());
    if (*is_to_send) return Send(EventSeq{cursor_});
    Turn();
  });
}

void Watch::Dropped(const Status& status) {
  Close(WithDetails(status, {.reason = "EVENTS_DROPPED",
                             .metadata = {{"oldest", std::to_string(OldestKept(status).value)}},
                             .fields = {}}));
}

StatusOr<bool> Watch::Take(const std::vector<EventPtr>& events, Library* library) {
  std::size_t taken = 0;
  for (const EventPtr& event : events) {
    if (library == nullptr && scope_->NeedsLibrary(*event)) {
      needs_library_ = true;
      break;
    }
    const auto seen = scope_->See(event, library);
    if (!seen.ok()) return seen.status();
    if (const Status added = Append(event, *seen, library); !added.ok()) return added;
    cursor_ = event->seq.value;
    ++taken;
    if (scope_->is_over() || is_full()) break;
  }
  is_hurried_ = needs_library_ || is_full() || taken < events.size() ||
                taken == static_cast<std::size_t>(kEventsMax);
  return batch_events_ > 0 || skipped_ >= kMarkEvery;
}

Status Watch::Append(const EventPtr& event, const EventPtr& seen, Library* library) {
  if (seen == nullptr) {
    ++skipped_;
    return Ok();
  }
  ++batch_events_;
  if (seen->kind == EventKind::kPartitionsTainted) {
    const auto partitions = library->GetPartitions(seen->partitions);
    if (!partitions.ok()) return partitions.status();
    std::vector<std::string> refs;
    for (const Partition& partition : *partitions) refs.push_back(partition.ref.str());
    Add(EventEncoder::Encode(*seen, refs));
  } else if (seen == event && library == nullptr) {
    Add(*gate().encoder().Shared(event));
  } else {
    Add(EventEncoder::Encode(*seen, {}));
  }
  return Ok();
}

void Watch::Send(EventSeq up_to) {
  v1::WatchResponse rest;  // two messages one after the other are one message
  if (up_to) rest.set_resume_token(seal_.Seal(up_to));
  rest.set_up_to(up_to.value);
  rest.AppendToString(&batch_);
  const grpc::Slice slice(batch_);
  message() = grpc::ByteBuffer(&slice, 1);
  batch_.clear();
  if (batch_.capacity() > 64 << 10) batch_.shrink_to_fit();
  batch_events_ = 0;
  skipped_ = 0;
  if (up_to >= gate().service().events().last()) is_catching_up_ = false;
  sent_at_ = Pump::Now();
  Write();
}

EventSeq OldestKept(const Status& status) {
  std::string text = Message(status);
  const ErrorDetails details = DetailsOf(status);
  if (const auto told = details.metadata.find("oldest"); told != details.metadata.end())
    text = told->second;
  const std::size_t end = text.find_last_of("0123456789");
  if (end == std::string::npos) return {};
  const std::size_t before = text.find_last_not_of("0123456789", end);
  const char* const begin = text.data() + (before == std::string::npos ? 0 : before + 1);
  EventSeq oldest;
  std::from_chars(begin, text.data() + end + 1, oldest.value);
  return oldest;
}

}  // namespace fft
