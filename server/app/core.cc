#include "server/app/core.h"

#include <algorithm>
#include <utility>

#include "server/app/core_send.h"
#include "server/base/error_details.h"
#include "server/base/log.h"

namespace fft {

Core::Core(Store& store, Library& library, Prober& prober, Secrets& secrets, Clock& clock,
           Observer& observer, CoreOptions options)
    : library_(library),
      secrets_(secrets),
      clock_(clock),
      observer_(observer),
      options_(std::move(options)),
      started_at_(clock.Now()),
      inbox_(options_.inbox_max),
      events_(options_.events_kept),
      reads_(library, options_.read_threads, options_.reads_waiting_max),
      loop_(options_.schedule, shared_, store,
            [this](const std::string& graph,
                   const Digest& revision) -> StatusOr<std::shared_ptr<const GraphSpec>> {
              auto loaded = graphs_.Load(library_, graph, revision);
              if (!loaded.ok()) return loaded.status();
              return std::shared_ptr<const GraphSpec>(*loaded, &(*loaded)->spec());
            }) {
  planners_ = std::make_unique<Planners>(shared_, graphs_, library, prober, inbox_, observer);
  source_reader_ = std::make_unique<SourceReader>(prober, inbox_);
  loop_thread_ =
      std::make_unique<LoopThread>(loop_, inbox_, store, clock, static_cast<Outlets&>(*this),
                                   observer, LoopThreadOptions{.holder = options_.holder});
}

Core::~Core() {
  reads_.Stop();  // what it does may ask the loop or the planners
  loop_thread_.reset();
  planners_.reset();
  source_reader_.reset();
  const Status why = Error(Code::kUnavailable, "the daemon is stopping");
  replies_.FailAll(why);
  sessions_.CloseAll(why);
}

Status Core::Serving() const { return loop_thread_ == nullptr ? Ok() : loop_thread_->status(); }

void Core::Committed(Effects effects) {
  events_.Append(effects.changes.events);
  for (const Answer& answer : effects.answers)
    if (!replies_.Give(answer) &&
        answer.worker)  // its stream was told that we fail: it is not there
      (void)inbox_.PushUrgent(WorkerLeft{answer.worker->id, answer.reply});
  for (WorkerOrders& orders : effects.orders) {
    for (Grant& grant : orders.grants) {
      HandSecrets(grant);
      texts_.Hand(grant);
    }
    sessions_.Send(std::move(orders));
  }
  for (PlanWanted& wanted : effects.plans) planners_->WantPlan(std::move(wanted));
  planners_->WantProbes(std::move(effects.probes));
  source_reader_->Want(std::move(effects.sources));
  for (const LineageWanted& wanted : effects.lineages) FindLineage(wanted);
  Observe(effects.tally);
}

void Core::HandSecrets(Grant& grant) {
  if (grant.config != nullptr && grant.config->frame->runner == Runner::kSql)
    grant.connection = secrets_.Find(WarehouseOf(grant.job->root_uri));
  if (!grant.job->environment_secret.empty())
    grant.environment = secrets_.Find(grant.job->environment_secret);
}

void Core::Failed(const Status& why) { replies_.FailAll(why); }

// Watchers here see what the leader commits, soon after its own do.
void Core::StandBy() {
  constexpr int kPage = 1'000;
  // Workers of when this daemon led would be content with its heartbeats for ever.
  sessions_.CloseAll(Serving());
  if (!is_following_) {
    const auto last = library_.LastEvent();
    if (!last.ok()) return;
    events_.Restart(*last);
    is_following_ = true;
  }
  while (true) {
    const auto events = library_.ReadEvents(events_.last(), kPage);
    if (!events.ok()) {
      is_following_ = events.status().code() != Code::kOutOfRange;
      return;
    }
    events_.Append(*events);
    if (static_cast<int>(events->size()) < kPage) return;
  }
}

Status Core::Learn() {
  if (Status read = secrets_.Load(library_); !read.ok()) return read;
  auto id = library_.ServiceId();
  if (id.ok()) service_id_ = *std::move(id);
  return id.status();
}

// Workers connect anew and say what they hold: that is how their state and ours agree again.
void Core::Loaded(Epoch epoch, EventSeq last_event) {
  epoch_ = epoch.value;
  is_following_ = false;
  events_.Restart(last_event);
  sessions_.CloseAll(Error(Code::kUnavailable, "a new epoch has begun: connect again"));
}

void Core::Observe(const Tally& tally) {
  using Micros = Observer::Micros;
  for (const std::int64_t ms : tally.submit_to_start_ms) observer_.BuildStarted(Micros(ms * 1000));
  for (const std::int64_t ms : tally.ready_to_start_ms) observer_.NodeStarted(Micros(ms * 1000));
  for (const Tally::RunEnd& end : tally.runs_ended)
    observer_.RunEnded(end.outcome, Micros(end.ms * 1000));
  for (const auto& [reason, count] : tally.hits) observer_.Hits(reason, count);
  if (tally.joined > 0) observer_.Joined(tally.joined);
  if (tally.accounts != Accounts{}) observer_.Computed(tally.accounts);
  for (std::int64_t i = 0; i < tally.late_reports; ++i) observer_.LateReportRefused();
  const std::lock_guard lock(shared_.mutex);
  if (shared_.schedule == nullptr) return;
  const Totals totals = shared_.schedule->totals();
  observer_.Queue({.waiting = totals.waiting,
                   .ready = totals.ready,
                   .running = totals.running,
                   .builds_open = totals.builds,
                   .inbox = static_cast<std::int64_t>(inbox_.size())});
  WorkerLoad load;
  for (const auto& [id, worker] : shared_.schedule->workers()) {
    if (!worker.is_connected) continue;
    ++load.workers;
    load.slots += worker.row.slots;
    load.busy += std::min(worker.slots_held, worker.row.slots);
  }
  observer_.Workers(load);
}

Status Core::Read(std::function<void(Library&)> read) { return reads_.Ask(std::move(read)); }

ServiceView Core::View() {
  ServiceView view{
      .epoch = Epoch{epoch_.load()}, .is_leading = false, .last_event = events_.last()};
  view.started_at = started_at_;
  view.store = Serving();
  const ErrorDetails details = DetailsOf(view.store);
  view.is_standby = details.reason == "NOT_LEADING";
  if (view.is_standby) view.leader = details.metadata.at("address");
  const std::lock_guard lock(shared_.mutex);
  if (shared_.schedule == nullptr) return view;
  view.is_leading = true;
  const Totals totals = shared_.schedule->totals();
  view.waiting = totals.waiting;
  view.ready = totals.ready;
  view.running = totals.running;
  view.builds_open = totals.builds;
  view.partitions = static_cast<std::int64_t>(shared_.schedule->catalog().size());
  return view;
}

}  // namespace fft
