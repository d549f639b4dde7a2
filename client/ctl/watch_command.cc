#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/session.h"
#include "client/ctl/texts.h"
#include "client/lib/calls.h"
#include "fft/build/v1/admin.grpc.pb.h"

namespace fft {

namespace v1 = build::v1;

namespace {

/// The number that `text` is; 0 when it is none.
std::int64_t NumberOf(const std::string& text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return is_number && number > 0 ? number : 0;
}

/// The run that is meant: a number, or the last one of a ref.
StatusOr<std::int64_t> FindRun(const Session& session, const RefChoice& choice) {
  const bool has_place = !choice.ns.empty() || !choice.graph.empty();
  const std::int64_t number = NumberOf(choice.ref);
  if (number != 0 && !has_place) return number;
  const auto ns = FindNamespace(session, choice);
  if (!ns.ok()) return ns.status();
  v1::ListRunsRequest request;
  request.set_namespace_(*ns);
  request.set_ref(choice.ref);
  std::int64_t last = 0;
  const Status status = EachPage(session.client, &v1::Runs::Stub::ListRuns, request,
                                 [&](const v1::ListRunsResponse& page) {
                                   for (const v1::Run& run : page.runs())
                                     last = std::max(last, run.id());
                                   return true;
                                 });
  if (!status.ok()) return status;
  if (last == 0) return Error(Code::kNotFound, "{}: nothing ever ran for it", choice.ref);
  return last;
}

/// What is not there yet is waited for, which is not what a mistyped number means.
void TellWhenAhead(const Session& session, std::int64_t after) {
  const auto status = session.client.Call(&v1::Admin::Stub::GetStatus, v1::GetStatusRequest());
  if (status.ok() && status->last_event() < after)
    session.err << fmt::format("fftctl: the last event is {}: waiting for what comes after {}\n",
                               status->last_event(), after);
}

/// A stream that the user ended has done what was wanted.
int CodeOf(const Session& session, const Status& status) {
  if (status.ok() || session.stop.stop_requested()) return kDone;
  return Report(session, status);
}

}  // namespace

int Run(const Session& session, const EventsArguments& arguments) {
  v1::WatchEventsRequest request;
  if (arguments.after) {
    request.set_after(*arguments.after);
  } else if (arguments.from_start) {
    request.set_start(true);
  } else {
    request.set_now(true);
  }
  request.set_namespace_(arguments.ns);
  request.set_ref_glob(arguments.refs);
  if (arguments.after) TellWhenAhead(session, *arguments.after);
  session.Listen();
  const Status status = WatchEvents(
      session.client, request,
      [&](const v1::WatchResponse& message) {
        for (const v1::Event& event : message.events()) {
          if (session.is_json()) {
            session.PrintJson(event);
          } else {
            session.out << EventText(event);
          }
        }
        session.out.flush();
      },
      session.stop);
  return CodeOf(session, status);
}

int Run(const Session& session, const LogsArguments& arguments) {
  const auto run = FindRun(session, arguments.choice);
  if (!run.ok()) return Report(session, run.status());
  v1::TailLogsRequest request;
  request.set_run(*run);
  request.set_offset(arguments.offset);
  request.set_follow(arguments.follows);
  session.Listen();
  const Status status = TailLogs(
      session.client, request,
      [&](const v1::TailLogsResponse& message) {
        if (session.is_json()) {
          session.PrintJson(message);
        } else {
          session.out << message.data();
        }
        session.out.flush();
      },
      session.stop);
  return CodeOf(session, status);
}

}  // namespace fft
