#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/domain/pool.h"

namespace fft {

/// What holds nodes back beside workers: pools that are full, graphs that are paused.  Places in
/// pools are those of live leases, so none can leak.  A plain container, part of the schedule.
class Gates {
 public:
  struct PoolUse {
    Pool pool;
    int used = 0;
  };

  void SetPool(const Pool& pool) { pools_[pool.name].pool = pool; }
  void SetPause(const GraphPause& pause) {
    if (pause.is_paused)
      paused_.insert(pause.graph);
    else
      paused_.erase(pause.graph);
  }

  bool IsPaused(const std::string& graph) const { return paused_.contains(graph); }
  /// The first pool among `names` that is full; null: all have a place.
  const PoolUse* FirstFull(const std::vector<std::string>& names) const {
    for (const std::string& name : names)
      if (const auto at = pools_.find(name);
          at != pools_.end() && at->second.used >= at->second.pool.size)
        return &at->second;
    return nullptr;
  }
  void Take(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      PoolUse& use = pools_[name];
      use.pool.name = name;
      ++use.used;
    }
  }
  void Give(const std::vector<std::string>& names) {
    for (const std::string& name : names) --pools_.at(name).used;
  }

  const std::map<std::string, PoolUse>& pools() const { return pools_; }
  int UsedOf(const std::string& name) const {
    const auto at = pools_.find(name);
    return at == pools_.end() ? 0 : at->second.used;
  }

 private:
  std::map<std::string, PoolUse> pools_;  // that were given a size, or used
  std::set<std::string> paused_;
};

}  // namespace fft
