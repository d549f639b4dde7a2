#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/status.h"

namespace fft {

/// Where blobs come from: the daemon, or a test.
class BlobSource {
 public:
  virtual ~BlobSource() = default;
  /// Gives the blob's bytes to `take`, in pieces, until it fails.  NOT_FOUND: there is none.
  virtual Status Read(const Digest& digest,
                      const std::function<Status(std::string_view)>& take) = 0;
};

/// A file of a run, as its grant names it.
struct WantedFile {
  std::string path;  // relative
  Digest digest;
  bool executable = false;
};

/// What a run finds in its folder.
struct WantedTree {
  std::vector<WantedFile> files;
  Digest context = {};  // of a blob that lists further files, `HEX [*]PATH` a line; zeros: none
};

/// Frozen files on this worker's disk: DIR/blobs/HEX by content, and DIR/trees/HEX, a read-only
/// folder for each set of files that runs ask for.  Both appear by rename, whole and verified, so
/// that a crash leaves nothing that counts.  Safe from any thread; building one tree blocks who
/// needs it.
class BlobCache {
 public:
  BlobCache(std::string dir, BlobSource& source) : dir_(std::move(dir)), source_(source) {}

  /// Empties what an unfinished download or tree left.
  Status Sweep();

  /// The folder when it is there already, without touching the disk; else empty.
  std::string FindTree(const WantedTree& tree) const;

  /// Downloads what is missing.  INVALID_ARGUMENT: a path that leads out of its folder;
  /// DATA_LOSS: a blob came with other bytes; NOT_FOUND: the daemon has no such blob;
  /// UNAVAILABLE: no daemon, or no room.
  StatusOr<std::string> MakeTree(const WantedTree& tree);

  /// A blob's bytes, from the daemon without a copy on disk unless there is one.
  StatusOr<std::string> ReadText(const Digest& digest);
  /// A blob as a file of this cache.
  StatusOr<std::string> FindFile(const Digest& digest);

  /// The tree turned out to be damaged: it is made again when it is needed next.
  void DropTree(const std::string& folder);

 private:
  std::string FolderFor(const WantedTree& tree) const;
  /// The tree's files and those of its context.
  StatusOr<std::vector<WantedFile>> AllFiles(const WantedTree& tree);
  StatusOr<std::string> Fetch(const Digest& digest);
  Status Download(const Digest& digest, const std::string& path);
  Status Fill(const std::string& folder, const std::vector<WantedFile>& files);

  const std::string dir_;
  BlobSource& source_;
  std::mutex making_;            // one tree at a time
  mutable std::mutex mutex_;     // guards trees_
  std::set<std::string> trees_;  // folders known to be whole
};

}  // namespace fft
