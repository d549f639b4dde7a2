#pragma once

#include <cstddef>
#include <vector>

#include "server/base/few.h"
#include "server/domain/ids.h"

namespace fft {

/// Pending nodes that read something, in the order of acceptance, which is that of their ids.  One
/// that ends is found by bisection and its place is swept up later: a hundred thousand may read one
/// ref.
class Readers {
 public:
  /// Its id is not below any that is here.
  void Add(NodeId reader);
  void Remove(NodeId reader);
  void TakeAll(Readers& others);
  bool empty() const { return left_ == 0; }
  std::vector<NodeId> nodes() const;

 private:
  void Sweep();

  Few<NodeId> places_;  // negative: it has ended
  std::size_t left_ = 0;
};

}  // namespace fft
