#pragma once

#include <memory>
#include <utility>

#include "server/rpc/gate.h"

namespace fft {

/// Holds a stream and its turn for a function that may be dropped without being called, as a queue
/// does that is closed: the stream then ends, so that no client waits for ever.
template <class Stream>
class Baton {
 public:
  explicit Baton(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~Baton() {
    if (stream_ != nullptr) stream_->Drop();
  }
  Baton(const Baton&) = delete;
  Baton& operator=(const Baton&) = delete;
  /// The turn is with the caller.
  std::shared_ptr<Stream> Take() { return std::exchange(stream_, nullptr); }

 private:
  std::shared_ptr<Stream> stream_;
};

/// Hands a stream's turn to a read thread, which goes on with `read(library)`; when there is none
/// to be had, `again()` takes the turn a little later.
template <class Stream, class Read, class Again>
void HandToReader(Gate& gate, std::shared_ptr<Stream> stream, Read read, Again again) {
  const auto baton = std::make_shared<Baton<Stream>>(std::move(stream));
  const Status begun = gate.service().Read([baton, read](Library& library) {
    const auto keep = baton->Take();
    read(library);
  });
  if (begun.ok()) return;
  const auto keep = baton->Take();
  if (begun.code() != Code::kResourceExhausted) return keep->Drop();
  gate.pump().After(std::chrono::milliseconds(20), [keep, again] { again(); });
}

}  // namespace fft
