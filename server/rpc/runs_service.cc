#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "server/rpc/convert.h"
#include "server/rpc/log_tail.h"
#include "server/rpc/nodes_service.h"
#include "server/rpc/paging.h"

namespace fft {

grpc::ServerUnaryReactor* RunsService::GetRun(Context* context, const v1::GetRunRequest* request,
                                              v1::Run* response) {
  return ServeRead(gate_, context, "Runs.GetRun",
                   [id = request->id(), response](Library& library) -> Status {
                     Fields fields;
                     fields.Id("id", id);
                     if (!fields.ok()) return fields.status();
                     const auto run = library.GetRun(RunId{id});
                     if (!run.ok()) return run.status();
                     ToProto(*run, response);
                     const auto config = library.GetConfig(run->config_digest);
                     if (!config.ok()) return config.status();
                     ToProto(*config, response->mutable_config());
                     AddInputs(run->run.lease, *config, response);
                     return Ok();
                   });
}

grpc::ServerUnaryReactor* RunsService::BatchGetRuns(Context* context,
                                                    const v1::BatchGetRunsRequest* request,
                                                    v1::BatchGetRunsResponse* response) {
  return ServeRead(gate_, context, "Runs.BatchGetRuns", [=](Library& library) -> Status {
    constexpr int kIdsMax = 200;
    Fields fields;
    fields.Range("ids", request->ids_size(), 1, kIdsMax);
    std::set<RunId> known;
    std::vector<RunId> ids;
    for (const std::int64_t id : request->ids()) {
      fields.Id("ids", id);
      ids.push_back(RunId{id});
      if (!known.insert(ids.back()).second) fields.Add("ids", fmt::format("{} is there twice", id));
    }
    if (!fields.ok()) return fields.status();
    const auto runs = library.GetRuns(ids);
    if (!runs.ok()) return runs.status();
    for (const RunRecord& run : *runs) ToProto(run, response->add_runs());
    return Ok();
  });
}

grpc::ServerUnaryReactor* RunsService::ListRuns(Context* context,
                                                const v1::ListRunsRequest* request,
                                                v1::ListRunsResponse* response) {
  return ServeRead(gate_, context, "Runs.ListRuns", [=](Library& library) -> Status {
    Fields fields;
    fields.IdOrNone("node", request->node());
    if (request->node() == 0) {
      fields.Name("namespace", request->namespace_());
      fields.Ref("ref", request->ref());
    }
    const NodeId node{request->node()};
    const std::string pinned =
        fmt::format("runs {} {} {}", node.value, request->namespace_(), request->ref());
    const PageRequest page{.size = fields.PageSize(request->page_size()),
                           .after = OpenPage(pinned, request->page_token(), &fields)};
    if (!fields.ok()) return fields.status();
    return FillPage(
        pinned, page, response,
        [&](const PageRequest& part) {
          return library.ListRuns(node, request->namespace_(), request->ref(), part);
        },
        [](const RunRecord& run, v1::ListRunsResponse* to) { ToProto(run, to->add_runs()); });
  });
}

grpc::ServerWriteReactor<v1::TailLogsResponse>* RunsService::TailLogs(
    Context* context, const v1::TailLogsRequest* request) {
  constexpr std::string_view kMethod = "Runs.TailLogs";
  using Out = Outflow<v1::TailLogsResponse>;
  const auto principal = gate_.Enter(*context, kMethod);
  if (!principal.ok()) return Refuse<v1::TailLogsResponse>(gate_, kMethod, principal.status());
  Fields fields;
  fields.Id("run", request->run());
  fields.Range("offset", request->offset(), 0, INT64_MAX);
  if (!fields.ok()) return Refuse<v1::TailLogsResponse>(gate_, kMethod, fields.status());
  return Out::Open<LogTail>(gate_, RunId{request->run()}, request->offset(), request->follow());
}

}  // namespace fft
