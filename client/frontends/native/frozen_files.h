#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/domain/job.h"

namespace fft {

/// A file on this machine whose bytes have a digest; what a deploy may have to send.
struct LocalFile {
  std::filesystem::path path;
  Digest digest;
  std::int64_t bytes = 0;
};

/// Reads the files that a graph declares, each once.  Used by the thread that made it.
/// Every file lies in the graph's folder, links followed, and has at most 64 MiB.
class FrozenFiles {
 public:
  static constexpr std::int64_t kBytesMax = std::int64_t{64} << 20;

  explicit FrozenFiles(const std::filesystem::path& folder);

  /// The file at `path`, relative to the folder; of a folder, all files in it, sorted by path.
  /// The error says what is wrong with which path.
  StatusOr<std::vector<FrozenFile>> Freeze(const std::string& path);

  /// All that was frozen, each digest once, sorted by digest.
  std::vector<LocalFile> Files() const;

 private:
  StatusOr<FrozenFile> FreezeFile(const std::filesystem::path& relative);
  Status CheckInside(const std::filesystem::path& relative) const;

  std::filesystem::path folder_;
  std::map<std::string, FrozenFile> frozen_;
  std::map<Digest, LocalFile> files_;
};

}  // namespace fft
