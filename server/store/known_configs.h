#pragma once

#include <cstddef>
#include <deque>
#include <unordered_set>

#include "server/base/digest.h"

namespace fft::pg {

/// The configs that were lately committed, by digest: what is built again need not be sent again.
class KnownConfigs {
 public:
  bool Contains(const fft::Digest& digest) const { return digests_.contains(digest); }
  void Add(const fft::Digest& digest) {
    if (!digest || !digests_.insert(digest).second) return;
    order_.push_back(digest);
    if (order_.size() <= kMax) return;
    digests_.erase(order_.front());
    order_.pop_front();
  }
  /// Rows were removed, by this process or, before it led, by another.
  void Clear() {
    digests_.clear();
    order_.clear();
  }

 private:
  static constexpr std::size_t kMax = 32'768;
  std::unordered_set<fft::Digest> digests_;
  std::deque<fft::Digest> order_;
};

}  // namespace fft::pg
