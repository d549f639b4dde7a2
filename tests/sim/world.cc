#include "tests/sim/world.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/app/read_lineage.h"
#include "server/base/check.h"

namespace fft::sim {

namespace {

constexpr Duration kTurn{100};

Digest RequestDigest(const Build& build) {
  std::string text = ToHex(build.revision);
  for (const std::string& target : build.targets) text += " " + target;
  return Sha256(text);
}

}  // namespace

World::World(std::uint64_t seed, int workers, Faults faults) : rng_(seed), faults_(faults) {
  for (int i = 0; i < 2; ++i)
    disk_[fmt::format("file:///source/{}", i)] = {Sha256(fmt::format("source {} at first", i)),
                                                  false};
  for (int i = 0; i < workers; ++i) {
    SimulatedWorker& worker = workers_.emplace_back();
    worker.name = fmt::format("w{}", i);
    worker.slots = 1 + static_cast<int>(rng_() % 3);
  }
  planning_ = std::make_unique<Planning>(shared_, static_cast<Library&>(*this),
                                         static_cast<Prober&>(*this));
  loop_ = std::make_unique<Loop>(
      ScheduleOptions{.ahead_ms = 10'000}, shared_, static_cast<Store&>(*this),
      [this](const std::string& graph,
             const Digest& revision) -> StatusOr<std::shared_ptr<const GraphSpec>> {
        auto found = graphs_.Load(*this, graph, revision);
        if (!found.ok()) return found.status();
        return std::shared_ptr<const GraphSpec>(*found, &(*found)->spec());
      });
}

World::~World() = default;

void World::Deploy(CompiledGraphPtr graph) {
  graphs_by_revision_[graph->revision()] = graph;
  graphs_.Deployed(std::move(graph));
  clean_.clear();  // sources may have been edited too
}

void World::Request(const CompiledGraphPtr& graph, std::vector<std::string> targets,
                    BuildOptions options) {
  Deploy(graph);
  Build build{.id = {},
              .request_id = fmt::format("r{}", wanted_.size()),
              .request_digest = {},
              .principal = fmt::format("client{}", wanted_.size() % 3),
              .ns = "sim",
              .graph = "sim",
              .revision = graph->revision(),
              .targets = std::move(targets),
              .options = std::move(options)};
  build.request_digest = RequestDigest(build);
  wanted_.push_back({std::move(build), {}, now_ + Between(0, 5'000), {}});
}

Duration World::Between(int low_ms, int high_ms) {
  return Duration(low_ms + static_cast<int>(unit_(rng_) * (high_ms - low_ms)));
}

bool World::RunUntilSettled(Duration limit) {
  const TimePoint ends = now_ + limit;
  calms_at_ = now_ + limit / 2;
  while (now_ < ends) {
    Turn();
    const bool all_ended = std::all_of(wanted_.begin(), wanted_.end(), [&](const Wanted& w) {
      if (!w.accepted) return false;
      const auto at = builds().find(*w.accepted);
      return at == builds().end() || IsTerminal(at->second.state);  // gone: CheckRest() says so
    });
    const bool all_told = std::all_of(workers_.begin(), workers_.end(),
                                      [](const SimulatedWorker& w) { return w.held.empty(); });
    if (all_ended && all_told && leases().empty()) return true;
  }
  return false;
}

void World::Turn() {
  now_ += kTurn;
  is_calm_ = now_ >= calms_at_;
  RunClients();
  RunOperator();
  if (IsEdited() && Chance(faults_.edit)) EditSource();
  for (SimulatedWorker& worker : workers_) RunWorker(worker);
  RunDaemon();
  if (Chance(faults_.crash)) CrashDaemon("crash");
}

void World::RunClients() {
  for (Wanted& wanted : wanted_) {
    if (wanted.accepted || wanted.reply || now_ < wanted.again_at || !loop_->is_loaded()) continue;
    // As the use case does: of builds that ended before a restart the store alone knows.
    const auto earlier = std::find_if(builds().begin(), builds().end(), [&](const auto& item) {
      return item.second.principal == wanted.build.principal &&
             item.second.request_id == wanted.build.request_id;
    });
    if (earlier != builds().end()) {
      wanted.accepted = earlier->first;
      acknowledged_.insert(earlier->first);
      continue;
    }
    wanted.reply = ReplyId{++last_reply_};
    inbox_.push_back(BuildRequested{wanted.reply, wanted.build});
    if (Chance(faults_.repeat))
      inbox_.push_back(BuildRequested{ReplyId{++last_reply_}, wanted.build});
  }
  if (!loop_->is_loaded() || wanted_.empty() || !Chance(faults_.cancel)) return;
  const Wanted& unlucky = wanted_[rng_() % wanted_.size()];
  if (!unlucky.accepted) return;
  if (rng_() % 2 == 0)
    inbox_.push_back(BuildCancelled{{}, *unlucky.accepted});
  else
    inbox_.push_back(BuildUpdated{{}, *unlucky.accepted, static_cast<int>(rng_() % 3), {}});
}

// Now and then a graph is paused; in the end none is.
void World::RunOperator() {
  if (!loop_->is_loaded()) return;
  const bool is_paused = shared_.schedule->gates().IsPaused(kProjectName);
  if (!partitions().empty() && Chance(faults_.taint)) {
    auto any = partitions().begin();
    std::advance(any, static_cast<std::ptrdiff_t>(rng_() % partitions().size()));
    const bool is_noticed = !wrong_refs_.empty() && unit_(rng_) < 0.7;
    AskTaint({is_noticed ? wrong_refs_.begin()->first : any->second.ref.str()});
  }
  if (is_calm_ ? is_paused : Chance(faults_.pause))
    inbox_.push_back(GraphPaused{{}, {kProjectName, !is_paused}});
}

void World::AskTaint(std::vector<std::string> refs) {
  taint_ = ReplyId{++last_reply_};
  inbox_.push_back(TaintRequested{*taint_, "sim", std::move(refs), "it looks wrong"});
}

void World::TaintWhatWentWrong() {
  calms_at_ = now_ + std::chrono::minutes(10);
  taint_.reset();
  for (bool is_asked = false; !wrong_refs_.empty() && (!is_asked || taint_);) {
    if (!taint_ && loop_->is_loaded()) {
      std::vector<std::string> refs;
      for (const auto& [ref, run] : wrong_refs_) refs.push_back(ref);
      AskTaint(std::move(refs));
      is_asked = true;
    }
    const std::int64_t crashes = crashes_;
    Turn();
    if (crashes_ == crashes) continue;
    is_asked = false;  // it was lost, or its answer was
    taint_.reset();
  }
  ++era_;
}

void World::RunDaemon() {
  if (!loop_->is_loaded()) {
    if (!loop_->Reload("sim", now_).ok()) return;
    Say(fmt::format("daemon leads under epoch {}", loop_->epoch().value));
  }
  while (!from_workers_.empty() && from_workers_.begin()->first <= now_) {
    inbox_.push_back(std::move(from_workers_.begin()->second.second));
    from_workers_.erase(from_workers_.begin());
  }
  while (!plans_.empty() && plans_.front().first <= now_) {
    const PlanWanted wanted = std::move(plans_.front().second);
    plans_.pop_front();
    const PendingBuild* build = shared_.schedule->FindBuild(wanted.build);
    if (build == nullptr) continue;
    std::vector<BuildId> alike = {wanted.build};
    std::erase_if(plans_, [&](const auto& item) {
      const PendingBuild* other = shared_.schedule->FindBuild(item.second.build);
      if (other == nullptr || other == build || !GoesAlike(other->row, build->row) ||
          other->row.targets != build->row.targets)
        return false;
      alike.push_back(other->row.id);
      return true;
    });
    auto made = planning_->Make({graphs_by_revision_.at(build->row.revision),
                                 "sim",
                                 build->row.targets,
                                 build->row.options,
                                 {}});
    if (made.ok())
      inbox_.push_back(BuildPlanned{alike, made->plan, {}});
    else
      for (const BuildId id : alike) inbox_.push_back(BuildPlanFailed{id, made.status()});
  }
  while (!probes_.empty() && probes_.front().first <= now_) {
    const std::vector<char> exist = *Exist(probes_.front().second.uris);
    const bool all = std::find(exist.begin(), exist.end(), 0) == exist.end();
    inbox_.push_back(NodeProbed{probes_.front().second.node, all});
    probes_.pop_front();
  }
  while (!sources_.empty() && sources_.front().first <= now_) {
    SourcesWanted wanted = std::move(sources_.front().second);
    sources_.pop_front();
    SourcesRead read{.run = wanted.run, .sources = {}};
    for (PlannedSource& source : wanted.sources) {
      source.content = *Content(source.uri, &source.bytes);
      read.sources.push_back({source, ChangedAt(source.uri)});
    }
    inbox_.push_back(std::move(read));
  }
  while (!lineages_.empty() && lineages_.front().first <= now_) {
    const auto lineage = ReadLineage(*this, lineages_.front().second.partitions);
    inbox_.push_back(LineageRead{lineages_.front().second.reply, lineage.status(),
                                 lineage.ok() ? *lineage : nullptr});
    lineages_.pop_front();
  }
  std::vector<Command> commands;
  commands.swap(inbox_);
  commands.emplace_back(Ticked{});
  loop_->Step(commands, now_);
  Effects effects = loop_->Settle(now_);
  if (!effects.changes.leases.empty() && shared_.schedule->gates().IsPaused(kProjectName))
    Violate("something of a paused graph was granted");
  if (effects.empty()) return;
  if (!effects.changes.empty())
    if (const Status s = Commit(loop_->epoch(), effects.changes); !s.ok())
      return CrashDaemon(Message(s));
  Deliver(std::move(effects));
}

void World::Deliver(Effects effects) {
  joined_ += effects.tally.joined;
  for (const Answer& answer : effects.answers) DeliverAnswer(answer);
  for (WorkerOrders& orders : effects.orders)
    for (std::size_t i = 0; i < workers_.size(); ++i)
      if (workers_[i].id == orders.worker && workers_[i].is_connected)
        to_workers_.emplace(now_ + Between(0, 300), std::pair(i, orders));
  for (PlanWanted& wanted : effects.plans)
    plans_.emplace_back(now_ + Between(0, 2'000), std::move(wanted));
  for (LineageWanted& wanted : effects.lineages)
    lineages_.emplace_back(now_ + Between(0, 1'000), std::move(wanted));
  for (SourcesWanted& wanted : effects.sources)
    sources_.emplace_back(now_ + Between(0, 500), std::move(wanted));
  for (ProbeWanted& wanted : effects.probes)
    probes_.emplace_back(now_ + Between(0, 500), std::move(wanted));
}

void World::DeliverAnswer(const Answer& answer) {
  for (Wanted& wanted : wanted_)
    if (wanted.reply && wanted.reply == answer.reply) {
      if (!answer.status.ok()) Violate("a request was refused: " + Message(answer.status));
      wanted.accepted = answer.build->id;
      acknowledged_.insert(answer.build->id);
    }
  for (SimulatedWorker& worker : workers_)
    if (answer.worker && answer.reply == worker.joining) {
      worker.id = answer.worker->id;
      worker.is_connected = true;
      worker.heard_at = now_;
    }
  if (taint_ && *taint_ == answer.reply) {
    if (!answer.status.ok()) Violate("nothing was tainted: " + Message(answer.status));
    suspects_ += answer.suspects;
    for (const Partition& tainted : answer.partitions) {
      const std::string ref = tainted.ref.str();
      noticed_[ref] = tainted.doubt->tainted_before;
      if (const auto at = wrong_refs_.find(ref);
          at != wrong_refs_.end() && at->second < tainted.doubt->tainted_before)
        wrong_refs_.erase(at);
    }
    taint_.reset();
  }
}

void World::CrashDaemon(const std::string& why) {
  Say("daemon ends: " + why);
  ++crashes_;
  loop_->Forget();
  inbox_.clear();
  plans_.clear();
  probes_.clear();
  sources_.clear();
  lineages_.clear();
  for (Wanted& wanted : wanted_) {
    if (wanted.accepted) continue;
    wanted.reply = {};
    wanted.again_at = now_ + Between(100, 3'000);
  }
  for (SimulatedWorker& worker : workers_)
    if (worker.is_connected) Break(worker, Between(100, 3'000));
}

Status World::Commit(Epoch epoch, const ChangeSet& changes) {
  if (Chance(faults_.commit_refused)) return Error(Code::kUnavailable, "commit refused");
  if (Status s = MemoryStore::Commit(epoch, changes); !s.ok()) return s;
  CheckCommitted(changes);
  if (Chance(faults_.commit_in_doubt)) return Error(Code::kUnknown, "commit in doubt");
  return Ok();
}

StatusOr<GraphRevision> World::GetRevision(const std::string&, const Digest& revision) {
  return GraphRevision{.spec = graphs_by_revision_.at(revision)->spec(), .revision = revision};
}

StatusOr<std::vector<ConfigureAnswer>> World::FindConfigureAnswers(
    const Digest&, const std::vector<std::string>&) {
  return std::vector<ConfigureAnswer>{};
}

StatusOr<RunId> World::FirstRunAt(const std::vector<PartitionId>&) { return RunId{}; }

StatusOr<std::vector<Manifest>> World::ListManifests(RunId from) { return ManifestsFrom(from); }

StatusOr<JobConfig> World::GetConfig(const Digest& config_digest) {
  for (const auto& [id, node] : nodes())
    if (node.config_digest == config_digest) return *node.config;
  return Error(Code::kNotFound, "config {} does not exist", ToHex(config_digest));
}

StatusOr<std::vector<char>> World::Exist(const std::vector<std::string>& uris) {
  std::vector<char> exist;
  for (const std::string& uri : uris) exist.push_back(disk_.contains(uri) ? 1 : 0);
  return exist;
}

StatusOr<Digest> World::Content(const std::string& uri, std::int64_t* bytes) {
  *bytes = 1;
  return disk_.at(uri).content;
}

TimePoint World::ChangedAt(const std::string& uri) { return edited_at_[uri]; }

void World::Violate(std::string what) {
  Say("VIOLATION " + what);
  violations_.push_back(std::move(what));
}

void World::Say(const std::string& line) {
  transcript_ += fmt::format("{} {}\n", now_.time_since_epoch().count(), line);
}

}  // namespace fft::sim
