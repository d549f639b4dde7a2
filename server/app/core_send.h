#pragma once

#include <utility>

#include "server/app/core.h"
#include "server/base/error_details.h"

namespace fft {

// How every command of a client enters the loop: refused at once when nothing can be committed or
// too much waits, else answered after its commit.
template <class Waiting, class MakeCommand>
void Core::Send(Waiting waiting, MakeCommand make) {
  if (const Status serving = Serving(); !serving.ok())
    return waiting(Answer{.reply = {}, .status = serving});
  const ReplyId id = replies_.Add(std::move(waiting));
  if (inbox_.TryPush(Command(make(id)))) return;
  replies_.Give({.reply = id,
                 .status = WithDetails(Error(Code::kResourceExhausted,
                                             "the inbox is full: {} commands wait", inbox_.size()),
                                       {.reason = "INBOX_FULL", .metadata = {}, .fields = {}})});
}

}  // namespace fft
