#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/app/loop_thread.h"
#include "server/app/observer.h"
#include "server/app/planning.h"

namespace fft {

/// Thread `plan-1` makes plans, for builds and for those who only ask; thread `probe` looks whether
/// the data of nodes that look like hits is there.  Their results are commands for the loop.
/// What still waits when this is destroyed is dropped: after a restart it is asked again.
class Planners {
 public:
  using Ask = std::function<void(Planning&)>;

  Planners(const SharedSchedule& shared, Graphs& graphs, Library& library, Prober& prober,
           Inbox& inbox, Observer& observer);
  ~Planners();

  void WantPlan(PlanWanted wanted);
  void WantProbes(std::vector<ProbeWanted> wanted);
  /// Runs `ask` on the plan thread.
  void WantAsk(Ask ask);

 private:
  struct Item {
    PlanWanted wanted;  // when `ask` is empty
    Ask ask;
  };

  void RunPlanner(const std::stop_token& stop);
  void RunProber(const std::stop_token& stop);
  void Probe(const std::vector<const ProbeWanted*>& probes);
  /// A build that a plan is made for, and the plan that it pins.
  struct Wanting {
    BuildId build;
    Digest etag;
  };
  /// Takes those out of the queue that want the plan that `first` wants.
  std::vector<Wanting> TakeAlike(const Build& first, const std::vector<ConfigureOutput>& outputs);
  void PlanBuild(Planning& planning, PlanWanted wanted);
  void Fail(BuildId build, Status why);

  const SharedSchedule& shared_;
  Graphs& graphs_;
  Library& library_;
  Prober& prober_;
  Inbox& inbox_;
  Observer& observer_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> items_;
  std::vector<ProbeWanted> probes_;

  std::jthread planner_;
  std::jthread prober_thread_;
};

}  // namespace fft
