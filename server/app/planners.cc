#include "server/app/planners.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "server/app/read_pool.h"
#include "server/base/error_details.h"
#include "server/base/log.h"
#include "server/domain/sql_task.h"

namespace fft {

namespace {
// Before a plan is tried again that failed because something was away.
constexpr std::chrono::milliseconds kRetryWait{200};
// So many in the queue are looked at for who wants the same plan.
constexpr std::size_t kAlikeMax = 256;
}  // namespace

Planners::Planners(const SharedSchedule& shared, Graphs& graphs, Library& library, Prober& prober,
                   Inbox& inbox, Observer& observer)
    : shared_(shared),
      graphs_(graphs),
      library_(library),
      prober_(prober),
      inbox_(inbox),
      observer_(observer) {
  planner_ = std::jthread([this](const std::stop_token& stop) { RunPlanner(stop); });
  prober_thread_ = std::jthread([this](const std::stop_token& stop) { RunProber(stop); });
}

Planners::~Planners() {
  planner_.request_stop();
  prober_thread_.request_stop();
  changed_.notify_all();
}

void Planners::WantPlan(PlanWanted wanted) {
  {
    const std::lock_guard lock(mutex_);
    items_.push_back({std::move(wanted), nullptr});
  }
  changed_.notify_all();
}

void Planners::WantAsk(Ask ask) {
  {
    const std::lock_guard lock(mutex_);
    items_.push_back({{}, std::move(ask)});
  }
  changed_.notify_all();
}

void Planners::WantProbes(std::vector<ProbeWanted> wanted) {
  if (wanted.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (ProbeWanted& probe : wanted) probes_.push_back(std::move(probe));
  }
  changed_.notify_all();
}

void Planners::RunPlanner(const std::stop_token& stop) {
  NameThread("plan-1");
  Planning planning(shared_, library_, prober_);
  while (true) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !items_.empty(); })) return;
      item = std::move(items_.front());
      items_.pop_front();
    }
    if (item.ask)
      item.ask(planning);
    else
      PlanBuild(planning, std::move(item.wanted));
  }
}

void Planners::PlanBuild(Planning& planning, PlanWanted wanted) {
  Build build;
  {
    const std::lock_guard lock(shared_.mutex);
    const PendingBuild* found =
        shared_.schedule == nullptr ? nullptr : shared_.schedule->FindBuild(wanted.build);
    if (found == nullptr) return;  // cancelled, or asked again after the reload
    build = found->row;
  }
  const std::vector<Wanting> wanting = TakeAlike(build, wanted.outputs);
  const auto begin = std::chrono::steady_clock::now();
  const auto graph = graphs_.Load(library_, build.graph, build.revision);
  StatusOr<PlanMade> made =
      graph.ok() ? planning.Make({*graph, build.ns, build.targets, build.options, wanted.outputs})
                 : graph.status();
  if (made.status().code() == Code::kUnavailable) {
    LogWarning("planning build {}: {}; again", build.id.value, Message(made.status()));
    std::unique_lock lock(mutex_);
    for (const Wanting& each : wanting) items_.push_back({{each.build, wanted.outputs}, nullptr});
    const auto ends = std::chrono::steady_clock::now() + kRetryWait;
    changed_.wait_until(lock, planner_.get_stop_token(), ends, [] { return false; });
    return;
  }
  if (!made.ok()) {
    for (const Wanting& each : wanting) Fail(each.build, made.status());
    return;
  }
  if (!made->needed.empty()) {
    for (const Wanting& each : wanting)
      (void)inbox_.PushUrgent(
          ConfigureNeeded{each.build, std::shared_ptr<const GraphSpec>(*graph, &(*graph)->spec()),
                          made->needed, made->answers});
    return;
  }
  observer_.Planned(static_cast<std::int64_t>(made->plan->nodes.size() + made->plan->hits.size()),
                    std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::steady_clock::now() - begin));
  BuildPlanned planned{.builds = {}, .plan = made->plan, .answers = made->answers};
  for (const Wanting& each : wanting) {
    if (each.etag && each.etag != made->plan->etag)
      Fail(each.build,
           WithDetails(Error(Code::kFailedPrecondition, "the plan has changed: it is {} now",
                             ToHex(made->plan->etag)),
                       {.reason = "PLAN_CHANGED",
                        .metadata = {{"etag", ToHex(made->plan->etag)}},
                        .fields = {}}));
    else if (made->awaited)
      (void)inbox_.PushUrgent(QueryAwaited{each.build, Message(StatusOf(*made->awaited)),
                                           std::chrono::seconds(made->awaited->input.wait_max_s),
                                           wanted.outputs});
    else
      planned.builds.push_back(each.build);
  }
  if (!planned.builds.empty()) (void)inbox_.PushUrgent(std::move(planned));
}

// All of them were received before this plan looks at what is there.
std::vector<Planners::Wanting> Planners::TakeAlike(const Build& first,
                                                   const std::vector<ConfigureOutput>& outputs) {
  std::vector<Wanting> alike = {{first.id, first.plan_etag}};
  std::vector<BuildId> waiting;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min(items_.size(), kAlikeMax);
    for (std::size_t i = 0; i < count; ++i)
      if (!items_[i].ask && items_[i].wanted.outputs == outputs)
        waiting.push_back(items_[i].wanted.build);
  }
  if (waiting.empty()) return alike;
  {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.schedule == nullptr) return alike;
    for (const BuildId id : waiting) {
      const PendingBuild* build = shared_.schedule->FindBuild(id);
      if (build != nullptr && GoesAlike(build->row, first) && build->row.targets == first.targets &&
          id != first.id)
        alike.push_back({id, build->row.plan_etag});
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(items_, [&](const Item& item) {
    return !item.ask && std::any_of(alike.begin() + 1, alike.end(), [&](const Wanting& each) {
      return each.build == item.wanted.build;
    });
  });
  return alike;
}

void Planners::Fail(BuildId build, Status why) {
  (void)inbox_.PushUrgent(BuildPlanFailed{build, std::move(why)});
}

void Planners::RunProber(const std::stop_token& stop) {
  NameThread("probe");
  while (true) {
    std::vector<ProbeWanted> probes;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !probes_.empty(); })) return;
      probes.swap(probes_);
    }
    // A warehouse that does not answer keeps nobody else waiting twice: each is asked once.
    std::map<std::string, std::vector<const ProbeWanted*>> by_warehouse;
    for (const ProbeWanted& probe : probes)
      by_warehouse[probe.uris.empty() ? "" : WarehouseOf(probe.uris.front())].push_back(&probe);
    for (const auto& [warehouse, together] : by_warehouse) Probe(together);
  }
}

// Where nobody answers the run is to say so: to build again is always right.
void Planners::Probe(const std::vector<const ProbeWanted*>& probes) {
  std::vector<std::string> uris;
  for (const ProbeWanted* probe : probes)
    uris.insert(uris.end(), probe->uris.begin(), probe->uris.end());
  const auto exist = prober_.Exist(uris);
  if (!exist.ok()) LogWarning("{}; its data counts as missing", Message(exist.status()));
  std::size_t next = 0;
  for (const ProbeWanted* probe : probes) {
    bool all = exist.ok();
    for (std::size_t i = 0; i < probe->uris.size(); ++i, ++next) all = all && (*exist)[next] != 0;
    (void)inbox_.PushUrgent(NodeProbed{probe->node, all});
  }
}

}  // namespace fft
