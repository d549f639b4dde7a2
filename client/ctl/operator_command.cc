#include <string>
#include <vector>

#include "client/ctl/format.h"
#include "client/ctl/session.h"
#include "client/lib/calls.h"
#include "fft/build/v1/admin.grpc.pb.h"
#include "fft/build/v1/graphs.grpc.pb.h"

// What operators hold back: workers, pools, graphs.

namespace fft {

namespace v1 = build::v1;

int Run(const Session& session, const DrainArguments& arguments) {
  v1::DrainWorkerRequest request;
  request.set_name(arguments.worker);
  request.set_draining(arguments.is_draining);
  const auto worker = session.client.Call(&v1::Admin::Stub::DrainWorker, request);
  if (!worker.ok()) return Report(session, worker.status());
  if (session.is_json())
    session.PrintJson(*worker);
  else
    session.out << worker->name() << (worker->draining() ? " drains: " : " takes work again: ")
                << worker->runs_size() << " runs there\n";
  return kDone;
}

int Run(const Session& session, const DeadArguments& arguments) {
  v1::MarkWorkerDeadRequest request;
  request.set_name(arguments.worker);
  const auto worker = session.client.Call(&v1::Admin::Stub::MarkWorkerDead, request);
  if (!worker.ok()) return Report(session, worker.status());
  if (session.is_json())
    session.PrintJson(*worker);
  else
    session.out << worker->name() << " is dead: what it held is granted to others\n";
  return kDone;
}

int Run(const Session& session, const PoolsArguments& arguments) {
  std::vector<v1::Pool> pools;
  if (arguments.name.empty()) {
    const auto listed = session.client.Call(&v1::Admin::Stub::ListPools, v1::ListPoolsRequest());
    if (!listed.ok()) return Report(session, listed.status());
    pools.assign(listed->pools().begin(), listed->pools().end());
  } else {
    v1::SetPoolRequest request;
    request.mutable_pool()->set_name(arguments.name);
    request.mutable_pool()->set_size(arguments.size);
    const auto pool = session.client.Call(&v1::Admin::Stub::SetPool, request);
    if (!pool.ok()) return Report(session, pool.status());
    pools.push_back(*pool);
  }
  if (session.is_json()) {
    for (const v1::Pool& pool : pools) session.PrintJson(pool);
    return kDone;
  }
  std::vector<std::vector<std::string>> rows = {{"POOL", "USED", "SIZE"}};
  for (const v1::Pool& pool : pools)
    rows.push_back({pool.name(), std::to_string(pool.used()), std::to_string(pool.size())});
  session.out << (pools.empty() ? "no pools\n" : FormatTable(rows));
  return kDone;
}

int Run(const Session& session, const PauseArguments& arguments) {
  v1::PauseGraphRequest request;
  request.set_name(arguments.graph);
  request.set_paused(arguments.is_paused);
  const auto graph = session.client.Call(&v1::Graphs::Stub::PauseGraph, request);
  if (!graph.ok()) return Report(session, graph.status());
  if (session.is_json())
    session.PrintJson(*graph);
  else
    session.out << graph->name()
                << (graph->paused() ? " is paused: what runs of it ends, nothing more starts\n"
                                    : " goes on\n");
  return kDone;
}

}  // namespace fft
