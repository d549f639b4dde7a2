#include "server/rpc/catalog_service.h"

#include <string>
#include <utility>

#include <fmt/core.h>

#include "server/rpc/convert.h"
#include "server/rpc/error.h"
#include "server/rpc/glob.h"
#include "server/rpc/lineage.h"
#include "server/rpc/paging.h"
#include "server/rpc/raw_request.h"
#include "server/rpc/ready.h"
#include "server/rpc/stale.h"
#include "server/rpc/watch_log.h"

namespace fft {

namespace {

constexpr std::size_t kTaintRefsMax = 1'000;
constexpr std::size_t kTaintTextMax = 4'096;  // bytes

grpc::ServerUnaryReactor* NotYet(Gate& gate, grpc::CallbackServerContext* context,
                                 std::string_view method, std::string_view instead) {
  return Serve(gate, context, method, [&](const std::string&, const CallEnd& answer) {
    answer(NotOffered(method, instead));
  });
}

}  // namespace

grpc::ServerUnaryReactor* CatalogService::GetPartition(Context* context,
                                                       const v1::GetPartitionRequest* request,
                                                       v1::Partition* response) {
  return ServeRead(gate_, context, "Catalog.GetPartition", [=, this](Library& library) -> Status {
    Fields fields;
    fields.Name("namespace", request->namespace_());
    fields.Ref("ref", request->ref());
    if (!fields.ok()) return fields.status();
    auto partition = library.GetPartition(request->namespace_(), request->ref());
    if (!partition.ok()) return partition.status();
    SetReady(gate_.service(), {&*partition, 1});
    const auto place = library.PlaceOf(partition->partition, request->namespace_());
    if (!place.ok()) return place.status();
    partition->partition.live.uri = *place;
    ToProto(*partition, request->namespace_(), response);
    return Ok();
  });
}

grpc::ServerUnaryReactor* CatalogService::ListPartitions(Context* context,
                                                         const v1::ListPartitionsRequest* request,
                                                         v1::ListPartitionsResponse* response) {
  return ServeRead(gate_, context, "Catalog.ListPartitions", [=, this](Library& library) -> Status {
    Fields fields;
    fields.Name("namespace", request->namespace_());
    fields.Text("glob", request->glob(), kRefMax);
    const std::string pinned =
        fmt::format("partitions {} {}", request->namespace_(), request->glob());
    const PageRequest page{.size = fields.PageSize(request->page_size()),
                           .after = OpenPage(pinned, request->page_token(), &fields)};
    if (!fields.ok()) return fields.status();
    const PartitionFilter filter{.ns = request->namespace_(),
                                 .prefix = GlobPrefix(request->glob()),
                                 .glob = request->glob()};
    return FillPage(
        pinned, page, response,
        [&](const PageRequest& part) {
          auto got = library.ListPartitions(filter, part);
          if (got.ok()) SetReady(gate_.service(), got->items);
          return got;
        },
        [&](const PartitionNow& partition, v1::ListPartitionsResponse* to) {
          ToProto(partition, request->namespace_(), to->add_partitions());
        });
  });
}

grpc::ServerUnaryReactor* CatalogService::ListMaterialisations(
    Context* context, const v1::ListMaterialisationsRequest* request,
    v1::ListMaterialisationsResponse* response) {
  return ServeRead(gate_, context, "Catalog.ListMaterialisations", [=](Library& library) -> Status {
    Fields fields;
    fields.Name("namespace", request->namespace_());
    fields.Ref("ref", request->ref());
    const std::string pinned =
        fmt::format("materialisations {} {}", request->namespace_(), request->ref());
    const PageRequest page{.size = fields.PageSize(request->page_size()),
                           .after = OpenPage(pinned, request->page_token(), &fields)};
    if (!fields.ok()) return fields.status();
    return FillPage(
        pinned, page, response,
        [&](const PageRequest& part) {
          return library.ListMaterialisations(request->namespace_(), request->ref(), part);
        },
        [](const Materialisation& materialisation, v1::ListMaterialisationsResponse* to) {
          ToProto(materialisation, to->add_materialisations());
        });
  });
}

grpc::ServerWriteReactor<v1::GetLineageResponse>* CatalogService::GetLineage(
    Context* context, const v1::GetLineageRequest* request) {
  constexpr std::string_view kMethod = "Catalog.GetLineage";
  using Out = Outflow<v1::GetLineageResponse>;
  const auto principal = gate_.Enter(*context, kMethod);
  if (!principal.ok()) return Refuse<v1::GetLineageResponse>(gate_, kMethod, principal.status());
  Fields fields;
  fields.Name("namespace", request->namespace_());
  fields.Ref("ref", request->ref());
  fields.Range("depth_max", request->depth_max(), 0, 1'000'000);
  if (!fields.ok()) return Refuse<v1::GetLineageResponse>(gate_, kMethod, fields.status());
  return Out::Open<Lineage>(gate_, request->namespace_(), request->ref(), request->depth_max());
}

grpc::ServerUnaryReactor* CatalogService::ListStale(Context* context,
                                                    const v1::ListStaleRequest* request,
                                                    v1::ListStaleResponse* response) {
  const auto begin = [&](const std::string& principal, const CallEnd& answer) {
    Fields fields;
    BuildRequest build = FromProto(request->build(), principal, "build", &fields);
    const std::string pinned = "stale " + request->build().SerializeAsString();
    const PageRequest page{.size = fields.PageSize(request->page_size()),
                           .after = OpenPage(pinned, request->page_token(), &fields)};
    if (!fields.ok()) return answer(fields.status());
    gate_.service().PlanBuild(
        std::move(build),
        Answering<PlanResult>(answer, [response, pinned, page](const PlanResult& made) {
          return FillStale(made, pinned, page, response);
        }));
  };
  return Serve(gate_, context, "Catalog.ListStale", begin);
}

grpc::ServerUnaryReactor* CatalogService::TaintPartitions(Context* context,
                                                          const v1::TaintPartitionsRequest* request,
                                                          v1::TaintPartitionsResponse* response) {
  const auto begin = [&](const std::string&, const CallEnd& answer) {
    Fields fields;
    fields.Name("namespace", request->namespace_());
    fields.Refs("refs", request->refs(), kTaintRefsMax, kRefMax * kTaintRefsMax);
    if (request->refs().empty()) fields.Add("refs", "is empty");
    fields.Text("text", request->text(), kTaintTextMax);
    if (!fields.ok()) return answer(fields.status());
    const auto fill = [response, ns = request->namespace_()](const TaintResult& result) {
      for (const Partition& partition : result.partitions)
        ToProto(partition, ns, response->add_partitions());
      response->set_suspects(result.suspects);
      return Ok();
    };
    gate_.service().TaintPartitions(request->namespace_(),
                                    {request->refs().begin(), request->refs().end()},
                                    request->text(), Answering<TaintResult>(answer, fill));
  };
  return Serve(gate_, context, "Catalog.TaintPartitions", begin);
}

grpc::ServerUnaryReactor* CatalogService::AdoptPartitions(Context* context,
                                                          const v1::AdoptPartitionsRequest*,
                                                          v1::AdoptPartitionsResponse*) {
  return NotYet(gate_, context, "Catalog.AdoptPartitions",
                "declare the data as a source, or use Builds.CreateBuild to build it");
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* CatalogService::WatchEvents(
    Context* context, const grpc::ByteBuffer* raw) {
  constexpr std::string_view kMethod = "Catalog.WatchEvents";
  using Out = Outflow<grpc::ByteBuffer>;
  const auto principal = gate_.Enter(*context, kMethod);
  if (!principal.ok()) return Refuse<grpc::ByteBuffer>(gate_, kMethod, principal.status());
  const auto request = ParseRequest<v1::WatchEventsRequest>(*raw);
  if (!request.ok()) return Refuse<grpc::ByteBuffer>(gate_, kMethod, request.status());
  Fields fields;
  fields.NameOrNone("namespace", request->namespace_());
  fields.Text("ref_glob", request->ref_glob(), kRefMax);
  fields.Range("after", request->after(), 0, INT64_MAX);
  if (!fields.ok()) return Refuse<grpc::ByteBuffer>(gate_, kMethod, fields.status());
  return Out::Open<WatchLog>(gate_, *request);
}

}  // namespace fft
