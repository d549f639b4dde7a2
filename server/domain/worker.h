#pragma once

#include <string>
#include <vector>

#include "server/base/time.h"
#include "server/domain/ids.h"

namespace fft {

/// What a worker says it is.
struct Worker {
  WorkerId id;
  std::string name;  // stable across restarts of its agent; unique
  std::string host;
  int slots = 1;
  std::vector<std::string> labels;
  int protocol = 1;
  bool is_draining = false;
  TimePoint connected_at{};
  bool operator==(const Worker&) const = default;
};

}  // namespace fft
