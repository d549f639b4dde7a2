#pragma once

#include "server/base/time.h"

namespace fft {

struct ScheduleOptions {
  /// A worker that heard no leader for so long kills its runs.
  Duration orphan_after{60'000};
  /// ... which takes it at most so long more.
  Duration kill_time{15'000};
  /// The first wait after a retriable outcome; doubles with each attempt, up to `backoff_max`.
  Duration backoff_base{1'000};
  Duration backoff_max{300'000};
  /// How much learned work a worker may hold beyond what fills its slots.
  double backlog_ms = 50;
  /// How much work of a build with `--jobs` a worker may hold beyond that limit, by what its runs
  /// took so far; and so many runs of it at most.
  double ahead_ms = 40;
  int ahead_max = 16;
  /// Never more than this many leases a worker.
  int leases_max = 1'024;
  /// How often a build looks again for data from outside the graph that it waits for.
  Duration await_every{2'000};
  /// A build is told of a node that no worker can run when it has been so for this long.
  Duration unrunnable_after{60'000};
  int faults_max = 3;  // infrastructure faults in a row, then quarantine
};

}  // namespace fft
