#include <ostream>

#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/plan_printer.h"
#include "client/ctl/progress_printer.h"
#include "client/ctl/session.h"
#include "client/lib/calls.h"
#include "fft/build/v1/nodes.grpc.pb.h"
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

int Cancel(const Session& session, std::int64_t id) {
  v1::CancelBuildRequest request;
  request.set_id(id);
  const auto reply = session.client.Call(&v1::Builds::Stub::CancelBuild, request);
  if (!reply.ok()) return Report(session, reply.status());
  if (session.is_json()) {
    session.PrintJson(*reply);
    return kDone;
  }
  session.out << EndLine(reply->build()) << '\n';
  PrintKept(session, *reply);
  return kDone;
}

/// After Ctrl-C: the build goes on, unless there is a second one.
int Leave(const Session& session, std::int64_t id) {
  session.err << fmt::format(
                     "\nbuild {0} goes on; come back with: fftctl watch {0}\n"
                     "(Ctrl-C again within {1} s cancels it)",
                     id, kSecondInterrupt.count() / 1000)
              << std::endl;
  if (!session.is_stopped_again || !session.is_stopped_again(kSecondInterrupt)) return kDetached;
  const int code = Cancel(session, id);
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

int Follow(const Session& session, std::int64_t id) {
  session.Listen();
  const SystemClock clock;
  std::ostream nowhere(nullptr);
  const auto why = [&](std::int64_t node) -> std::string {
    v1::ExplainNodeRequest request;
    request.set_node(node);
    const auto explained = session.client.Call(&v1::Nodes::Stub::ExplainNode, request);
    if (!explained.ok() || explained->lines().empty()) return "";
    return explained->lines(explained->lines_size() - 1);
  };
  ProgressPrinter printer(session.is_json() ? nowhere : session.out, session.arguments.is_verbose,
                          why);
  Outage outage(session);
  const Status status = WatchBuild(
      session.client, id,
      [&](const v1::WatchResponse& message) {
        outage.End();
        if (session.is_json())
          for (const v1::Event& event : message.events()) session.PrintJson(event);
        if (session.is_json()) session.out.flush();
        printer.Take(message, clock.Now());
      },
      session.stop);
  if (printer.ended()) return ExitCodeOf(*printer.ended());
  if (status.ok()) return TellEnd(session, id);
  if (session.stop.stop_requested()) return Leave(session, id);
  const int code = Report(session, status);
  if (code == kUnreachable && !session.is_json())
    session.err << fmt::format("  build {0} is kept; come back with: fftctl watch {0}\n", id);
  return code;
}

/// What becomes of a build that was just accepted.
int Go(const Session& session, const StatusOr<v1::Build>& build, bool is_detached) {
  if (!build.ok()) return Report(session, build.status());
  if (!is_detached) return Follow(session, build->id());
  if (session.is_json()) {
    session.PrintJson(*build);
  } else {
    session.out << fmt::format("build {0} {1}; follow it with: fftctl watch {0}\n", build->id(),
                               StateName(build->state()));
  }
  return kDone;
}

int Plan(const Session& session, const v1::CreateBuildRequest& request) {
  const auto plan = PlanBuild(session.client, request);
  if (!plan.ok()) return Report(session, plan.status());
  if (session.is_json()) {
    session.PrintJson(*plan);
  } else {
    session.out << PlanText(*plan, session.arguments.is_verbose);
  }
  return kDone;
}

}  // namespace

int Run(const Session& session, const BuildArguments& arguments) {
  const auto graph = FindGraph(session, arguments.choice);
  if (!graph.ok()) return Report(session, graph.status());
  v1::CreateBuildRequest request;
  request.set_request_id(arguments.request_id);
  request.set_graph(graph->graph);
  request.set_revision(graph->revision);
  request.set_namespace_(arguments.choice.ns);
  for (const std::string& target : arguments.choice.targets) request.add_targets(target);
  *request.mutable_options() = arguments.options;
  if (arguments.deadline) {
    const std::int64_t at = ToMillis(SystemClock().Now() + *arguments.deadline);
    request.mutable_options()->mutable_deadline()->set_seconds(at / 1000);
    request.mutable_options()->mutable_deadline()->set_nanos(static_cast<std::int32_t>(at % 1000) *
                                                             1'000'000);
  }
  request.set_plan_etag(arguments.plan_etag);
  if (arguments.is_plan) return Plan(session, request);
  return Go(session, CreateBuild(session.client, request), arguments.is_detached);
}

int Run(const Session& session, const WatchArguments& arguments) {
  return Follow(session, arguments.build);
}

int Run(const Session& session, const RetryArguments& arguments) {
  v1::RetryBuildRequest request;
  request.set_id(arguments.build);
  request.set_request_id(arguments.request_id);
  return Go(session, RetryBuild(session.client, request), arguments.is_detached);
}

int Run(const Session& session, const CancelArguments& arguments) {
  return Cancel(session, arguments.build);
}

}  // namespace fft
