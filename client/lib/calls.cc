#include "client/lib/calls.h"

namespace fft {

namespace v1 = build::v1;

namespace {
// Planning may have to ask configure executables.
constexpr Duration kPlanLimit{600'000};
}  // namespace

StatusOr<v1::Build> CreateBuild(Client& client, v1::CreateBuildRequest request) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return client.Call(&v1::Builds::Stub::CreateBuild, request);
}

StatusOr<v1::Build> RetryBuild(Client& client, v1::RetryBuildRequest request) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return client.Call(&v1::Builds::Stub::RetryBuild, request);
}

Status WatchBuild(Client& client, std::int64_t id, const TakeWatched& take,
                  const std::stop_token& stop) {
  v1::WatchBuildRequest request;
  request.set_id(id);
  return client.Read(
      &v1::Builds::Stub::WatchBuild, request,
      [&](const v1::WatchResponse& message, v1::WatchBuildRequest& next) {
        take(message);
        if (!message.resume_token().empty()) next.set_resume_token(message.resume_token());
      },
      stop);
}

Status WatchEvents(Client& client, v1::WatchEventsRequest request, const TakeWatched& take,
                   const std::stop_token& stop) {
  return client.Read(
      &v1::Catalog::Stub::WatchEvents, std::move(request),
      [&](const v1::WatchResponse& message, v1::WatchEventsRequest& next) {
        take(message);
        if (!message.resume_token().empty()) next.set_resume_token(message.resume_token());
      },
      stop);
}

Status TailLogs(Client& client, v1::TailLogsRequest request,
                const std::function<void(const v1::TailLogsResponse&)>& take,
                const std::stop_token& stop) {
  return client.Read(
      &v1::Runs::Stub::TailLogs, std::move(request),
      [&](const v1::TailLogsResponse& message, v1::TailLogsRequest& next) {
        take(message);
        next.set_offset(message.offset() + static_cast<std::int64_t>(message.data().size()));
      },
      stop);
}

StatusOr<v1::PlanBuildResponse> PlanBuild(Client& client, const v1::CreateBuildRequest& request) {
  v1::PlanBuildRequest plan;
  *plan.mutable_build() = request;
  v1::PlanBuildResponse whole;
  const Status status = client.Attempt(
      [&](grpc::ClientContext& context) {
        whole.Clear();
        v1::Graphs::Stub stub(client.channel());
        const auto stream = stub.PlanBuild(&context, plan);
        v1::PlanBuildResponse piece;
        while (stream->Read(&piece)) whole.MergeFrom(piece);
        return stream->Finish();
      },
      kPlanLimit);
  if (!status.ok()) return status;
  return whole;
}

}  // namespace fft
