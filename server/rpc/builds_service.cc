#include "server/rpc/builds_service.h"

#include <optional>

#include <fmt/core.h>

#include "server/rpc/convert.h"
#include "server/rpc/paging.h"
#include "server/rpc/raw_request.h"
#include "server/rpc/watch_build.h"

namespace fft {

namespace {

/// What an update asks for; `fields` knows of what it must not.
struct BuildUpdate {
  std::optional<int> priority;
  std::optional<TimePoint> deadline;
};

BuildUpdate UpdateFrom(const v1::UpdateBuildRequest& request, Fields* fields) {
  BuildUpdate update;
  fields->Id("build.id", request.build().id());
  if (request.update_mask().paths().empty()) fields->Add("update_mask", "is empty");
  const v1::BuildOptions& options = request.build().options();
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "options.priority") {
      fields->Range("build.options.priority", options.priority(), -100, 100);
      update.priority = options.priority();
    } else if (path == "options.deadline") {
      update.deadline = options.has_deadline()
                            ? FromProto(options.deadline(), "build.options.deadline", fields)
                            : TimePoint{};
    } else {
      fields->Add("update_mask",
                  "names what cannot be changed; options.priority and options.deadline can");
    }
  }
  return update;
}

Reply<Build> AnswerBuild(const CallEnd& answer, v1::Build* response) {
  return Answering<Build>(answer, [response](const Build& build) {
    ToProto(build, Detail::kWhole, response);
    return Ok();
  });
}

}  // namespace

grpc::ServerUnaryReactor* BuildsService::CreateBuild(Context* context,
                                                     const v1::CreateBuildRequest* request,
                                                     v1::Build* response) {
  return Serve(gate_, context, "Builds.CreateBuild",
               [&](const std::string& principal, const CallEnd& answer) {
                 Fields fields;
                 BuildRequest build = FromProto(*request, principal, "", &fields);
                 if (!fields.ok()) return answer(fields.status());
                 gate_.service().CreateBuild(std::move(build), AnswerBuild(answer, response));
               });
}

grpc::ServerUnaryReactor* BuildsService::GetBuild(Context* context,
                                                  const v1::GetBuildRequest* request,
                                                  v1::Build* response) {
  return ServeRead(gate_, context, "Builds.GetBuild",
                   [id = request->id(), response](Library& library) -> Status {
                     Fields fields;
                     fields.Id("id", id);
                     if (!fields.ok()) return fields.status();
                     const auto build = library.GetBuild(BuildId{id});
                     if (build.ok()) ToProto(*build, Detail::kWhole, response);
                     return build.status();
                   });
}

grpc::ServerUnaryReactor* BuildsService::ListBuilds(Context* context,
                                                    const v1::ListBuildsRequest* request,
                                                    v1::ListBuildsResponse* response) {
  return ServeRead(gate_, context, "Builds.ListBuilds", [=](Library& library) -> Status {
    Fields fields;
    fields.NameOrNone("graph", request->graph());
    fields.NameOrNone("namespace", request->namespace_());
    fields.Text("principal", request->principal(), 64);
    fields.Range("state", request->state(), 0, v1::BuildState_MAX);
    const std::string pinned =
        fmt::format("builds {} {} {} {}", request->graph(), request->namespace_(),
                    request->principal(), static_cast<int>(request->state()));
    const PageRequest page{.size = fields.PageSize(request->page_size()),
                           .after = OpenPage(pinned, request->page_token(), &fields)};
    if (!fields.ok()) return fields.status();
    BuildFilter filter{.ns = request->namespace_(),
                       .graph = request->graph(),
                       .principal = request->principal(),
                       .state = std::nullopt};
    if (request->state() != v1::BUILD_STATE_UNSPECIFIED)
      filter.state = static_cast<BuildState>(request->state() - 1);
    return FillPage(
        pinned, page, response,
        [&](const PageRequest& part) { return library.ListBuilds(filter, part); },
        [](const Build& build, v1::ListBuildsResponse* to) {
          ToProto(build, Detail::kShort, to->add_builds());
        });
  });
}

grpc::ServerUnaryReactor* BuildsService::UpdateBuild(Context* context,
                                                     const v1::UpdateBuildRequest* request,
                                                     v1::Build* response) {
  return Serve(gate_, context, "Builds.UpdateBuild",
               [&](const std::string&, const CallEnd& answer) {
                 Fields fields;
                 const BuildUpdate update = UpdateFrom(*request, &fields);
                 if (!fields.ok()) return answer(fields.status());
                 gate_.service().UpdateBuild(BuildId{request->build().id()}, update.priority,
                                             update.deadline, AnswerBuild(answer, response));
               });
}

grpc::ServerUnaryReactor* BuildsService::CancelBuild(Context* context,
                                                     const v1::CancelBuildRequest* request,
                                                     v1::CancelBuildResponse* response) {
  return Serve(gate_, context, "Builds.CancelBuild",
               [&](const std::string& principal, const CallEnd& answer) {
                 Fields fields;
                 fields.Id("id", request->id());
                 if (!fields.ok()) return answer(fields.status());
                 gate_.service().CancelBuild(
                     BuildId{request->id()}, principal,
                     Answering<CancelResult>(answer, [response](const CancelResult& result) {
                       ToProto(result, response);
                       return Ok();
                     }));
               });
}

grpc::ServerUnaryReactor* BuildsService::RetryBuild(Context* context,
                                                    const v1::RetryBuildRequest* request,
                                                    v1::Build* response) {
  return Serve(gate_, context, "Builds.RetryBuild",
               [&](const std::string& principal, const CallEnd& answer) {
                 Fields fields;
                 fields.Id("id", request->id());
                 fields.Text("request_id", request->request_id(), 64);
                 if (!fields.ok()) return answer(fields.status());
                 gate_.service().RetryBuild(BuildId{request->id()}, request->request_id(),
                                            principal, AnswerBuild(answer, response));
               });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BuildsService::WatchBuild(Context* context,
                                                                      const grpc::ByteBuffer* raw) {
  constexpr std::string_view kMethod = "Builds.WatchBuild";
  using Out = Outflow<grpc::ByteBuffer>;
  const auto principal = gate_.Enter(*context, kMethod);
  if (!principal.ok()) return Refuse<grpc::ByteBuffer>(gate_, kMethod, principal.status());
  const auto request = ParseRequest<v1::WatchBuildRequest>(*raw);
  if (!request.ok()) return Refuse<grpc::ByteBuffer>(gate_, kMethod, request.status());
  Fields fields;
  fields.Id("id", request->id());
  if (!fields.ok()) return Refuse<grpc::ByteBuffer>(gate_, kMethod, fields.status());
  return Out::Open<fft::WatchBuild>(gate_, BuildId{request->id()}, request->resume_token());
}

}  // namespace fft
