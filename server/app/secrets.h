#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "server/app/library.h"
#include "server/base/seal.h"
#include "server/base/status.h"

namespace fft {

/// The secrets of this service, open in memory and sealed in the database.  Whoever asks for one by
/// name hands it to a run or a probe, and to nobody else.  Safe from any thread.
class Secrets {
 public:
  /// Without a key nothing can be kept, and nothing of before can be read.
  explicit Secrets(std::optional<Seal> seal) : seal_(std::move(seal)) {}

  /// All that are kept, in place of what is known.  One that does not open is logged and left out.
  Status Load(Library& library);
  /// Its version.  Blocks.
  ///   FAILED_PRECONDITION  NO_SECRETS_KEY
  StatusOr<std::int64_t> Set(Library& library, const std::string& name, const std::string& value,
                             const std::string& principal, TimePoint now);
  /// Empty: there is no such one.
  std::string Find(const std::string& name) const;

 private:
  struct Open {
    std::string value;
    std::int64_t version = 0;
  };
  const std::optional<Seal> seal_;
  mutable std::mutex mutex_;
  std::map<std::string, Open> open_;
};

}  // namespace fft
