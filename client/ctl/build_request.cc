#include "client/ctl/build_request.h"

#include <fmt/format.h>

#include "client/ctl/format.h"
#include "client/ctl/plan_printer.h"
#include "client/lib/calls.h"
#include "server/base/clock.h"

namespace fft {

namespace v1 = build::v1;

v1::CreateBuildRequest RequestOf(const BuildArguments& arguments) {
  v1::CreateBuildRequest request;
  request.set_request_id(arguments.request_id);
  *request.mutable_options() = arguments.options;
  request.set_plan_etag(arguments.plan_etag);
  if (!arguments.deadline) return request;
  const std::int64_t at = ToMillis(SystemClock().Now() + *arguments.deadline);
  auto* const deadline = request.mutable_options()->mutable_deadline();
  deadline->set_seconds(at / 1000);
  deadline->set_nanos(static_cast<std::int32_t>(at % 1000) * 1'000'000);
  return request;
}

int TellPlan(const Session& session, const v1::CreateBuildRequest& request) {
  const auto plan = PlanBuild(session.client, request);
  if (!plan.ok()) return Report(session, plan.status());
  if (session.is_json())
    session.PrintJson(*plan);
  else
    session.out << PlanText(*plan, session.arguments.is_verbose);
  return kDone;
}

void TellAccepted(const Session& session, const v1::Build& build) {
  if (session.is_json())
    session.PrintJson(build);
  else
    session.out << fmt::format("build {0} {1}; follow it with: fftctl watch {0}\n", build.id(),
                               StateName(build.state()));
}

}  // namespace fft
