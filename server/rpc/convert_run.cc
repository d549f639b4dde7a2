#include <fmt/core.h>

#include "server/rpc/convert.h"
#include "server/rpc/error.h"

namespace fft {

namespace {

constexpr std::size_t kUriMax = 4096;
constexpr std::size_t kOutputsMax = 10'000;
constexpr std::size_t kMetadataMax = 64 << 10;
constexpr std::size_t kStdoutMax = 3 << 20;

/// What a job printed, as one line for people.
std::string OneLine(std::string_view text) {
  std::string line = Clean(text, 1000);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return line;
}

}  // namespace

void ToProto(const RunRecord& record, v1::Run* to) {
  const Lease& lease = record.run.lease;
  const RunReport& report = record.run.report;
  to->set_id(lease.run.value);
  to->set_node(lease.node.value);
  if (record.label != nullptr) {
    to->set_namespace_(record.label->ns);
    to->set_job(record.label->job);
  }
  to->set_worker(record.worker);
  to->set_running(record.is_live);
  to->set_outcome(static_cast<v1::Outcome>(report.outcome));
  to->set_exit_code(report.exit_code);
  to->set_signal(report.signal);
  to->set_message(report.message);
  for (const OutputReport& output : report.outputs) ToProto(output, to->add_outputs());
  to->set_metadata(report.metadata);
  to->set_result_key(HexOrNone(lease.result_key));
  const TimePoint started = record.is_live ? lease.started_at : report.started_at;
  if (lease.granted_at != TimePoint{}) ToProto(lease.granted_at, to->mutable_grant_time());
  if (started != TimePoint{}) ToProto(started, to->mutable_start_time());
  if (report.ended_at != TimePoint{}) ToProto(report.ended_at, to->mutable_end_time());
  to->set_cpu_ms(report.cpu_ms);
  to->set_rss_max_bytes(report.rss_max);
  to->set_log_bytes(report.log_bytes);
}

void AddInputs(const Lease& lease, const JobConfig& config, v1::Run* to) {
  for (std::size_t i = 0; i < config.inputs.size(); ++i) {
    v1::InputRead& read = *to->add_inputs();
    read.set_ref(config.inputs[i].ref);
    if (i < lease.input_runs.size()) read.set_run(lease.input_runs[i].value);
    if (i < lease.input_identities.size()) read.set_identity(RawOrNone(lease.input_identities[i]));
  }
}

void ToProto(const OutputReport& report, v1::OutputReport* to) {
  to->set_ref(report.ref);
  to->set_uri(report.uri);
  to->set_content(RawOrNone(report.content));
  to->set_rows(report.rows);
  to->set_size_bytes(report.bytes);
}

OutputReport FromProto(const v1::OutputReport& from, std::string_view at, Fields* fields) {
  const auto name = [&](std::string_view field) { return fmt::format("{}.{}", at, field); };
  OutputReport report;
  fields->Ref(name("ref"), from.ref());
  fields->Text(name("uri"), from.uri(), kUriMax);
  report.ref = from.ref();
  report.uri = from.uri();
  if (!from.content().empty()) report.content = fields->Raw(name("content"), from.content());
  fields->Range(name("rows"), from.rows(), -1, INT64_MAX);
  fields->Range(name("size_bytes"), from.size_bytes(), -1, INT64_MAX);
  report.rows = from.rows();
  report.bytes = from.size_bytes();
  return report;
}

RunReport FromProto(const v1::RunReport& from, std::string_view at, Fields* fields) {
  const auto name = [&](std::string_view field) { return fmt::format("{}.{}", at, field); };
  fields->Id(name("run"), from.run());
  fields->Id(name("epoch"), from.epoch());
  fields->Range(name("outcome"), from.outcome(), v1::OUTCOME_SUCCEEDED, v1::Outcome_MAX);
  fields->Count(name("outputs"), static_cast<std::size_t>(from.outputs_size()), kOutputsMax);
  if (from.metadata().size() > kMetadataMax)
    fields->Add(name("metadata"), fmt::format("is {} bytes long, {} is the most",
                                              from.metadata().size(), kMetadataMax));
  if (from.stdout_text().size() > kStdoutMax)
    fields->Add(name("stdout_text"), fmt::format("is {} bytes long, {} is the most",
                                                 from.stdout_text().size(), kStdoutMax));
  RunReport report;
  report.run = RunId{from.run()};
  report.epoch = Epoch{from.epoch()};
  if (!fields->ok()) return report;
  report.outcome = static_cast<Outcome>(from.outcome());
  report.exit_code = from.exit_code();
  report.signal = from.signal();
  report.message = OneLine(from.message());
  for (int i = 0; i < from.outputs_size() && fields->ok(); ++i)
    report.outputs.push_back(
        FromProto(from.outputs(i), fmt::format("{}.outputs[{}]", at, i), fields));
  report.left_outputs_alone = from.left_outputs_alone();
  if (from.has_start_time())
    report.started_at = FromProto(from.start_time(), name("start_time"), fields);
  if (from.has_end_time()) report.ended_at = FromProto(from.end_time(), name("end_time"), fields);
  report.cpu_ms = from.cpu_ms();
  report.rss_max = from.rss_max_bytes();
  report.log_bytes = from.log_bytes();
  report.metadata = from.metadata();
  report.stdout_text = from.stdout_text();
  return report;
}

}  // namespace fft
