#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/digest.h"
#include "server/base/status.h"

namespace fft {

/// What lies at a path, as far as it decides a result.
struct Content {
  Digest digest;
  std::int64_t bytes = 0;  // of all files together
  bool is_folder = false;
  std::vector<std::string> files;    // every regular file, for syncing
  std::vector<std::string> folders;  // every folder, the innermost first
};

/// A file's digest is that of its bytes.  A folder's is that of its listing, one line an entry in
/// the order of paths: `f` or `x` (executable) with the file's digest, `l` with the digest of a
/// link's target, `d` with nothing; then the path below the folder.  Files above 4 MiB are synced
/// while they are warm.  NOT_FOUND: nothing is there; INVALID_ARGUMENT: a device, socket or pipe,
/// or a link in place of `path` itself; UNAVAILABLE: path and errno.
StatusOr<Content> ContentOf(const std::string& path);

}  // namespace fft
