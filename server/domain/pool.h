#pragma once

#include <string>

namespace fft {

/// What only so many runs may use at once, on whatever worker: a warehouse, a licence.  One that
/// nobody has given a size holds one: a mutex.
struct Pool {
  std::string name;
  int size = 1;
  bool operator==(const Pool&) const = default;
};

/// A graph of which nothing is granted, or no longer.
struct GraphPause {
  std::string graph;
  bool is_paused = true;
  bool operator==(const GraphPause&) const = default;
};

}  // namespace fft
