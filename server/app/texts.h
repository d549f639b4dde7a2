#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "server/base/digest.h"
#include "server/domain/orders.h"

namespace fft {

/// Short blobs that were written or read lately, so that a grant takes along the texts of an SQL
/// run and no worker has to ask for them.  Safe from any thread.
class Texts {
 public:
  explicit Texts(std::size_t bytes_max = 64 << 20) : bytes_max_(bytes_max) {}

  void Keep(const Digest& digest, const std::string& text);
  /// Null: it is not known.
  TextPtr Find(const Digest& digest);
  /// Adds to `grant` what its SQL task names, as far as it is known.
  void Hand(Grant& grant);

 private:
  struct Kept {
    Digest digest;
    TextPtr text;
  };

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::list<Kept> kept_;  // the last used first
  std::unordered_map<Digest, std::list<Kept>::iterator> by_digest_;
};

}  // namespace fft
