#include "tests/unit/schedule/desk.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "server/base/error_details.h"
#include "server/schedule/why.h"

namespace fft {

Desk::Desk() { Restart(); }

std::string Desk::Value(const Words& words, const std::string& key, const std::string& otherwise) {
  for (const std::string& word : words)
    if (word.starts_with(key + "=")) return word.substr(key.size() + 1);
  return otherwise;
}

bool Desk::Has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::int64_t> Desk::Numbers(const std::string& text) {
  std::vector<std::int64_t> numbers;
  std::istringstream in(text);
  for (std::string number; std::getline(in, number, ',');) numbers.push_back(std::stoll(number));
  return numbers;
}

std::string Desk::Do(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  // A step whose consequences are left to the next one: two commands of one batch.
  const bool is_held = words.front() == "+";
  if (is_held) words.erase(words.begin());
  const std::string& verb = words.front();
  if (verb == "job") return DeclareJob(words), "";
  if (verb == "draft") return drafts_[words[1]] = MakePlan({words.begin() + 2, words.end()}), "";
  if (verb == "see") return See(words[1]);
  if (verb == "idle") return CheckIdle();
  if (verb == "why") return Why(NodeId{std::stoll(words.at(1))});
  if (verb == "taint") {
    std::string asked = Do("ask-" + line);
    return asked + Do("lineage");
  }
  if (verb == "restart")
    Restart();
  else
    schedule_->Step(Parse(words), now_);
  return is_held ? "" : Settle();
}

std::string Desk::Settle() {
  const Effects effects = schedule_->Settle(now_);
  const Status committed = store_.Commit(epoch_, effects.changes);
  return (committed.ok() ? "" : Message(committed) + "\n") + Print(effects);
}

void Desk::Restart() {
  epoch_ = *store_.TakeLead("the desk");
  schedule_ = Schedule::Restore(options_, epoch_, *store_.Load(), specs_, now_);
}

void Desk::RestartAndReconnect() {
  const auto workers = schedule_->workers();
  Restart();
  Settle();
  for (const auto& [id, worker] : workers) {
    if (!worker.is_connected) continue;
    WorkerJoined joined{.reply = ReplyId{++last_reply_}, .worker = worker.row, .held = {}};
    joined.held.assign(worker.leases.begin(), worker.leases.end());
    schedule_->Step(joined, now_);
  }
  Settle();
}

Command Desk::Parse(const Words& words) {
  static const std::map<std::string, Outcome> kOutcomes = {
      {"done", Outcome::kSucceeded},      {"fail", Outcome::kFailed},
      {"retriable", Outcome::kRetriable}, {"infra", Outcome::kInfrastructure},
      {"stopped", Outcome::kCancelled},   {"late", Outcome::kTimeLimit},
      {"returned", Outcome::kReturned}};
  const std::string& verb = words[0];
  if (const auto at = kOutcomes.find(verb); at != kOutcomes.end())
    return ParseReports(words, at->second);
  if (verb == "build") return ParseBuild(words);
  if (verb == "join") return ParseJoin(words);
  if (verb == "configure") return ParseConfigure(words);
  if (verb == "leave") {
    return WorkerLeft{WorkerCalled(words[1]), ReplyId{std::stoll(Value(words, "joined", "0"))}};
  }
  if (verb == "drain") return WorkerDrained{ReplyId{++last_reply_}, words[1], true};
  if (verb == "dead") return WorkerDied{ReplyId{++last_reply_}, words[1]};
  if (verb == "undrain") return WorkerDrained{ReplyId{++last_reply_}, words[1], false};
  if (verb == "pool") return PoolSet{ReplyId{++last_reply_}, {words[1], std::stoi(words[2])}};
  if (verb == "pause" || verb == "resume")
    return GraphPaused{ReplyId{++last_reply_}, {words[1], verb == "pause"}};
  if (verb == "deployed") return GraphNoted{words[1]};
  if (verb == "wait") {
    now_ += Duration(static_cast<std::int64_t>(std::stod(words[1]) * 1000));
    return Ticked{};
  }
  if (verb == "ask-taint") {
    TaintRequested taint{
        .reply = ReplyId{++last_reply_}, .ns = "dev", .refs = {}, .text = words.at(2)};
    std::istringstream refs(words[1]);
    for (std::string ref; std::getline(refs, ref, ',');) taint.refs.push_back(ref);
    return taint;
  }
  if (verb == "lineage") return ReadLineage();
  const std::int64_t number = std::stoll(words.at(1));  // of the first of several
  if (verb == "plan")
    return BuildPlanned{BuildsCalled(words[1]), MakePlan({words.begin() + 2, words.end()}), {}};
  if (verb == "deliver") return BuildPlanned{BuildsCalled(words[1]), drafts_.at(words[2]), {}};
  if (verb == "planfail")
    return BuildPlanFailed{
        BuildId{number},
        WithDetails(Error(Code::kInvalidArgument, "{}", words.at(2)),
                    {.reason = Value(words, "reason"), .metadata = {}, .fields = {}})};
  if (verb == "await")
    return QueryAwaited{BuildId{number}, words.at(3), Duration(1000 * std::stoll(words[2])), {}};
  if (verb == "cancel") return BuildCancelled{ReplyId{++last_reply_}, BuildId{number}};
  if (verb == "update") {
    BuildUpdated updated{
        .reply = ReplyId{++last_reply_}, .build = BuildId{number}, .priority = {}, .deadline = {}};
    if (const std::string p = Value(words, "priority"); !p.empty()) updated.priority = std::stoi(p);
    if (const std::string d = Value(words, "deadline"); !d.empty())
      updated.deadline = now_ + Duration(1000 * std::stoll(d));
    return updated;
  }
  if (verb == "read") {
    SourcesRead read{.run = RunId{number}, .sources = {}};
    for (std::size_t i = 2; i < words.size() && words[i] != "touched"; ++i)
      read.sources.push_back(
          {ParseSource(words[i]), Has(words, "touched") ? TimePoint::max() : TimePoint()});
    return read;
  }
  if (verb == "probed") return NodeProbed{NodeId{number}, words.at(2) == "exists"};
  if (verb == "started") {
    WorkerHeard heard{.worker = {}, .started = {}, .reports = {}};
    for (std::size_t i = 1; i < words.size(); ++i) {
      const RunId run{std::stoll(words[i])};
      if (granted_.contains(run)) heard.worker = granted_.at(run).lease.worker;
      heard.started.emplace_back(run, now_);
    }
    return heard;
  }
  throw std::invalid_argument("the desk does not know " + verb);
}

std::vector<BuildId> Desk::BuildsCalled(const std::string& numbers) {
  std::vector<BuildId> builds;
  for (const std::int64_t number : Numbers(numbers)) builds.push_back(BuildId{number});
  return builds;
}

WorkerId Desk::WorkerCalled(const std::string& name) const {
  for (const auto& [id, worker] : schedule_->workers())
    if (worker.row.name == name) return id;
  return {};
}

BuildRequested Desk::ParseBuild(const Words& words) {
  Build build{.id = {},
              .request_id = Value(words, "id"),
              .request_digest = Sha256(Value(words, "body")),
              .principal = Value(words, "by", "ann"),
              .ns = Value(words, "ns", "dev"),
              .graph = "g",
              .revision = {},
              .targets = {"t"},
              .options = {},
              .labels = {}};
  BuildOptions& options = build.options;
  if (Has(words, "eager")) options.discipline = Discipline::kEager;
  options.keeps_going = Has(words, "keep-going");
  options.jobs_max = std::stoi(Value(words, "jobs", "0"));
  options.priority = std::stoi(Value(words, "priority", "0"));
  const std::string cache = Value(words, "cache", "rw");
  if (cache == "off") options.cache = CacheMode::kOff;
  if (cache == "ro") options.cache = CacheMode::kReadOnly;
  if (cache == "wo") options.cache = CacheMode::kWriteOnly;
  if (const std::string d = Value(words, "deadline"); !d.empty())
    options.deadline = now_ + Duration(1000 * std::stoll(d));
  return {ReplyId{++last_reply_}, build};
}

WorkerJoined Desk::ParseJoin(const Words& words) {
  Worker worker{
      .id = {}, .name = words[1], .host = "here", .slots = std::stoi(Value(words, "slots", "1"))};
  if (const std::string label = Value(words, "label"); !label.empty()) worker.labels = {label};
  WorkerJoined joined{.reply = ReplyId{++last_reply_}, .worker = worker, .held = {}};
  for (const std::int64_t run : Numbers(Value(words, "held"))) joined.held.push_back(RunId{run});
  return joined;
}

Command Desk::ParseConfigure(const Words& words) {
  ConfigureNeeded needed{
      .build = BuildId{std::stoll(words[1])}, .spec = nullptr, .batches = {}, .answers = {}};
  for (std::size_t i = 2; i < words.size(); ++i) {  // job:ref,ref
    const auto colon = words[i].find(':');
    ConfigureBatch& batch =
        needed.batches.emplace_back(ConfigureBatch{words[i].substr(0, colon), {}});
    Job(batch.job).configure = "bin/configure";
    std::istringstream refs(words[i].substr(colon + 1));
    for (std::string ref; std::getline(refs, ref, ',');) batch.refs.push_back(ref);
  }
  needed.spec = Spec(Digest{});  // as the build's own revision
  return needed;
}

RunReport Desk::Report(RunId run, Outcome outcome, const Words& words) {
  RunReport report{.run = run, .epoch = epoch_, .outcome = outcome};
  report.started_at = now_ - Duration(std::stoll(Value(words, "ms", "0")));
  report.ended_at = now_;
  report.left_outputs_alone = !Has(words, "dirty");
  report.stdout_text = Value(words, "stdout");
  if (outcome == Outcome::kFailed) report.message = "exit code 1";
  const auto at = granted_.find(run);
  if (outcome != Outcome::kSucceeded || at == granted_.end()) return report;
  for (const std::string& ref : at->second.config->outputs)
    report.outputs.push_back(
        {.ref = ref,
         .uri = {},
         .content = Sha256(Value(words, "content", fmt::format("{}", run.value)))});
  if (Has(words, "short")) report.outputs.pop_back();
  if (Has(words, "swapped")) std::swap(report.outputs.front(), report.outputs.back());
  return report;
}

LineageRead Desk::ReadLineage() const {
  auto lineage = std::make_shared<TaintedLineage>(wanted_.partitions);
  for (const Manifest& manifest : store_.ManifestsFrom({}))
    if (lineage->Concerns(manifest)) {
      const Node& node = store_.nodes().at(store_.runs().at(manifest.run).lease.node);
      lineage->Add(manifest, *node.config);
    }
  return {wanted_.reply, Ok(), std::move(lineage)};
}

WorkerHeard Desk::ParseReports(const Words& words, Outcome outcome) {
  WorkerHeard heard{.worker = {}, .started = {}, .reports = {}};
  for (std::size_t i = 1; i < words.size() && std::isdigit(words[i][0]) != 0; ++i) {
    const RunId run{std::stoll(words[i])};
    if (granted_.contains(run)) heard.worker = granted_.at(run).lease.worker;
    heard.reports.push_back(Report(run, outcome, words));
  }
  if (const std::string name = Value(words, "by"); !name.empty()) heard.worker = WorkerCalled(name);
  return heard;
}

void Desk::DeclareJob(const Words& words) {
  JobSpec& job = Job(words[1]);
  if (Has(words, "noop")) job.runner = Runner::kNoop;
  if (Has(words, "no-merge")) job.is_merged = false;
  job.limits.slots = std::stoi(Value(words, "slots", "1"));
  job.limits.attempts_max = std::stoi(Value(words, "attempts", "3"));
  if (const std::string label = Value(words, "label"); !label.empty())
    job.limits.worker_labels = {label};
  if (const std::string pool = Value(words, "pool"); !pool.empty()) job.limits.pools = {pool};
}

std::string Desk::See(const std::string& ref) const {
  const Partition* partition = Find(ref);
  if (partition == nullptr) return ref + ": unknown\n";
  std::string text = fmt::format("{}: live r{}", ref, partition->live.run.value);
  if (!partition->live.is_reusable) text += " not reusable";
  if (partition->is_tainted()) text += partition->doubt->is_suspect ? ", suspect" : ", tainted";
  if (partition->doubt->uncertain_run)
    text += fmt::format(", uncertain since r{}", partition->doubt->uncertain_run.value);
  if (const PendingNode* writer = schedule_->LastWriter(partition->id))
    text += fmt::format(", to be written by {}", NameOf(writer->row.id));
  return text + "\n";
}

std::string Desk::Why(NodeId id) const {
  std::string text;
  for (const std::string& line : WhyWaiting(*schedule_, id)) text += "why: " + line + "\n";
  return text.empty() ? "why: it does not wait\n" : text;
}

std::string Desk::CheckIdle() const {
  const Totals totals = schedule_->totals();
  std::string text;
  if (totals.waiting + totals.ready + totals.running + totals.builds != 0)
    text += fmt::format("left behind: {} waiting, {} ready, {} running, {} builds\n",
                        totals.waiting, totals.ready, totals.running, totals.builds);
  for (const auto& [id, worker] : schedule_->workers())
    if (worker.slots_held != 0 || worker.configures_held != 0 || !worker.leases.empty())
      text += fmt::format("{} holds {} slots for nothing\n", worker.row.name, worker.slots_held);
  return text.empty() ? "idle\n" : text;
}

}  // namespace fft
