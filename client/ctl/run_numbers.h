#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/lib/client.h"
#include "server/base/status.h"

namespace fft {

/// What runs say of themselves.  Asked for by the hundred while others still run, so that nobody
/// waits for it when the build is over.  Used by one thread.
class RunNumbers {
 public:
  explicit RunNumbers(Client& client) : client_(client) {}

  /// `run` has ended; now and then this asks.
  void Want(std::int64_t run);
  /// Asks for what is left.
  Status Finish();
  /// The run's metadata, JSON; empty: nothing was said.
  std::string MetadataOf(std::int64_t run) const;

 private:
  Status Ask(std::span<const std::int64_t> runs);

  Client& client_;
  std::vector<std::int64_t> wanted_;
  bool is_put_off_ = false;  // to the end, as asking failed
  std::unordered_map<std::int64_t, std::string> metadata_;
};

}  // namespace fft
