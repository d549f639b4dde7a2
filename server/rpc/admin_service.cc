#include "server/rpc/admin_service.h"

#include <vector>

#include "server/rpc/convert.h"
#include "server/rpc/error.h"

namespace fft {

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

grpc::ServerUnaryReactor* AdminService::NotYet(Context* context, std::string_view method,
                                               std::string_view instead) {
  return Serve(gate_, context, method, [&](const std::string&, const CallEnd& answer) {
    answer(NotOffered(method, instead));
  });
}

grpc::ServerUnaryReactor* AdminService::ListPools(Context* context, const v1::ListPoolsRequest*,
                                                  v1::ListPoolsResponse*) {
  return NotYet(context, "Admin.ListPools",
                "use Admin.ListWorkers for slots and what runs in them");
}

grpc::ServerUnaryReactor* AdminService::SetPool(Context* context, const v1::SetPoolRequest*,
                                                v1::Pool*) {
  return NotYet(context, "Admin.SetPool",
                "use a job's limits.worker_labels and a worker's slots to bound what runs at once");
}

grpc::ServerUnaryReactor* AdminService::SetSecret(Context* context, const v1::SetSecretRequest*,
                                                  v1::SetSecretResponse*) {
  return NotYet(context, "Admin.SetSecret",
                "keep secrets in files that the worker's user may read");
}

grpc::ServerUnaryReactor* AdminService::SetGrant(Context* context, const v1::SetGrantRequest*,
                                                 v1::SetGrantResponse*) {
  return NotYet(context, "Admin.SetGrant",
                "use the permissions of the daemon's unix socket: who may open it may do all");
}

}  // namespace fft
