#include "server/rpc/admin_service.h"

#include <vector>

#include "server/rpc/convert.h"
#include "server/rpc/error.h"

namespace fft {

namespace {
constexpr std::int64_t kPoolMax = 1'000'000;
constexpr std::int64_t kSecretMax = 64 << 10;
}  // namespace

grpc::ServerUnaryReactor* AdminService::GetStatus(Context* context, const v1::GetStatusRequest*,
                                                  v1::ServiceStatus* response) {
  return Serve(gate_, context, "Admin.GetStatus", [&](const std::string&, const CallEnd& answer) {
    if (!answer.Claim()) return;
    ToProto(gate_.service().View(), response);
    response->set_version(gate_.version());
    ToProto(gate_.clock().Now(), response->mutable_now());
    answer.Finish(Ok());
  });
}

grpc::ServerUnaryReactor* AdminService::ListWorkers(Context* context, const v1::ListWorkersRequest*,
                                                    v1::ListWorkersResponse* response) {
  using Views = std::vector<WorkerView>;
  return Serve(gate_, context, "Admin.ListWorkers", [&](const std::string&, const CallEnd& answer) {
    gate_.service().ListWorkers(Answering<Views>(answer, [response](const Views& views) {
      for (const WorkerView& view : views) ToProto(view, response->add_workers());
      return Ok();
    }));
  });
}

grpc::ServerUnaryReactor* AdminService::DrainWorker(Context* context,
                                                    const v1::DrainWorkerRequest* request,
                                                    v1::Worker* response) {
  return Serve(gate_, context, "Admin.DrainWorker", [&](const std::string&, const CallEnd& answer) {
    Fields fields;
    fields.Name("name", request->name());
    if (!fields.ok()) return answer(fields.status());
    gate_.service().DrainWorker(request->name(), request->draining(),
                                Answering<WorkerView>(answer, [response](const WorkerView& view) {
                                  ToProto(view, response);
                                  return Ok();
                                }));
  });
}

grpc::ServerUnaryReactor* AdminService::MarkWorkerDead(Context* context,
                                                       const v1::MarkWorkerDeadRequest* request,
                                                       v1::Worker* response) {
  return Serve(
      gate_, context, "Admin.MarkWorkerDead", [&](const std::string&, const CallEnd& answer) {
        Fields fields;
        fields.Name("name", request->name());
        if (!fields.ok()) return answer(fields.status());
        gate_.service().MarkWorkerDead(
            request->name(), Answering<WorkerView>(answer, [response](const WorkerView& view) {
              ToProto(view, response);
              return Ok();
            }));
      });
}

grpc::ServerUnaryReactor* AdminService::NotYet(Context* context, std::string_view method,
                                               std::string_view instead) {
  return Serve(gate_, context, method, [&](const std::string&, const CallEnd& answer) {
    answer(NotOffered(method, instead));
  });
}

grpc::ServerUnaryReactor* AdminService::ListPools(Context* context, const v1::ListPoolsRequest*,
                                                  v1::ListPoolsResponse* response) {
  using Views = std::vector<PoolView>;
  return Serve(gate_, context, "Admin.ListPools", [&](const std::string&, const CallEnd& answer) {
    gate_.service().ListPools(Answering<Views>(answer, [response](const Views& views) {
      for (const PoolView& view : views) ToProto(view, response->add_pools());
      return Ok();
    }));
  });
}

grpc::ServerUnaryReactor* AdminService::SetPool(Context* context, const v1::SetPoolRequest* request,
                                                v1::Pool* response) {
  return Serve(gate_, context, "Admin.SetPool", [&](const std::string&, const CallEnd& answer) {
    Fields fields;
    fields.Name("pool.name", request->pool().name());
    fields.Range("pool.size", request->pool().size(), 1, kPoolMax);
    if (!fields.ok()) return answer(fields.status());
    gate_.service().SetPool({request->pool().name(), request->pool().size()},
                            Answering<PoolView>(answer, [response](const PoolView& view) {
                              ToProto(view, response);
                              return Ok();
                            }));
  });
}

grpc::ServerUnaryReactor* AdminService::SetSecret(Context* context,
                                                  const v1::SetSecretRequest* request,
                                                  v1::SetSecretResponse* response) {
  return Serve(
      gate_, context, "Admin.SetSecret", [&](const std::string& principal, const CallEnd& answer) {
        Fields fields;
        fields.Ref("name", request->name());
        fields.Range("value.size", static_cast<std::int64_t>(request->value().size()), 1,
                     kSecretMax);
        if (!fields.ok()) return answer(fields.status());
        gate_.service().SetSecret(request->name(), request->value(), principal,
                                  Answering<std::int64_t>(answer, [response](std::int64_t version) {
                                    response->set_version(version);
                                    return Ok();
                                  }));
      });
}

grpc::ServerUnaryReactor* AdminService::SetGrant(Context* context, const v1::SetGrantRequest*,
                                                 v1::SetGrantResponse*) {
  return NotYet(context, "Admin.SetGrant",
                "use the permissions of the daemon's unix socket: who may open it may do all");
}

}  // namespace fft
