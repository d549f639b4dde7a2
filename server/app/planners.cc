#include "server/app/planners.h"

#include <chrono>
#include <optional>
#include <utility>

#include "server/app/read_pool.h"
#include "server/base/error_details.h"
#include "server/base/log.h"

namespace fft {

namespace {
// Before a plan is tried again that failed because something was away.
constexpr std::chrono::milliseconds kRetryWait{200};
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
  const auto begin = std::chrono::steady_clock::now();
  const auto graph = graphs_.Load(library_, build.graph, build.revision);
  StatusOr<PlanMade> made =
      graph.ok() ? planning.Make({*graph, build.ns, build.targets, build.options, wanted.outputs})
                 : graph.status();
  if (made.status().code() == Code::kUnavailable) {
    LogWarning("planning build {}: {}; again", build.id.value, Message(made.status()));
    std::unique_lock lock(mutex_);
    items_.push_back({std::move(wanted), nullptr});
    const auto ends = std::chrono::steady_clock::now() + kRetryWait;
    changed_.wait_until(lock, planner_.get_stop_token(), ends, [] { return false; });
    return;
  }
  if (!made.ok()) return Fail(build.id, made.status());
  if (!made->needed.empty()) {
    (void)inbox_.PushUrgent(
        ConfigureNeeded{build.id, std::shared_ptr<const GraphSpec>(*graph, &(*graph)->spec()),
                        made->needed, made->answers});
    return;
  }
  observer_.Planned(static_cast<std::int64_t>(made->plan->nodes.size() + made->plan->hits.size()),
                    std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::steady_clock::now() - begin));
  if (build.plan_etag && build.plan_etag != made->plan->etag)
    return Fail(build.id,
                WithDetails(Error(Code::kFailedPrecondition, "the plan has changed: it is {} now",
                                  ToHex(made->plan->etag)),
                            {.reason = "PLAN_CHANGED", .metadata = {}, .fields = {}}));
  if (made->awaited) {
    (void)inbox_.PushUrgent(QueryAwaited{build.id, "waiting: " + Message(StatusOf(*made->awaited)),
                                         std::chrono::seconds(made->awaited->input.wait_max_s),
                                         std::move(wanted.outputs)});
    return;
  }
  (void)inbox_.PushUrgent(BuildPlanned{build.id, made->plan, made->answers});
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
    std::vector<std::string> uris;
    for (const ProbeWanted& probe : probes)
      uris.insert(uris.end(), probe.uris.begin(), probe.uris.end());
    const std::vector<char> exist = prober_.Exist(uris);
    std::size_t next = 0;
    for (const ProbeWanted& probe : probes) {
      bool all = true;
      for (std::size_t i = 0; i < probe.uris.size(); ++i) all &= exist[next++] != 0;
      (void)inbox_.PushUrgent(NodeProbed{probe.node, all});
    }
  }
}

}  // namespace fft
