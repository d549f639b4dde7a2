#pragma once

#include <string>
#include <vector>

#include "server/base/status.h"
#include "server/base/time.h"
#include "server/domain/build.h"
#include "server/domain/node.h"
#include "server/domain/partition.h"
#include "server/domain/plan.h"
#include "server/domain/pool.h"
#include "server/domain/worker.h"

namespace fft {

// What use cases answer.

struct KeptNode {
  NodeLabelPtr label;
  std::vector<BuildId> builds;
};
struct CancelResult {
  Build build;
  std::vector<KeptNode> kept;
};

struct PlanResult {
  PlanPtr plan;
  std::string ns;
};

struct WorkerView {
  Worker worker;
  bool is_connected = false;
  std::vector<RunId> runs;
};

struct PoolView {
  Pool pool;
  int used = 0;  // by runs that were granted
};

struct TaintResult {
  std::vector<Partition> partitions;  // as they are now
  std::int64_t suspects = 0;          // how many more are tainted for what they were made from
};

struct ServiceView {
  Epoch epoch;
  bool is_leading = false;
  EventSeq last_event;
  std::int64_t waiting = 0, ready = 0, running = 0, builds_open = 0, partitions = 0;
  TimePoint started_at{};
  Status store;             // why nothing can be committed just now; OK: all is well
  bool is_standby = false;  // another daemon leads
  std::string leader;       // its address
};

}  // namespace fft
