#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <sys/stat.h>

#include "server/app/ports.h"

namespace fft {

/// Looks at files and folders on this machine.
///
/// A file is read once and remembered by path, size, times and inode; what changed so recently
/// that a further change might not show in its times is read again.  Safe from any thread; the
/// mutex is not held while anything is read.
class FileProber final : public Prober {
 public:
  /// Remembers at most `files_max` files, then starts anew.
  explicit FileProber(const Clock& clock, std::size_t files_max = 200'000)
      : clock_(clock), files_max_(files_max) {}

  /// A URI that names no file counts as missing: to build again is always right.
  StatusOr<std::vector<char>> Exist(const std::vector<std::string>& uris) override;
  /// As ContentOf().  INVALID_ARGUMENT names a URI that is not `file:///...`.
  StatusOr<Digest> Content(const std::string& uri, std::int64_t* bytes) override;
  /// Of a folder: of all that is in and below it, folders too.
  TimePoint ChangedAt(const std::string& uri) override;

  /// How often a file was read in full.
  std::int64_t reads() const;

 private:
  struct Known {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    Digest digest;
    /// Whether it is the same file in the same state.
    bool IsSame(const struct stat& found) const;
  };
  StatusOr<Digest> ContentOfKnown(const std::string& path, std::int64_t* bytes);

  const Clock& clock_;
  const std::size_t files_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Known> known_;  // by path
  std::int64_t reads_ = 0;
};

}  // namespace fft
