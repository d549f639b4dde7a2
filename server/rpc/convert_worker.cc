#include <fmt/core.h>

#include "server/rpc/convert.h"

namespace fft {

namespace {

constexpr std::size_t kHeldMax = 100'000;
constexpr int kProtocol = 1;

}  // namespace

WorkerHello FromProto(const v1::WorkerHello& from, std::string_view at, Fields* fields) {
  const auto name = [&](std::string_view field) { return fmt::format("{}.{}", at, field); };
  fields->Name(name("name"), from.name());
  fields->Text(name("host"), from.host(), 255);
  fields->Range(name("slots"), from.slots(), 1, 10'000);
  fields->Refs(name("labels"), from.labels(), kLabelsMax, kLabelsMax * kRefMax);
  fields->Range(name("protocol"), from.protocol(), kProtocol, kProtocol);
  fields->Count(name("held"), static_cast<std::size_t>(from.held_size()), kHeldMax);
  WorkerHello hello;
  if (!fields->ok()) return hello;
  hello.name = from.name();
  hello.host = from.host();
  hello.slots = from.slots();
  hello.labels.assign(from.labels().begin(), from.labels().end());
  hello.protocol = from.protocol();
  for (const std::int64_t run : from.held()) hello.held.push_back(RunId{run});
  return hello;
}

void ToProto(const WorkerWelcome& welcome, v1::DaemonMessage* to) {
  to->set_epoch(welcome.epoch.value);
  v1::Welcome& out = *to->mutable_welcome();
  out.set_worker(welcome.worker.value);
  ToProto(welcome.heartbeat_every, out.mutable_heartbeat_every());
  ToProto(welcome.lease_length, out.mutable_lease_length());
  ToProto(welcome.orphan_after, out.mutable_orphan_after());
  out.set_service(welcome.service);
}

void ToProto(const Grant& grant, v1::Grant* to) {
  to->set_run(grant.lease.run.value);
  to->set_node(grant.lease.node.value);
  to->set_epoch(grant.lease.epoch.value);
  to->set_configure(grant.kind == NodeKind::kConfigure);
  if (grant.config != nullptr) ToProto(*grant.config, to->mutable_config());
  const GrantedJob& job = *grant.job;
  ToProto(job.limits, to->mutable_limits());
  to->set_namespace_(job.ns);
  to->set_root_uri(job.root_uri);
  for (const std::string& uri : grant.input_uris) to->add_input_uris(uri);
  to->mutable_annotations()->insert(job.annotations.begin(), job.annotations.end());
  to->set_connection(grant.connection);
  to->set_context(RawOrNone(job.context));
  to->set_environment(grant.environment);
  to->set_group(grant.group);
  to->set_group_max(grant.group_max);
  for (const GrantedText& text : grant.texts) {
    v1::GrantedText& out = *to->add_texts();
    out.set_digest(std::string(text.digest.view()));
    out.set_data(*text.text);
  }
}

void ToProto(const PoolView& view, v1::Pool* to) {
  to->set_name(view.pool.name);
  to->set_size(view.pool.size);
  to->set_used(view.used);
}

void ToProto(const WorkerView& view, v1::Worker* to) {
  to->set_id(view.worker.id.value);
  to->set_name(view.worker.name);
  to->set_host(view.worker.host);
  to->set_slots(view.worker.slots);
  for (const std::string& label : view.worker.labels) to->add_labels(label);
  to->set_connected(view.is_connected);
  to->set_draining(view.worker.is_draining);
  for (const RunId run : view.runs) to->add_runs(run.value);
  if (view.worker.connected_at != TimePoint{})
    ToProto(view.worker.connected_at, to->mutable_connect_time());
}

void ToProto(const ServiceView& view, v1::ServiceStatus* to) {
  to->set_epoch(view.epoch.value);
  to->set_leading(view.is_leading);
  to->set_last_event(view.last_event.value);
  to->set_waiting(view.waiting);
  to->set_ready(view.ready);
  to->set_running(view.running);
  to->set_builds_open(view.builds_open);
  to->set_partitions(view.partitions);
  if (view.started_at != TimePoint{}) ToProto(view.started_at, to->mutable_start_time());
  to->set_standby(view.is_standby);
  to->set_leader(view.leader);
  to->set_store(view.store.ok() ? "serving" : Message(view.store));
}

}  // namespace fft
