#include "tests/store/samples.h"

#include <tuple>

namespace fft {

Digest DigestOf(const std::string& text) { return Sha256(text); }
TimePoint At(std::int64_t second) { return FromMillis(1'700'000'000'123 + second * 1000); }

Partition SamplePartition(std::int64_t id) {
  const std::string n = std::to_string(id);
  return {
      .id = {id},
      .ns = {1},
      .ref = "a/" + n,
      .live = {.run = {id},
               .key = DigestOf("key" + n),
               .content = DigestOf("content" + n),
               .rows = 10 + id,
               .bytes = 100 + id,
               .major_version = 3,
               .is_reusable = false,
               .uri = "file:///a b/" + n,
               .at = At(id)},
      .doubt = Doubt{.uncertain_run = {7}, .taint = 2, .is_suspect = true, .tainted_before = {9}}};
}

Build SampleBuild(std::int64_t id) {
  Build build;
  build.id = {id};
  build.request_id = "request-" + std::to_string(id);
  build.request_digest = DigestOf(build.request_id);
  build.principal = "ada";
  build.ns = "ns";
  build.graph = "weather";
  build.revision = DigestOf("revision");
  build.targets = {"a/1", "b/*", "with \"quotes\", {braces} and \\"};
  build.options = {.cache = CacheMode::kWriteOnly,
                   .rebuild = {"x*", "y"},
                   .discipline = Discipline::kEager,
                   .jobs_max = 4,
                   .keeps_going = true,
                   .priority = -3,
                   .deadline = At(1000)};
  build.labels = {{"team", "data"}, {"why", "it's \"late\"\n"}};
  build.plan_etag = Sha256("etag");
  build.state = BuildState::kExecuting;
  build.reason = Reason::kJobFailed;
  build.message = "job a/1 failed: \xC3\xA9";
  build.counts = {.total = 1,
                  .cached = 2,
                  .cut_off = 3,
                  .joined = 4,
                  .running = 5,
                  .succeeded = 6,
                  .failed = 7,
                  .cancelled = 8};
  build.accounts = {.spent_ms = 21,
                    .saved_by_cache_ms = 22,
                    .saved_by_joining_ms = 23,
                    .saved_by_cut_off_ms = 24};
  build.received_at = At(1);
  build.started_at = At(2);
  build.ended_at = At(3);
  build.received_event = {1};
  build.ended_event = {99};
  return build;
}

JobConfigPtr SampleConfig(std::int64_t number) {
  JobConfig config;
  config.frame = JobFrame{
      .job = "daily",
      .version = "v2.1.0",
      .executable = "bin/daily",
      .files = {{.path = "bin/daily", .digest = DigestOf("file"), .bytes = 12, .executable = true}},
      .is_in_place = true};
  config.outputs = {"a/" + std::to_string(number)};
  config.inputs = {{.kind = InputKind::kQuery, .identity = Identity::kContent, .ref = "in/1"},
                   {.kind = InputKind::kOrder, .identity = Identity::kNone, .ref = "in/2"}};
  config.args = {"--city", "S\xC3\xA3o \"Paulo\"\t"};
  config.env = std::map<std::string, std::string>{{"TZ", "UTC"}};
  return std::make_shared<const JobConfig>(config);
}

Node SampleNode(std::int64_t id) {
  Node node;
  node.id = {id};
  node.ns = {1};
  node.of = std::make_shared<const RevisionName>(RevisionName{"weather", DigestOf("revision")});
  node.config = SampleConfig(id);
  node.config_digest = DigestOf("config" + std::to_string(id));
  node.plan_key = DigestOf("plan");
  node.outputs = {{id}};
  node.inputs = {{101}, {102}};
  node.upstreams = {{201}, {202}, {203}};
  node.state = NodeState::kReady;
  node.must_run = true;
  node.is_reusable = false;
  node.reason = Reason::kFactsChanged;
  node.evidence = R"({"facts":["args"]})";
  node.planned_at = At(4);
  node.past = NodePast{.result_key = DigestOf("result"),
                       .message = "none yet",
                       .attempts = 2,
                       .faults = 1,
                       .not_before = At(5),
                       .ended_at = At(6),
                       .last_run = {55}};
  return node;
}

NodeUpdate UpdateOf(const Node& node) {
  return {.id = node.id,
          .state = node.state,
          .reason = node.reason,
          .must_run = node.must_run,
          .is_reusable = node.is_reusable,
          .evidence = node.evidence,
          .past = *node.past};
}

Attachment SampleAttachment(std::int64_t build, std::int64_t event,
                            const std::vector<NodeId>& nodes) {
  Attachment attachment{.build = {build},
                        .opened_by = {event},
                        .nodes = nodes,
                        .levels = {},
                        .joined = {},
                        .reasons = {}};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    attachment.levels.push_back(static_cast<int>(i % 70'000));
    attachment.joined.push_back(i % 2);
    attachment.reasons.push_back(static_cast<std::uint8_t>(Reason::kFactsChanged));
  }
  return attachment;
}

Lease SampleLease(std::int64_t run, std::int64_t node) {
  return {.run = {run},
          .node = {node},
          .worker = {1},
          .epoch = {1},
          .result_key = DigestOf("result"),
          .input_runs = {{31}, {0}},
          .input_identities = {DigestOf("i1"), DigestOf("i2")},
          .granted_at = At(7),
          .started_at = {},
          .is_kill_requested = true};
}

Run SampleRun(std::int64_t run, std::int64_t node) {
  const std::string ref = "a/" + std::to_string(node);
  return {.lease = SampleLease(run, node),
          .report = {.run = {run},
                     .epoch = {1},
                     .outcome = Outcome::kSucceeded,
                     .exit_code = 3,
                     .signal = 9,
                     .message = "fine",
                     .outputs = {{.ref = ref,
                                  .uri = "file:///x",
                                  .content = DigestOf("out"),
                                  .rows = 5,
                                  .bytes = 6}},
                     .left_outputs_alone = false,
                     .started_at = At(8),
                     .ended_at = At(9),
                     .cpu_ms = 12,
                     .rss_max = 1 << 20,
                     .log_bytes = 77,
                     .metadata = R"({"a": 1})",
                     .stdout_text = "{}"},
          .reason = Reason::kBadOutput,
          .outputs = {{node}},
          .major_version = 3,
          .is_reusable = false};
}

Worker SampleWorker(std::int64_t id) {
  return {.id = {id},
          .name = "worker-" + std::to_string(id),
          .host = "h",
          .slots = 8,
          .labels = {"gpu", "big, {really}"},
          .protocol = 2,
          .is_draining = true,
          .connected_at = At(10)};
}

NodeChange ChangeOf(const Node& node, const std::string& ns) {
  auto label = std::make_shared<NodeLabel>();
  *label = {.id = node.id,
            .kind = node.kind,
            .ns = ns,
            .job = node.config->frame->job,
            .outputs = node.config->outputs};
  return {.label = label,
          .state = node.state,
          .reason = node.reason,
          .run = {},
          .level = 0,
          .is_joined = false,
          .message = {}};
}

std::shared_ptr<Event> SampleEvent(std::int64_t seq) {
  auto event = std::make_shared<Event>();
  event->seq = {seq};
  event->at = At(seq);
  event->kind = EventKind::kWorkerChanged;
  event->text = "worker-1 connected";
  return event;
}

ChangeSet Everything() {
  ChangeSet all;
  all.namespaces = {{.id = {1}, .name = "ns"}};
  all.partitions = {SamplePartition(1), SamplePartition(2)};
  all.builds = {SampleBuild(1)};
  all.nodes = {SampleNode(1), SampleNode(2)};
  all.attachments = {SampleAttachment(1, 2, {{1}, {2}})};
  all.hits = {{.build = {1}, .partitions = {{2}}, .runs = {{2}}}};
  all.leases = {SampleLease(1, 1)};
  all.runs = {SampleRun(2, 2)};
  all.configure_answers = {
      {.job_digest = DigestOf("job"), .ref = "a/1", .config = SampleConfig(1)}};
  all.workers = {SampleWorker(1)};
  const auto built = SampleEvent(1), attached = SampleEvent(2);
  built->kind = EventKind::kBuildChanged;
  built->build = {1};
  built->snapshot = std::make_shared<const Build>(SampleBuild(1));
  attached->kind = EventKind::kNodesAttached;
  attached->build = {1};
  attached->also = {{2}, {3}};
  attached->changes = {ChangeOf(all.nodes[0], "ns"), ChangeOf(all.nodes[1], "ns")};
  attached->changes[1].state = NodeState::kFailed;
  attached->changes[1].level = 3;
  attached->changes[1].is_joined = true;
  attached->changes[1].run = {2};
  attached->changes[1].message = "exit code 1";
  all.events = {built, attached, SampleEvent(3)};
  return all;
}

bool Same(const Node& a, const Node& b) {
  const auto fields = [](const Node& n) {
    return std::tie(n.id, n.kind, n.ns, n.of->graph, n.of->revision, n.config_digest, n.plan_key,
                    n.outputs, n.inputs, n.upstreams, n.state, n.must_run, n.is_reusable, n.reason,
                    n.evidence, n.planned_at, n.past);
  };
  if (!a.config != !b.config || (a.config && *a.config != *b.config)) return false;
  return fields(a) == fields(b);
}

bool Same(const Attachment& a, const Attachment& b) {
  return std::tie(a.build, a.opened_by, a.nodes, a.levels, a.joined, a.reasons) ==
         std::tie(b.build, b.opened_by, b.nodes, b.levels, b.joined, b.reasons);
}

bool Same(const BuildHits& a, const BuildHits& b) {
  return std::tie(a.build, a.partitions, a.runs) == std::tie(b.build, b.partitions, b.runs);
}

bool Same(const Lease& a, const Lease& b) {
  const auto fields = [](const Lease& l) {
    return std::tie(l.run, l.node, l.worker, l.epoch, l.result_key, l.input_runs,
                    l.input_identities, l.granted_at, l.started_at, l.is_kill_requested);
  };
  return fields(a) == fields(b);
}

bool Same(const Run& a, const Run& b) {
  return Same(a.lease, b.lease) && a.report == b.report && a.reason == b.reason;
}

bool Same(const Event& a, const Event& b) {
  if (a.changes.size() != b.changes.size() || !a.snapshot != !b.snapshot) return false;
  if (a.snapshot && *a.snapshot != *b.snapshot) return false;
  for (std::size_t i = 0; i < a.changes.size(); ++i) {
    const auto fields = [](const NodeChange& c) {
      return std::tie(*c.label, c.state, c.reason, c.run, c.level, c.is_joined, c.message);
    };
    if (fields(a.changes[i]) != fields(b.changes[i])) return false;
  }
  return std::tie(a.seq, a.at, a.kind, a.build, a.also, a.count, a.partitions, a.text) ==
         std::tie(b.seq, b.at, b.kind, b.build, b.also, b.count, b.partitions, b.text);
}

}  // namespace fft
