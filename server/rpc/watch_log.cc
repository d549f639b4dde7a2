#include "server/rpc/watch_log.h"

#include <memory>

#include <fmt/core.h>

namespace fft {

WatchLog::WatchLog(Gate& gate, const build::v1::WatchEventsRequest& request)
    : Watch(gate, "Catalog.WatchEvents",
            fmt::format("events {} {}", request.namespace_(), request.ref_glob())),
      request_(request),
      is_from_start_(request.from_case() == build::v1::WatchEventsRequest::kStart) {}

void WatchLog::Prepare() {
  // A log that was not loaded yet has no end.
  const bool is_loaded = gate().service().events().last() || gate().service().View().is_leading;
  StatusOr<EventSeq> from = EventSeq{};
  switch (request_.from_case()) {
    case build::v1::WatchEventsRequest::kStart: break;
    case build::v1::WatchEventsRequest::kAfter: from = EventSeq{request_.after()}; break;
    case build::v1::WatchEventsRequest::kResumeToken:
      from = seal().Open(request_.resume_token());
      break;
    default:
      if (!is_loaded) return gate().pump().After(kFlushEvery, [this, keep = self()] { Turn(); });
      from = gate().service().events().last();
      break;
  }
  if (!from.ok()) return Close(from.status());
  Begin(std::make_unique<LogScope>(request_.namespace_(), request_.ref_glob()), *from);
  Turn();
}

// The start is wherever the log now begins.
void WatchLog::Dropped(const Status& status) {
  const EventSeq oldest = OldestKept(status);
  const auto cursor = Cursor();
  if (!is_from_start_ || cursor->value > 0 || oldest.value <= 1) return Watch::Dropped(status);
  Begin(std::make_unique<LogScope>(request_.namespace_(), request_.ref_glob()),
        EventSeq{oldest.value - 1});
  Turn();
}

}  // namespace fft
