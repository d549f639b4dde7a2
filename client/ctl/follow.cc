#include "client/ctl/follow.h"

#include <ostream>

#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/progress_printer.h"
#include "client/lib/calls.h"
#include "server/base/clock.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr Duration kSecondInterrupt{2'000};

int ExitCodeOf(const v1::Build& build) {
  return build.state() == v1::BUILD_SUCCEEDED ? kDone : kFailed;
}

void PrintKept(const Session& session, const v1::CancelBuildResponse& reply) {
  for (const v1::KeptNode& node : reply.kept())
    session.out << fmt::format(
        "  {} goes on, {} wants it\n", FormatOutputs(node.outputs()),
        node.builds().empty() ? "another build" : fmt::format("build {}", node.builds(0)));
}

/// After Ctrl-C: the build goes on, unless there is a second one.
int Leave(const Session& session, std::int64_t id) {
  session.err << fmt::format(
                     "\nbuild {0} goes on; come back with: fftctl watch {0}\n"
                     "(Ctrl-C again within {1} s cancels it)",
                     id, kSecondInterrupt.count() / 1000)
              << std::endl;
  if (!session.is_stopped_again || !session.is_stopped_again(kSecondInterrupt)) return kDetached;
  const int code = CancelBuild(session, id);
  return code == kDone ? kFailed : code;
}

/// Tells once of a connection that broke, and once that it is back.
class Outage {
 public:
  explicit Outage(const Session& session) : session_(session) {
    session.client.OnBroken([this](const Status& why) {
      if (!is_out_) session_.err << "lost fftd (" << Message(why) << "); trying again" << std::endl;
      is_out_ = true;
    });
  }
  ~Outage() { session_.client.OnBroken({}); }
  Outage(const Outage&) = delete;
  Outage& operator=(const Outage&) = delete;

  void End() {
    if (is_out_) session_.err << "fftd is back" << std::endl;
    is_out_ = false;
  }

 private:
  const Session& session_;
  bool is_out_ = false;
};

/// A build whose stream closed without its last event, as that was dropped long ago.
int TellEnd(const Session& session, std::int64_t id) {
  v1::GetBuildRequest request;
  request.set_id(id);
  const auto build = session.client.Call(&v1::Builds::Stub::GetBuild, request);
  if (!build.ok()) return Report(session, build.status());
  if (session.is_json()) {
    session.PrintJson(*build);
  } else {
    session.out << EndLine(*build) << '\n';
  }
  return ExitCodeOf(*build);
}

}  // namespace

int CancelBuild(const Session& session, std::int64_t id) {
  v1::CancelBuildRequest request;
  request.set_id(id);
  const auto reply = session.client.Call(&v1::Builds::Stub::CancelBuild, request);
  if (!reply.ok()) return Report(session, reply.status());
  if (session.is_json()) {
    session.PrintJson(*reply);
    return kDone;
  }
  const v1::Build& build = reply->build();
  if (build.state() < v1::BUILD_SUCCEEDED)
    session.out << fmt::format("build {} is being cancelled: {} running\n", build.id(),
                               Count(build.counts().running(), "node"));
  else
    session.out << EndLine(build) << '\n';
  PrintKept(session, *reply);
  return kDone;
}

Status FollowEvents(const Session& session, std::int64_t id, const TakeWatched& take) {
  Outage outage(session);
  return WatchBuild(
      session.client, id,
      [&](const v1::WatchResponse& message) {
        outage.End();
        take(message);
      },
      session.stop);
}

int Follow(const Session& session, std::int64_t id, Progress& progress) {
  session.Listen();
  const SystemClock clock;
  const Status status = FollowEvents(session, id, [&](const v1::WatchResponse& message) {
    if (session.is_json())
      for (const v1::Event& event : message.events()) session.PrintJson(event);
    if (session.is_json()) session.out.flush();
    progress.Take(message, clock.Now());
  });
  if (progress.ended()) return ExitCodeOf(*progress.ended());
  if (status.ok()) return TellEnd(session, id);
  if (session.stop.stop_requested()) return Leave(session, id);
  const int code = Report(session, status);
  if (code == kUnreachable && !session.is_json())
    session.err << fmt::format("  build {0} is kept; come back with: fftctl watch {0}\n", id);
  return code;
}

}  // namespace fft
