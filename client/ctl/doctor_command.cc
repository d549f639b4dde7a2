#include <chrono>

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/generic_stub.h>

#include "client/ctl/doctor.h"
#include "client/ctl/format.h"
#include "client/ctl/session.h"
#include "fft/build/v1/admin.grpc.pb.h"
#include "server/base/clock.h"

namespace fft {

namespace v1 = build::v1;

namespace {

/// Asks grpc.health.v1.Health.  Its messages have one field each, numbered 1, and so the same bytes
/// as the wrappers of Protobuf.
Health AskHealth(Client& client) {
  grpc::TemplatedGenericStub<google::protobuf::StringValue, google::protobuf::Int32Value> stub(
      client.channel());
  google::protobuf::Int32Value reply;
  const Status status = client.Attempt([&](grpc::ClientContext& context) {
    grpc::CompletionQueue queue;
    grpc::Status outcome;
    const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &queue);
    call->StartCall();
    call->Finish(&reply, &outcome, nullptr);
    void* tag = nullptr;
    bool is_ok = false;
    queue.Next(&tag, &is_ok);
    queue.Shutdown();
    while (queue.Next(&tag, &is_ok)) {
    }
    return outcome;
  });
  if (status.code() == Code::kUnimplemented) return Health::kNotImplemented;
  if (!status.ok() || reply.value() < 0 || reply.value() > 2) return Health::kUnknown;
  return static_cast<Health>(reply.value());
}

StatusOr<std::vector<v1::Worker>> ListWorkers(Client& client) {
  const auto reply = client.Call(&v1::Admin::Stub::ListWorkers, v1::ListWorkersRequest());
  if (!reply.ok()) return reply.status();
  return std::vector<v1::Worker>(reply->workers().begin(), reply->workers().end());
}

/// One status call, and what its time tells: the round trip, and how far the clocks are apart.
Status AskStatus(Client& client, Findings& findings) {
  const SystemClock clock;
  const TimePoint sent = clock.Now();
  const auto reply = client.Call(&v1::Admin::Stub::GetStatus, v1::GetStatusRequest());
  if (!reply.ok()) return reply.status();
  findings.service = *reply;
  findings.round_trip = clock.Now() - sent;
  if (reply->has_now())
    findings.skew = ToTimePoint(reply->now()) - (sent + findings.round_trip / 2);
  return Ok();
}

}  // namespace

int Run(const Session& session, const WorkersArguments&) {
  const auto workers = ListWorkers(session.client);
  if (!workers.ok()) return Report(session, workers.status());
  if (session.is_json()) {
    for (const v1::Worker& worker : *workers) session.PrintJson(worker);
    return kDone;
  }
  std::vector<std::vector<std::string>> rows = {
      {"WORKER", "HOST", "STATE", "RUNS", "SLOTS", "LABELS", "SINCE"}};
  for (const v1::Worker& worker : *workers) {
    std::string labels;
    for (const std::string& label : worker.labels()) labels += (labels.empty() ? "" : ",") + label;
    rows.push_back({worker.name(), worker.host(),
                    !worker.connected() ? "gone"
                    : worker.draining() ? "draining"
                                        : "connected",
                    std::to_string(worker.runs_size()), std::to_string(worker.slots()), labels,
                    FormatTime(worker.connect_time())});
  }
  session.out << (workers->empty() ? "no workers\n" : FormatTable(rows));
  return kDone;
}

int Run(const Session& session, const DoctorArguments&) {
  Findings findings;
  findings.address = session.client.options().address;
  findings.reached = AskStatus(session.client, findings);
  if (findings.reached.ok()) {
    findings.health = AskHealth(session.client);
    const Status again = AskStatus(session.client, findings);  // over a channel that is open
    if (!again.ok()) findings.reached = again;
  }
  if (findings.reached.ok()) {
    auto workers = ListWorkers(session.client);
    if (workers.ok()) findings.workers = *std::move(workers);
  }
  const std::vector<Diagnosis> diagnoses = Diagnose(findings);
  session.out << (session.is_json() ? DoctorJson(findings, diagnoses) : DoctorText(diagnoses));
  if (!findings.reached.ok()) return IsUnreachable(findings.reached) ? kUnreachable : kFailed;
  for (const Diagnosis& one : diagnoses)
    if (!one.advice.empty()) return kFailed;
  return kDone;
}

}  // namespace fft
