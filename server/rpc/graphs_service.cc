#include "server/rpc/graphs_service.h"

#include <map>

#include "server/base/error_details.h"
#include "server/rpc/convert.h"
#include "server/rpc/paging.h"
#include "server/rpc/plan_stream.h"

namespace fft {

namespace {

Status TooLarge(std::size_t bytes) {
  return WithDetails(
      Error(Code::kResourceExhausted, "the answer takes {} bytes, {} is the most a message holds",
            bytes, kMessageBytes),
      {.reason = "MESSAGE_TOO_LARGE", .metadata = {}, .fields = {}});
}

}  // namespace

grpc::ServerUnaryReactor* GraphsService::DeployGraph(Context* context,
                                                     const v1::DeployGraphRequest* request,
                                                     v1::Graph* response) {
  return Serve(gate_, context, "Graphs.DeployGraph",
               [&](const std::string& principal, const CallEnd& answer) {
                 Fields fields;
                 GraphSpec spec = FromProto(request->spec(), "spec", &fields);
                 if (!fields.ok()) return answer(fields.status());
                 gate_.service().DeployGraph(
                     std::move(spec), principal, request->validate_only(),
                     Answering<GraphRevision>(answer, [response](const GraphRevision& revision) {
                       ToProto(revision, Detail::kShort, response);
                       return Ok();
                     }));
               });
}

grpc::ServerUnaryReactor* GraphsService::GetGraph(Context* context,
                                                  const v1::GetGraphRequest* request,
                                                  v1::Graph* response) {
  return ServeRead(gate_, context, "Graphs.GetGraph", [=, this](Library& library) -> Status {
    Fields fields;
    fields.Name("name", request->name());
    const std::string& digits = request->revision();
    const bool is_start = !digits.empty() && digits.size() < 64;
    if (is_start) fields.HexStart("revision", digits);
    const Digest revision = is_start ? Digest{} : fields.HexOrNone("revision", digits);
    if (!fields.ok()) return fields.status();
    const auto graph = is_start ? library.FindRevision(request->name(), digits)
                                : library.GetRevision(request->name(), revision);
    if (!graph.ok()) return graph.status();
    ToProto(*graph, Detail::kWhole, response);
    response->set_paused(gate_.service().IsPaused(request->name()));
    const std::size_t bytes = response->ByteSizeLong();
    return bytes <= (4 << 20) - 1024 ? Ok() : TooLarge(bytes);
  });
}

grpc::ServerUnaryReactor* GraphsService::ListGraphs(Context* context,
                                                    const v1::ListGraphsRequest* request,
                                                    v1::ListGraphsResponse* response) {
  return ServeRead(gate_, context, "Graphs.ListGraphs", [=](Library& library) -> Status {
    constexpr std::string_view kPinned = "graphs";
    Fields fields;
    const PageRequest page{.size = fields.PageSize(request->page_size()),
                           .after = OpenPage(kPinned, request->page_token(), &fields)};
    if (!fields.ok()) return fields.status();
    return FillPage(
        kPinned, page, response, [&](const PageRequest& part) { return library.ListGraphs(part); },
        [](const GraphRevision& revision, v1::ListGraphsResponse* to) {
          ToProto(revision, Detail::kShort, to->add_graphs());
        });
  });
}

grpc::ServerUnaryReactor* GraphsService::LookupRefs(Context* context,
                                                    const v1::LookupRefsRequest* request,
                                                    v1::LookupRefsResponse* response) {
  using Jobs = std::map<std::string, std::string>;
  return Serve(gate_, context, "Graphs.LookupRefs", [&](const std::string&, const CallEnd& answer) {
    Fields fields;
    fields.Name("graph", request->graph());
    const Digest revision = fields.HexOrNone("revision", request->revision());
    if (request->refs().empty()) fields.Add("refs", "is empty");
    fields.Refs("refs", request->refs(), kLookupRefsMax, kTargetBytesMax);
    if (!fields.ok()) return answer(fields.status());
    gate_.service().LookupRefs(request->graph(), revision,
                               {request->refs().begin(), request->refs().end()},
                               Answering<Jobs>(answer, [response](const Jobs& jobs) {
                                 response->mutable_jobs()->insert(jobs.begin(), jobs.end());
                                 const std::size_t bytes = response->ByteSizeLong();
                                 return bytes <= (4 << 20) - 1024 ? Ok() : TooLarge(bytes);
                               }));
  });
}

grpc::ServerWriteReactor<v1::PlanBuildResponse>* GraphsService::PlanBuild(
    Context* context, const v1::PlanBuildRequest* request) {
  constexpr std::string_view kMethod = "Graphs.PlanBuild";
  using Out = Outflow<v1::PlanBuildResponse>;
  const auto principal = gate_.Enter(*context, kMethod);
  if (!principal.ok()) return Refuse<v1::PlanBuildResponse>(gate_, kMethod, principal.status());
  Fields fields;
  BuildRequest build = FromProto(request->build(), *principal, "build", &fields);
  if (!fields.ok()) return Refuse<v1::PlanBuildResponse>(gate_, kMethod, fields.status());
  return Out::Open<PlanStream>(gate_, std::move(build));
}

grpc::ServerUnaryReactor* GraphsService::CompileGraph(Context* context, const v1::PlanBuildRequest*,
                                                      v1::CompileGraphResponse*) {
  return Serve(
      gate_, context, "Graphs.CompileGraph", [](const std::string&, const CallEnd& answer) {
        answer(
            NotOffered("Graphs.CompileGraph", "use Graphs.PlanBuild for what would run, in order"));
      });
}

grpc::ServerUnaryReactor* GraphsService::PauseGraph(Context* context,
                                                    const v1::PauseGraphRequest* request,
                                                    v1::Graph* response) {
  return Serve(gate_, context, "Graphs.PauseGraph", [&](const std::string&, const CallEnd& answer) {
    Fields fields;
    fields.Name("name", request->name());
    if (!fields.ok()) return answer(fields.status());
    const bool is_paused = request->paused();
    gate_.service().PauseGraph(
        {request->name(), is_paused},
        Answering<GraphRevision>(answer, [response, is_paused](const GraphRevision& revision) {
          ToProto(revision, Detail::kShort, response);
          response->set_paused(is_paused);
          return Ok();
        }));
  });
}

}  // namespace fft
